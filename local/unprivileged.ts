import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sha256 } from './cache.ts';
import { Failure } from './failure.ts';

/** PostgreSQL refuses to run as root, so that as root it runs as `nobody`. */
export interface User {
  uid: number;
  gid: number;
}

/** Where root keeps what `nobody` must reach when the usual place lies under a closed folder, such as root's home. */
const openPlace = '/var/lib/customer-local';

const scratchName = 'customer-making-';

/**
 * The user to run PostgreSQL as; undefined when that is ourselves.
 *
 * @throws Failure as root on a system without `nobody`
 */
export function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (!uid || !gid) throw new Failure('PostgreSQL does not run as root, and there is no user "nobody" to run it as.');
  return { uid: Number(uid), gid: Number(gid) };
}

/** Whether somebody who is not the owner can walk into every folder above this place. */
export function isOpenTo(place: string): boolean {
  for (let folder = path.resolve(place); ; folder = path.dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

/** The place itself when the user can reach it, else one for it where everybody can. */
export function openPlaceFor(place: string, user: User | undefined): string {
  if (!user || isOpenTo(path.dirname(place))) return place;
  mkdirSync(openPlace, { recursive: true, mode: 0o755 });
  return path.join(openPlace, `${path.basename(place)}-${sha256(path.resolve(place)).slice(0, 16)}`);
}

/** What a killed build left behind an hour ago or earlier. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(scratchName))) {
    const folder = path.join(parent, name);
    const isOld = Date.now() - statSync(folder).mtimeMs > 3_600_000;
    if (isOld) rmSync(folder, { recursive: true, force: true });
  }
}

/** A new folder of the user's, for building in. */
export function scratchFolder(user: User | undefined): string {
  const parent = !user || isOpenTo(tmpdir()) ? tmpdir() : openPlace;
  mkdirSync(parent, { recursive: true });
  sweep(parent);
  const folder = mkdtempSync(path.join(parent, scratchName));
  if (user) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o711);
  return folder;
}
