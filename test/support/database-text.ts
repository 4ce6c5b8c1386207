import type pg from 'pg';

const columns = `select format('  %s %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
    case when a.attnotnull then ' not null' else '' end,
    case when a.attgenerated <> '' then format(' generated always as (%s) stored', pg_get_expr(d.adbin, d.adrelid))
      when a.attidentity <> '' then ' generated always as identity'
      when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end) as line
  from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`;
// Not null is said with the columns.
const constraints = `select format('  constraint %s %s', conname, pg_get_constraintdef(oid)) as line
  from pg_constraint where conrelid = $1::regclass and contype <> 'n' order by conname`;
const indexes = `select pg_get_indexdef(i.indexrelid) || ';' as line from pg_index i
  where i.indrelid = $1::regclass and not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.contype in ('p', 'u'))
  order by 1`;
const triggers = `select pg_get_triggerdef(oid) || ';' as line from pg_trigger
  where tgrelid = $1::regclass and not tgisinternal order by 1`;
const functions = `select pg_get_functiondef(p.oid) || ';' as line from pg_proc p
  where p.pronamespace = 'public'::regnamespace order by p.proname`;

/** The tables of a database, by name. */
export async function tablesOf(pool: pg.Pool): Promise<string[]> {
  const names = `select tablename as name from pg_tables where schemaname = 'public' order by 1`;
  return (await pool.query<{ name: string }>(names)).rows.map(({ name }) => name);
}

async function lines(pool: pg.Pool, text: string, values: unknown[] = []): Promise<string[]> {
  return (await pool.query<{ line: string }>(text, values)).rows.map(({ line }) => line);
}

/** A database as it is after all migrations, as text to be read in a review. */
export async function databaseText(pool: pg.Pool): Promise<string> {
  const parts: string[] = [];
  for (const table of await tablesOf(pool)) {
    const body = [...(await lines(pool, columns, [table])), ...(await lines(pool, constraints, [table]))];
    const besides = [...(await lines(pool, indexes, [table])), ...(await lines(pool, triggers, [table]))];
    parts.push([`create table ${table} (`, body.join(',\n'), ');', ...besides].join('\n'));
  }
  parts.push(...(await lines(pool, functions)).map((line) => line.trim()));
  return parts.join('\n\n');
}
