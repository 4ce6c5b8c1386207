import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** Hashes of one text by the parity of their key's version; null where no key of that parity is in use. */
export interface ParityHashes {
  readonly even: Buffer | null;
  readonly odd: Buffer | null;
}

/** Finds sealed values by keyed hashes, under one key or, while keys rotate, under two. */
export interface KeyedHash {
  /** What a hash of each key in use begins with. */
  readonly versions: ParityHashes;
  hashes(text: string): ParityHashes;
  current(text: string): Buffer;
  lookups(text: string): Buffer[];
}

interface IndexKey {
  readonly version: number;
  readonly key: KeyObject;
}

function keysOf(keyring: ReadonlyMap<string, Buffer>): IndexKey[] {
  return [...keyring].map(([id, bytes]) => {
    if (!/^[1-9]\d{0,4}$/.test(id) || Number(id) > 65_535)
      throw new Error('The version of an index key is 1 to 65535.');
    return { version: Number(id), key: createSecretKey(bytes) };
  });
}

/**
 * Makes the index: HMAC-SHA-256. A hash is its key's version in two bytes, then the digest; it stands in the column of
 * the version's parity (design, decision 12).
 *
 * @param purpose  keeps hashes of different things apart
 * @param keyring  32-byte keys by version, one or two of different parity; the last is current
 */
export function createKeyedHash(purpose: string, keyring: ReadonlyMap<string, Buffer>): KeyedHash {
  const keys = keysOf(keyring);
  const [older, newer] = [keys[0], keys.at(-1)];
  if (!older || !newer || keys.length > 2) throw new Error('There are one or two index keys at a time.');
  if (keys.length === 2 && older.version % 2 === newer.version % 2) {
    throw new Error('Two index keys have versions of different parity: they stand in different columns.');
  }
  const headOf = ({ version }: IndexKey): Buffer => {
    const head = Buffer.alloc(2);
    head.writeUInt16BE(version);
    return head;
  };
  const hash = (index: IndexKey, text: string): Buffer =>
    Buffer.concat([headOf(index), createHmac('sha256', index.key).update(`${purpose}\0`).update(text).digest()]);
  const byParity = (make: (index: IndexKey) => Buffer): ParityHashes => {
    const [even, odd] = [0, 1].map((parity) => keys.find(({ version }) => version % 2 === parity));
    return { even: even ? make(even) : null, odd: odd ? make(odd) : null };
  };
  return {
    versions: byParity(headOf),
    hashes: (text) => byParity((index) => hash(index, text)),
    current: (text) => hash(newer, text),
    lookups: (text) => keys.map((key) => hash(key, text)),
  };
}
