import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ctx } from '../../../src/context.ts';
import { nobody } from '../../../src/domain/access.ts';
import { createRoutes } from '../../../src/server/routes.ts';
import { statusOf } from '../../../src/server/status.ts';
import { type EdgeWorld, openEdge } from '../../support/edge-world.ts';

let edge: EdgeWorld;
beforeAll(async () => {
  edge = await openEdge();
});
afterAll(() => edge.stop());

const own = { origin: 'http://shop.example', 'x-csrf': '1' };
const unsafe = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** All routes, and one more at this address that says nothing of who may call it. */
async function statusAt(path: string, method: string, headers: Record<string, string> = {}): Promise<number> {
  const { config, clock } = edge.running.parts;
  const app = createRoutes(config, clock, (code) => statusOf[code]);
  app.on([...unsafe, 'GET'], path, (c) => c.body(null, 204));
  const request = { id: randomUUID(), ip: '127.0.0.1', language: 'en' };
  const ctx = { ...edge.running.parts, actor: nobody, request } as unknown as Ctx;
  const answer = await app.fetch(new Request(`http://localhost:4000${path}`, { method, headers }), { ctx });
  return answer.status;
}

describe('whatever changes something is for our own pages (ASVS 3.5.1)', () => {
  test.each(unsafe)('a new route that takes a %s and says nothing more is guarded', async (method) => {
    expect(await statusAt('/v1/anything', method)).toBe(403);
    expect(await statusAt('/v1/anything', method, { origin: own.origin })).toBe(403);
    expect(await statusAt('/v1/anything', method, { 'x-csrf': '1' })).toBe(403);
    expect(await statusAt('/v1/anything', method, { ...own, origin: 'null' })).toBe(403);
    expect(await statusAt('/v1/anything', method, { ...own, origin: 'http://shop.example.evil.example' })).toBe(403);
    expect(await statusAt('/v1/anything', method, own)).toBe(204);
  });

  test('one that only shows something is not', async () => {
    expect(await statusAt('/v1/anything', 'GET')).toBe(204);
  });

  test('a program with a bearer is no page, unless cookies come along', async () => {
    const authorization = 'Bearer x';

    expect(await statusAt('/v1/anything', 'POST', { authorization })).toBe(204);
    expect(await statusAt('/v1/anything', 'POST', { authorization, cookie: '__Host-refresh=x' })).toBe(403);
  });

  test.each([
    // Our own door, which knows no such token.
    ['/l/token', 404],
    ['/u/token', 204],
    ['/l', 403],
    ['/l/', 403],
    ['/l/token/more', 403],
    ['/x/l/token', 403],
    ['/u/token/../../auth/logout', 403],
  ])('%s, where a token is the proof: %i', async (path, status) => {
    expect(await statusAt(path, 'POST')).toBe(status);
  });

  test.each(['/auth/refresh', '/auth/logout', '/auth/register', '/auth/register/names'])(
    '%s of a foreign page is refused at the listener',
    async (path) => {
      for (const headers of [
        {},
        { origin: own.origin },
        { 'x-csrf': '1' },
        { ...own, origin: 'http://evil.example' },
      ]) {
        const answer = await fetch(`${edge.url}${path}`, { method: 'POST', headers });

        expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'FORBIDDEN' }]);
      }
    },
  );

  test('the provider may end a session without the header, since its token is the proof', async () => {
    const answer = await fetch(`${edge.url}/auth/backchannel-logout`, { method: 'POST', body: 'logout_token=x' });

    expect(answer.status).toBe(400);
  });
});
