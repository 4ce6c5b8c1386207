import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashOf, linkFolder, openCache } from '../../local/cache.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'customer-cache-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const silent = (): void => undefined;

/** Another process that makes the same thing slowly, and prints where it is and whether it made it itself. */
async function makeElsewhere(): Promise<{ place: string; made: boolean }> {
  const program = `
    import { openCache } from ${JSON.stringify(path.resolve('local/cache.ts'))};
    import { writeFileSync } from 'node:fs';
    import { setTimeout as pause } from 'node:timers/promises';
    let made = false;
    const place = await openCache(${JSON.stringify(folder)}, () => undefined).provide('thing', { version: 1 }, async (half) => {
      made = true;
      writeFileSync(half + '/first', 'one');
      await pause(500);
      writeFileSync(half + '/second', 'two');
    });
    console.log(JSON.stringify({ place, made }));`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program]);
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (!out) throw new Error(error);
  return JSON.parse(out) as { place: string; made: boolean };
}

describe('the cache', () => {
  test('made by two processes at once, a thing is whole and made once', async () => {
    const results = await Promise.all([makeElsewhere(), makeElsewhere(), makeElsewhere()]);

    expect(results.filter(({ made }) => made)).toHaveLength(1);
    expect(new Set(results.map(({ place }) => place)).size).toBe(1);
    expect(readdirSync(results[0]?.place ?? '').sort()).toEqual(['first', 'second']);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test('a thing whose making failed is not there, and can be made again', async () => {
    const cache = openCache(folder, silent);
    const failing = cache.provide('thing', 1, async (half) => {
      writeFileSync(`${half}/first`, 'one');
      throw new Error('no space');
    });
    await expect(failing).rejects.toThrow('no space');
    expect(readdirSync(folder)).toEqual([]);

    const place = await cache.provide('thing', 1, async (half) => writeFileSync(`${half}/first`, 'two'));

    expect(readFileSync(path.join(place, 'first'), 'utf8')).toBe('two');
  });

  test('other inputs are another thing; the same are the same', async () => {
    const cache = openCache(folder, silent);
    let made = 0;
    const make = async (): Promise<void> => void (made += 1);

    const one = await cache.provide('thing', { version: 1 }, make);
    const same = await cache.provide('thing', { version: 1 }, make);
    const other = await cache.provide('thing', { version: 2 }, make);

    expect(one).toMatch(/thing-[0-9a-f]{64}$/);
    expect(same).toBe(one);
    expect(other).not.toBe(one);
    expect(made).toBe(2);
    expect(cache.find('thing', { version: 1 })).toBe(one);
    expect(cache.find('thing', { version: 3 })).toBeUndefined();
  });

  test('the hash of a folder follows names and contents', () => {
    writeFileSync(path.join(folder, 'a'), 'one');
    const before = hashOf(folder);
    writeFileSync(path.join(folder, 'a'), 'two');

    expect(hashOf(folder)).not.toBe(before);
    expect(hashOf(path.join(folder, 'missing'))).toBe('none');
  });

  test('a linked copy keeps what the original had when a file is replaced', async () => {
    const cache = openCache(folder, silent);
    const place = await cache.provide('thing', 1, async (half) => writeFileSync(`${half}/first`, 'one'));
    const copy = path.join(folder, 'copy');
    await linkFolder(place, copy);

    rmSync(path.join(copy, 'first'));
    writeFileSync(path.join(copy, 'first'), 'two');

    expect(readFileSync(path.join(place, 'first'), 'utf8')).toBe('one');
  });
});
