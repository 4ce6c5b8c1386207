import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EdgeWorld, linkedCustomer, openEdge } from '../../support/edge-world.ts';

let edge: EdgeWorld;
const subject = randomUUID();
beforeAll(async () => {
  edge = await openEdge();
  await linkedCustomer(edge, subject);
});
afterAll(() => edge.stop());

const cookie = async (): Promise<Record<string, string>> => ({ cookie: `__Host-access=${await edge.token(subject)}` });
const me = { query: '{ me { id } }' };
const rename = 'mutation { updateProfile(input: { expectedVersion: 1, givenName: "X" }) { __typename } }';

/** Sends bytes as they are and gives the answer's first line. */
function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(edge.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let answer = '';
    socket.on('data', (data) => (answer += String(data)));
    // The end of a refused request may come as a reset, before or after the answer.
    socket.on('error', () => resolve(answer.split('\r\n')[0] || 'reset'));
    socket.on('close', () => resolve(answer.split('\r\n')[0] ?? ''));
    socket.once('data', () => socket.end());
    setTimeout(() => socket.end(), 3000).unref();
  });
}

describe('the doors (ASVS 3.5, 4.1–4.3)', () => {
  test.each([
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'application/graphql',
  ])('a post of %s is refused before anything runs', async (type) => {
    const answer = await edge.ask(JSON.stringify({ query: rename }), { ...(await cookie()), 'content-type': type });

    expect(answer.status).toBe(415);
  });

  test.each([
    ['without the header', { origin: 'http://localhost:4000' }],
    ['of a foreign page', { origin: 'http://evil.example', 'x-csrf': '1' }],
    ['of a page without an origin', { origin: 'null', 'x-csrf': '1' }],
    ['without an origin', { 'x-csrf': '1' }],
  ])('a request with the cookie %s is refused', async (_name, headers) => {
    const answer = await edge.ask(me, { ...(await cookie()), ...headers });

    expect(answer.status).toBe(403);
  });

  test('one of our own pages is answered', async () => {
    const answer = await edge.ask(me, { ...(await cookie()), origin: 'http://shop.example', 'x-csrf': '1' });

    expect(await answer.json()).toMatchObject({ data: { me: { id: expect.any(String) } } });
  });

  test('a mutation by GET is refused', async () => {
    const headers = { authorization: `Bearer ${await edge.token(subject)}`, 'x-csrf': '1' };
    const answer = await fetch(`${edge.url}/graphql?query=${encodeURIComponent(rename)}`, { headers });

    expect(answer.status).toBe(405);
  });

  test('a foreign origin is never repeated', async () => {
    for (const origin of ['http://evil.example', 'null']) {
      const answer = await edge.ask(me, { origin });

      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  test.each([
    ['10,000 levels of selections', `{ ${'a { '.repeat(10_000)}`],
    ['10,000 levels of lists', `{ customers(first: ${'['.repeat(10_000)}) { edges { cursor } } }`],
    ['a thousand aliases', `{ ${Array.from({ length: 1000 }, (_, n) => `a${n}: __typename`).join(' ')} }`],
    ['sixteen aliases', `{ ${Array.from({ length: 16 }, (_, n) => `a${n}: me { id }`).join(' ')} }`],
    ['100 directives', `{ me { id ${'@skip(if: false) '.repeat(100)} } }`],
    ['a fragment of itself', 'query { me { ...A } } fragment A on Customer { ...A }'],
    [
      'a page that costs too much',
      '{ customers(first: 100) { edges { node { id } } } a: customers(first: 9999) { edges { node { id status } } } }',
    ],
    ['an unfinished string', '{ me(a: "'],
  ])('%s are refused without an error of ours', async (_name, query) => {
    const answer = await edge.ask({ query });

    expect(answer.status).toBeLessThan(500);
    expect(await answer.json()).toMatchObject({ errors: [{ message: expect.any(String) }] });
  });

  test.each(['/graphql', '/auth/register'])(
    'a body of 20 MB at %s is answered 413, which its sender reads',
    async (path) => {
      const body = JSON.stringify({ query: 'x'.repeat(20_000_000) });
      const headers = { 'content-type': 'application/json', origin: 'http://shop.example', 'x-csrf': '1' };

      for (let n = 0; n < 5; n += 1) {
        const answer = await fetch(`${edge.url}${path}`, { method: 'POST', headers, body });

        expect([answer.status, await answer.json()]).toMatchObject([413, { code: 'VALIDATION' }]);
      }
    },
  );

  const post = 'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';

  test('a body that is said to be too large is refused before any of it is there', async () => {
    expect(await raw(`${post}Content-Length: 131073\r\n\r\n`)).toContain(' 413 ');
  });

  test('one of no said length is refused when it has become too large', async () => {
    const piece = `${(65_536).toString(16)}\r\n${' '.repeat(65_536)}\r\n`;

    expect(await raw(`${post}Transfer-Encoding: chunked\r\n\r\n${piece.repeat(2)}1\r\n \r\n`)).toContain(' 413 ');
  });

  /** Sends all of it before it reads a word, as simple clients do. */
  function sentFirst(text: string): Promise<string> {
    const { hostname, port } = new URL(edge.url);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname).pause();
      socket.once('data', (data) => {
        resolve(String(data));
        socket.destroy();
      });
      socket.on('error', reject);
      socket.write(text, () => socket.resume());
    });
  }

  test('who sends 20 MB before she reads a word reads 413 then', async () => {
    const body = 'x'.repeat(20_000_000);

    const answer = await sentFirst(`${post}Content-Length: ${body.length}\r\n\r\n${body}`);

    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  test('who never ends is answered, and cut off soon', async () => {
    const { hostname, port } = new URL(edge.url);
    const piece = `10000\r\n${' '.repeat(65_536)}\r\n`;
    const began = performance.now();

    const answer = await new Promise<string>((resolve) => {
      let all = '';
      const socket = connect(Number(port), hostname, () =>
        socket.write(`${post}Transfer-Encoding: chunked\r\n\r\n${piece.repeat(3)}`),
      );
      socket.on('data', (data) => (all += String(data))).on('error', () => undefined);
      socket.on('close', () => resolve(all));
    });

    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(performance.now() - began).toBeLessThan(6000);
  });

  test('several requests in one are refused', async () => {
    const answer = await edge.ask([me, me], { authorization: `Bearer ${await edge.token(subject)}` });

    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toContain('"me"');
  });

  test('a query by GET with the cookie needs the header as well', async () => {
    const url = `${edge.url}/graphql?query=${encodeURIComponent(me.query)}`;

    expect((await fetch(url, { headers: { ...(await cookie()), origin: 'http://shop.example' } })).status).toBe(403);
  });

  test('the schema and entities are for the router only', async () => {
    const query = '{ _service { sdl } }';
    const [stranger, router] = await Promise.all(
      [{}, { 'x-router-secret': edge.routerSecret }].map(async (headers) =>
        (await edge.ask({ query }, headers)).json(),
      ),
    );

    expect(stranger).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    expect(router).toMatchObject({ data: { _service: { sdl: expect.stringContaining('type Customer') } } });
  });

  test('twenty-one directives do not reach the parser', async () => {
    const answer = await edge.ask({ query: `{ me { id ${'@skip(if: false) '.repeat(21)} } }` });

    expect(await answer.text()).toContain('too many directives');
  });

  test.each(['content-type', 'cookie', 'origin', 'x-router-secret', 'authorization', 'host'])(
    '%s may not stand twice',
    async (name) => {
      const others = name === 'host' ? '' : 'Host: a\r\n';

      const answer = await raw(`GET / HTTP/1.1\r\n${others}${name}: a\r\n${name}: b\r\nConnection: close\r\n\r\n`);

      expect(answer).toContain(' 400 ');
    },
  );

  test('a preflight of a foreign page is told nothing', async () => {
    const headers = { origin: 'http://evil.example', 'access-control-request-method': 'POST' };

    const answer = await fetch(`${edge.url}/graphql`, { method: 'OPTIONS', headers });

    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(answer.headers.get('vary')).toContain('origin');
  });

  test.each([
    ['two hosts', 'POST /graphql HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n', 400],
    [
      'two bearers',
      'POST /graphql HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\nContent-Length: 0\r\n\r\n',
      400,
    ],
    ['TRACE', 'TRACE /graphql HTTP/1.1\r\nHost: a\r\n\r\n', 501],
    ['64 KB of headers', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`, /431|reset/],
  ])('%s: refused', async (_name, text, status) => {
    expect(await raw(text)).toMatch(typeof status === 'number' ? new RegExp(` ${status} `) : status);
  });

  test.each([
    ['/graphql', 'GET', {}],
    ['/', 'GET', {}],
    ['/nowhere', 'GET', {}],
    ['/graphql', 'DELETE', {}],
    ['/graphql', 'GET', { authorization: 'Bearer x' }],
    ['/auth/logout', 'POST', {}],
  ])('%s by %s (%j) answers with the headers of every answer', async (path, method, given) => {
    const { headers } = await fetch(`${edge.url}${path}`, { method, headers: given });

    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': expect.stringContaining('no-store'),
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-site',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test('the suite of GraphQL over HTTP finds no error', async () => {
    const audits = serverAudits({ url: `${edge.url}/graphql`, fetchFn: fetch });

    const results = await Promise.all(audits.map((audit) => audit.fn()));

    expect(results.filter(({ status }) => status === 'error')).toEqual([]);
    expect(results.length).toBeGreaterThan(50);
  });
});
