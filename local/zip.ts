import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { Failure } from './failure.ts';

/** A file inside an archive. */
interface Entry {
  name: string;
  method: number;
  compressedSize: number;
  offset: number;
  /** Unix permissions; 0 when the archive does not say. */
  mode: number;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;

function readAt(file: number, offset: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  const got = readSync(file, buffer, 0, length, offset);
  return buffer.subarray(0, got);
}

/** Reads the list at the archive's end (APPNOTE.TXT 4.3.12 and 4.3.16; archives over 4 GiB are not needed here). */
function entriesOf(file: number, archive: string): Entry[] {
  const size = fstatSync(file).size;
  const tailLength = Math.min(size, 65_557);
  const tail = readAt(file, size - tailLength, tailLength);
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== endSignature) end -= 1;
  if (end < 0) throw new Failure(`${archive} is not a whole ZIP archive.`);
  const list = readAt(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const entries: Entry[] = [];
  for (let at = 0; at + 46 <= list.length && list.readUInt32LE(at) === entrySignature;) {
    const nameLength = list.readUInt16LE(at + 28);
    entries.push({
      name: list.toString('utf8', at + 46, at + 46 + nameLength),
      method: list.readUInt16LE(at + 10),
      compressedSize: list.readUInt32LE(at + 20),
      offset: list.readUInt32LE(at + 42),
      mode: (list.readUInt32LE(at + 38) >>> 16) & 0o777,
    });
    at += 46 + nameLength + list.readUInt16LE(at + 30) + list.readUInt16LE(at + 32);
  }
  return entries;
}

function contentOf(file: number, entry: Entry): Buffer {
  const head = readAt(file, entry.offset, 30);
  const begin = entry.offset + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
  const content = readAt(file, begin, entry.compressedSize);
  if (entry.method === 0) return content;
  if (entry.method !== 8) throw new Failure(`${entry.name} is compressed in a way that is not supported.`);
  return inflateRawSync(content);
}

/**
 * Unpacks a ZIP, JAR or wheel with the permissions it records; a program of our own, since `unzip` is not everywhere.
 *
 * @throws Failure when the archive is broken or an entry would leave the folder
 */
export function unpack(archive: string, folder: string, isWanted: (name: string) => boolean = () => true): void {
  const file = openSync(archive, 'r');
  try {
    for (const entry of entriesOf(file, archive)) {
      const place = path.join(folder, entry.name);
      if (!place.startsWith(folder + path.sep)) throw new Failure(`${archive} holds a file outside of itself.`);
      if (!isWanted(entry.name)) continue;
      if (entry.name.endsWith('/')) {
        mkdirSync(place, { recursive: true });
        continue;
      }
      mkdirSync(path.dirname(place), { recursive: true });
      writeFileSync(place, contentOf(file, entry));
      if (entry.mode !== 0) chmodSync(place, entry.mode);
    }
  } finally {
    closeSync(file);
  }
}
