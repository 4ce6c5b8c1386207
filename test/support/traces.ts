import { globSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Redis } from 'ioredis';
import pg from 'pg';

/** Somewhere that words may have been left, read whole. */
export interface Place {
  readonly name: string;
  readonly bytes: Buffer;
}

/** What is looked for, and what to call it when it is found: the report itself must not repeat it. */
export type Words = ReadonlyMap<string, string>;

const base64Of = (word: string): string[] =>
  [0, 1, 2].map((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(word)]);
    // The characters at both ends depend on the neighbours.
    return bytes
      .toString('base64')
      .replace(/=+$/, '')
      .slice(shift ? 4 : 0, -2);
  });

/** A word as it is, as hexadecimal, base64, in an address, and as JSON or UTF-16 write it. */
function spellings(word: string): string[] {
  const bytes = Buffer.from(word);
  return [
    bytes.toString('latin1'),
    bytes.toString('hex'),
    encodeURIComponent(word),
    JSON.stringify(word).slice(1, -1),
    Buffer.from(word, 'utf16le').toString('latin1'),
    ...base64Of(word),
  ];
}

const asText = (bytes: Buffer): string => bytes.toString('latin1').toLowerCase();

/** Which words stand in which places, in whatever spelling. */
export function found(places: readonly Place[], words: Words): string[] {
  const wanted = [...words].map(([word, name]) => ({
    name,
    spelled: spellings(word).map((each) => each.toLowerCase()),
  }));
  return places.flatMap((place) => {
    const text = asText(place.bytes);
    return wanted
      .filter(({ spelled }) => spelled.some((each) => text.includes(each)))
      .map(({ name }) => `${name} in ${place.name}`);
  });
}

const signedToken = /eyj[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/;

/** Which short words stand alone in which places. For places that hold text, where no row of random bytes makes them. */
export function foundAlone(places: readonly Place[], words: Words): string[] {
  return places.flatMap((place) => {
    const text = place.bytes.toString();
    return [...words]
      .filter(([word]) =>
        new RegExp(`(?<![\\p{L}\\d])${word.replaceAll(/[^\p{L}\d]/gu, '.')}(?![\\p{L}\\d])`, 'u').test(text),
      )
      .map(([, name]) => `${name} in ${place.name}`);
  });
}

const shapes = {
  'a signed token': signedToken,
  'an e-mail address': /[a-z0-9._%+-]{2,}@[a-z0-9-]+(\.[a-z0-9-]+)+/,
};

/** Which places hold a signed token, whoever's it is. */
export const foundTokens = (places: readonly Place[]): string[] =>
  places.filter(({ bytes }) => signedToken.test(asText(bytes))).map(({ name }) => `a signed token in ${name}`);

/** Which places hold what looks like a token or an address, whoever's it is. For places that hold text. */
export function foundByShape(places: readonly Place[], allowed: string): string[] {
  return places.flatMap(({ name, bytes }) => {
    const text = asText(bytes).replaceAll(allowed, '');
    return Object.entries(shapes)
      .filter(([, shape]) => shape.test(text))
      .map(([shape]) => `${shape} in ${name}`);
  });
}

interface Relation {
  readonly table: string;
  readonly files: string[];
}

const relations = `select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as table,
    array(select pg_relation_filepath(p.oid) from pg_class p where p.oid in (c.oid, c.reltoastrelid)
      union all select pg_relation_filepath(i.indexrelid) from pg_index i where i.indrelid in (c.oid, c.reltoastrelid)) as files
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') and c.relname ~ $1`;

/** Every column of the tables whose names match: their rows as COPY writes them, and their files with what was deleted. */
export interface TableTraces {
  readonly rows: readonly Place[];
  readonly files: readonly Place[];
}

/**
 * Reads tables to the last byte.
 *
 * @param url    of the database, as its superuser on this machine
 * @param names  a regular expression
 */
export async function tracesOf(url: string, names = ''): Promise<TableTraces> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('checkpoint');
    const { rows: tables } = await client.query<Relation>(relations, [names]);
    const { rows: settings } = await client.query<{ data_directory: string }>('show data_directory');
    const folder = settings[0]?.data_directory ?? '';
    const database = new URL(url).pathname.slice(1);
    const rows: Place[] = [];
    for (const { table } of tables) {
      const file = path.join(folder, 'rows-of-a-table');
      await client.query(`copy (select * from ${table}) to '${file}'`);
      rows.push({ name: `${database} ${table}`, bytes: readFileSync(file) });
      rmSync(file);
    }
    const files = tables.flatMap(({ table, files: paths }) =>
      paths
        .flatMap((each) => globSync(`${folder}/${each}{,.*}`))
        .map((file) => ({ name: `${database} ${table}: ${path.basename(file)}`, bytes: readFileSync(file) })),
    );
    return { rows, files };
  } finally {
    await client.end();
  }
}

/** Every key of a Redis with all it holds. */
export async function redisTraces(redis: Redis): Promise<Place[]> {
  const places: Place[] = [];
  for await (const keys of redis.scanStream({ count: 1000 }) as AsyncIterable<string[]>) {
    for (const key of keys) places.push({ name: `Redis: ${key.slice(0, 20)}`, bytes: await valueOf(redis, key) });
  }
  return places;
}

const readers: Record<string, (redis: Redis, key: string) => Promise<unknown>> = {
  stream: (redis, key) => redis.xrange(key, '-', '+'),
  string: (redis, key) => redis.get(key),
  hash: (redis, key) => redis.hgetall(key),
  zset: (redis, key) => redis.zrange(key, '0', '-1'),
  set: (redis, key) => redis.smembers(key),
  list: (redis, key) => redis.lrange(key, 0, -1),
};

async function valueOf(redis: Redis, key: string): Promise<Buffer> {
  const read = readers[await redis.type(key)];
  if (!read) throw new Error('There is a kind of value that is not read.');
  return Buffer.from(`${key} ${JSON.stringify(await read(redis, key))}`);
}

/** Every log in a folder. */
export const logTraces = (folder: string): Place[] =>
  globSync(`${folder}/**/*.log`).map((file) => ({ name: path.basename(file), bytes: readFileSync(file) }));
