import { randomUUID } from 'node:crypto';
import { Code, ConnectError } from '@connectrpc/connect';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Revocation } from '../../../src/grpc/generated/auth_pb.ts';
import { endSessions } from '../../../src/platform/end-sessions.ts';
import { openPool } from '../../../src/platform/database.ts';
import { LoginWorld } from '../../support/login-world.ts';

const world = new LoginWorld();
let pool: ReturnType<typeof openPool>;
let issuer = '';
beforeAll(async () => {
  await world.start();
  pool = openPool({ url: world.sessions.databaseUrl, pool: 4 });
  issuer = world.sessions.provider.issuer;
});
afterAll(async () => {
  await pool.end();
  await world.stop();
});

/** Somebody who listens. */
class Watcher {
  readonly heard: Revocation[] = [];
  error: ConnectError | undefined;
  over = false;
  readonly #leaving = new AbortController();

  static async open(after = '', token?: string): Promise<Watcher> {
    const watcher = new Watcher();
    const caller = token ? { headers: { authorization: `Bearer ${token}` } } : await world.caller('auth:validate');
    void watcher.#listen(world.auth.watchRevocations({ after }, { ...caller, signal: watcher.#leaving.signal }));
    return watcher;
  }

  async #listen(stream: AsyncIterable<Revocation>): Promise<void> {
    try {
      for await (const one of stream) this.heard.push(one);
    } catch (error) {
      this.error = ConnectError.from(error);
    }
    this.over = true;
  }

  get sids(): string[] {
    return this.heard.map(({ sessionId }) => sessionId).filter(Boolean);
  }

  /** The last thing heard: to go on from. */
  get cursor(): string {
    return this.heard.at(-1)?.cursor ?? '';
  }

  leave(): void {
    this.#leaving.abort();
  }
}

async function revoked(): Promise<string> {
  const sid = randomUUID();
  await endSessions(pool, issuer, { sid }, 'LOGOUT', new Date());
  return sid;
}

/** The number of the transaction that wrote it. */
async function writer(sid: string): Promise<bigint> {
  const text = 'select written_by::text as by from revocation where sid = $1';
  return BigInt((await pool.query<{ by: string }>(text, [sid])).rows[0]?.by ?? 0);
}

const second = { timeout: 1000, interval: 10 };

describe('a service that keeps its own list of revocations (design, decision 22)', () => {
  test('has fifty streams at most; when one is over, another one may come', async () => {
    const token = await world.callerToken(['auth:validate']);
    const sid = await revoked();
    const open = async (): Promise<Watcher> => {
      const watcher = await Watcher.open('', token);
      await expect.poll(() => watcher.over || watcher.sids.includes(sid), second).toBe(true);
      return watcher;
    };
    const streams: Watcher[] = [];
    for (let n = 0; n < 50; n += 1) streams.push(await open());
    expect(streams.filter(({ over }) => over)).toEqual([]);

    const oneTooMany = await open();

    expect(oneTooMany.error?.code).toBe(Code.ResourceExhausted);
    streams[0]?.leave();
    await expect.poll(async () => streams.push(await open()) && streams.at(-1)?.over, { timeout: 3000 }).toBe(false);
    for (const stream of streams) stream.leave();
  });

  test('hears what counts already, then each as it comes, once', async () => {
    const before = [await revoked(), await revoked()];
    const watcher = await Watcher.open();
    await expect.poll(() => watcher.sids, second).toEqual(expect.arrayContaining(before));

    const after = [await revoked(), await revoked(), await revoked()];

    await expect.poll(() => watcher.sids.slice(-3), second).toEqual(after);
    expect(new Set(watcher.sids).size).toBe(watcher.sids.length);
    watcher.leave();
  });

  test('hears of a subject from when on her older tokens are void', async () => {
    const [subject, at] = [randomUUID(), new Date(1_700_000_000_000)];
    const watcher = await Watcher.open();

    await endSessions(pool, issuer, { subject }, 'STATUS', at);

    await expect
      .poll(() => watcher.heard.find((one) => one.subject === subject), second)
      .toMatchObject({ sessionId: '', at: { seconds: 1_700_000_000n } });
    watcher.leave();
  });

  test('that comes back with its cursor hears what it missed, and no more than the last ones again', async () => {
    const first = await Watcher.open();
    const early = [await revoked(), await revoked()];
    await expect.poll(() => first.sids, second).toEqual(expect.arrayContaining(early));
    // Whatever else runs in this PostgreSQL holds the cursor back; then more would be told again, as it may.
    const isPast = async (): Promise<boolean> => {
      await revoked();
      return BigInt(first.cursor || 0) > (await writer(early[0] ?? ''));
    };
    await expect.poll(isPast, { timeout: 10_000 }).toBe(true);
    first.leave();
    const missed = [await revoked(), await revoked()];

    const back = await Watcher.open(first.cursor);

    await expect.poll(() => back.sids, second).toEqual(expect.arrayContaining(missed));
    expect(back.sids).not.toContain(early[0]);
    back.leave();
  });

  test('hears what a transaction wrote that began before and ended later', async () => {
    const [slow, sid] = [await pool.connect(), randomUUID()];
    await slow.query('begin');
    await slow.query(`insert into revocation (issuer, sid, expires_at) values ($1, $2, now() + interval '1 hour')`, [
      issuer,
      sid,
    ]);
    const first = await Watcher.open();
    const meanwhile = await revoked();
    await expect.poll(() => first.sids, second).toContain(meanwhile);
    first.leave();
    const back = await Watcher.open(first.cursor);

    await slow.query('commit');
    slow.release();

    await expect.poll(() => back.sids, second).toContain(sid);
    back.leave();
  });

  test('whose cursor is of a database that was restored hears everything', async () => {
    const sid = await revoked();

    const watcher = await Watcher.open('9000000000000000000');

    await expect.poll(() => watcher.sids, second).toContain(sid);
    watcher.leave();
  });

  test.each(['x', '-1', '1 or true', '9'.repeat(30)])('is told when its cursor is none: "%s"', async (cursor) => {
    const watcher = await Watcher.open(cursor);

    await expect.poll(() => watcher.error?.code).toBe(Code.InvalidArgument);
  });
});

describe('the stream ends with its caller’s token', () => {
  const token = (claims: Record<string, unknown>): Promise<string> => world.callerToken(['auth:validate'], claims);

  test('when it expires', async () => {
    const exp = Math.floor(Date.now() / 1000) + 2;
    const watcher = await Watcher.open('', await token({ exp }));
    const sid = await revoked();
    await expect.poll(() => watcher.sids, second).toContain(sid);

    await expect.poll(() => watcher.over, { timeout: 4000 }).toBe(true);

    expect(watcher.error?.code).toBe(Code.Unauthenticated);
  });

  test('when it is revoked', async () => {
    const its = await token({});
    const watcher = await Watcher.open('', its);
    const sid = await revoked();
    await expect.poll(() => watcher.sids, second).toContain(sid);

    const at = new Date(Date.now() + 2000);
    await endSessions(pool, issuer, { subject: String(decodeJwt(its).sub) }, 'STAFF', at);

    await expect.poll(() => watcher.error?.code, second).toBe(Code.Unauthenticated);
  });

  test('and is not opened for a service that may only sign in', async () => {
    const watcher = await Watcher.open('', await world.callerToken(['auth:login']));

    await expect.poll(() => watcher.error?.code).toBe(Code.PermissionDenied);
  });
});
