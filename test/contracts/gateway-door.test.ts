import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { onwardHeaders } from '../../docs/gateway/door.ts';
import { following, type GatewayWorld, openShop, origin, type Shop } from '../support/gateway-world.ts';

const page = { origin, 'x-csrf': '1' };
const everything = '{ me { id canOrder } reviews { author { displayName } } }';
let shop: Shop;
let gateway: GatewayWorld;
let ann: string;
let bob: string;

beforeAll(async () => {
  shop = await openShop();
  ({ gateway, ann, bob } = shop);
});
beforeEach(() => {
  for (const list of [shop.heard, ...gateway.others.map((one) => one.heard)]) list.length = 0;
});
afterAll(() => shop.stop());

const json = { 'content-type': 'application/json' };

function send(query: string, headers: Record<string, string>, method = 'POST'): Promise<Response> {
  const body = method === 'GET' ? {} : { body: JSON.stringify({ query }) };
  const search = method === 'GET' ? `?query=${encodeURIComponent(query)}` : '';
  return fetch(`${gateway.url}/graphql${search}`, { method, headers: { ...json, ...headers }, ...body });
}

/** As `fetch` cannot: headers that stand twice, and targets as they are. */
function sendRaw(path: string, headers: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(gateway.url);
    const sent = request(
      { hostname, port, path, headers: ['host', 'x', 'connection', 'close', ...headers] },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    sent.on('error', reject).end();
  });
}

async function firstOf(answer: Response): Promise<string> {
  const reader = answer.body?.getReader();
  let text = '';
  while (!text.includes('data: {')) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) break;
    text += Buffer.from(value as Uint8Array).toString();
  }
  await reader?.cancel();
  return text;
}

describe('the gateway of docs/gateway, on the origin of the sign-in (§4.3)', () => {
  test('a page with the cookie reads all subgraphs; the cookie stays behind, the token is for us alone', async () => {
    const answer = await send(everything, { ...page, ...(await shop.cookie('ann')) });

    const data = { me: { id: ann, canOrder: true }, reviews: [{ author: { displayName: null } }] };
    expect([answer.status, await answer.json()]).toEqual([200, { data }]);
    expect(shop.heard.length).toBeGreaterThan(0);
    expect(shop.heard.every((one) => one.authorization?.startsWith('Bearer ey') && one['x-router-secret'])).toBe(true);
    const others = gateway.others.map((one) => one.heard);
    expect(others.every(({ length }) => length)).toBe(true);
    expect(
      others.flat().filter((one) => one.authorization ?? one['x-router-secret'] ?? one['x-forwarded-for']),
    ).toEqual([]);
    expect([...shop.heard, ...others.flat()].filter((one) => one.cookie ?? one['x-csrf'])).toEqual([]);
  });

  test('no plugin of the gateway sees the cookie', () => {
    const headers = { cookie: '__Host-access=t', 'x-csrf': '1', origin, accept: 'application/json' };

    const onward = onwardHeaders({ headers, socket: { remoteAddress: '192.0.2.1' } }, 't');

    expect(onward).toEqual({ accept: 'application/json', authorization: 'Bearer t', 'x-forwarded-for': '192.0.2.1' });
  });

  test.each([
    ['our own page', 'same-origin', 200],
    ['a neighbour', 'same-site', 403],
  ])('a GET of %s, whose browser names no origin: %s', async (_name, site, status) => {
    const { cookie } = await shop.cookie('ann');
    const headers = ['cookie', cookie, 'x-csrf', '1', 'sec-fetch-site', site];

    expect(await sendRaw('/graphql?query={me{id}}', headers)).toBe(status);
  });

  test('our service learns from whom a request came, not only through whom', async () => {
    await send('{ me { id } }', { ...page, ...(await shop.cookie('ann')), 'x-forwarded-for': '192.0.2.7' });

    expect(shop.heard.map((one) => one['x-forwarded-for'])).toEqual(['192.0.2.7, 127.0.0.1']);
  });

  test.each([
    ['without the header', { origin }, 403],
    ['of a foreign page', { ...page, origin: 'http://evil.example' }, 403],
    ['of a page without an origin', { ...page, origin: 'null' }, 403],
    ['without an origin', { 'x-csrf': '1' }, 403],
    ['beside something that is no bearer', { ...page, authorization: 'Basic YTpi' }, 401],
    ['as a form', { ...page, 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['as text', { ...page, 'content-type': 'text/plain' }, 415],
  ])('a request with the cookie %s is refused, and reaches nobody', async (_name, headers, status) => {
    const answer = await send('{ reviews { id } }', { ...(await shop.cookie('ann')), ...headers });

    expect(answer.status).toBe(status);
    expect([...shop.heard, ...gateway.others.flatMap((one) => one.heard)]).toEqual([]);
  });

  test.each(['{"query": "{ me { id } }", "name": Marker', '"Marker"', '[{"query": "{ me { id } }", "Marker": 1}]'])(
    'a malformed body is refused without itself: %s',
    async (body) => {
      const headers = { ...page, ...(await shop.cookie('ann')), 'content-type': 'application/json' };

      const answer = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body });

      const text = await answer.text();
      expect([answer.status, JSON.parse(text)]).toMatchObject([
        400,
        { errors: [{ extensions: { code: 'VALIDATION' } }] },
      ]);
      expect(text).not.toMatch(/Marker|originalError/);
    },
  );

  test('her cookie beside a bearer of somebody else is refused, and reaches nobody', async () => {
    const authorization = `Bearer ${await shop.token('bob')}`;

    const answer = await send('{ reviews { id } }', { ...page, ...(await shop.cookie('ann')), authorization });

    expect(answer.status).toBe(401);
    expect(gateway.others.flatMap((one) => one.heard)).toEqual([]);
  });

  test.each([
    ['a query', 'application/json'],
    ['a subscription', 'text/event-stream'],
  ])('%s by GET is refused with the cookie alone, and answered with the header', async (_name, accept) => {
    const query = accept === 'text/event-stream' ? following : '{ me { id } }';
    const headers = { ...(await shop.cookie('ann')), origin, accept };

    expect((await send(query, headers, 'GET')).status).toBe(403);
    expect(await firstOf(await send(query, { ...headers, 'x-csrf': '1' }, 'GET'))).toContain(ann);
  });

  test.each([
    ['ended', async () => shop.cookie('ann', { exp: Math.floor(Date.now() / 1000) - 1 })],
    ['is none', async () => ({ cookie: '__Host-access=garbage' })],
    [
      'came twice',
      async () => ({ cookie: `${(await shop.cookie('ann')).cookie}; ${(await shop.cookie('bob')).cookie}` }),
    ],
  ])(
    'a cookie that %s is answered by 401, so that the page refreshes it, and reaches nobody',
    async (_name, cookie) => {
      const answer = await send('{ reviews { id } }', { ...page, ...(await cookie()) });

      expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'UNAUTHENTICATED' }]);
      expect(gateway.others.flatMap((one) => one.heard)).toEqual([]);
    },
  );

  test.each(['application/json', 'text/event-stream'])(
    'a token that our service refuses is a 401 of the whole (%s)',
    async (accept) => {
      const { cookie } = await shop.cookie('ann');
      const forged = cookie.replace('; __Host-refresh', 'x; __Host-refresh');

      const answer = await send(accept === 'text/event-stream' ? following : everything, {
        ...page,
        accept,
        cookie: forged,
      });

      expect(answer.status).toBe(401);
      expect(await answer.text()).toContain('UNAUTHENTICATED');
    },
  );

  test('an app with a bearer needs no page', async () => {
    const answer = await send('{ me { id } }', { authorization: `Bearer ${await shop.token('ann')}` });

    expect(await answer.json()).toEqual({ data: { me: { id: ann } } });
  });

  test('equal questions of two customers at once are two questions', async () => {
    const [forAnn, forBob] = [await shop.cookie('ann'), await shop.cookie('bob')];

    const ids = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const answer = await send('{ me { id } }', { ...page, ...(n % 2 ? forAnn : forBob) });
        return ((await answer.json()) as { data: { me: { id: string } } }).data.me.id;
      }),
    );

    expect(ids).toEqual(Array.from({ length: 40 }, (_, n) => (n % 2 ? ann : bob)));
  });

  test('windows that were closed leave nothing open at our service', async () => {
    const cookie = await shop.cookie('ann');

    for (let n = 0; n < 25; n += 1) {
      const text = await firstOf(await send(following, { ...page, ...cookie, accept: 'text/event-stream' }));
      expect(text).toContain(ann);
    }
    // In production our service takes no GET of whoever is no page.
    expect(new Set(shop.heard.map(({ method }) => method))).toEqual(new Set(['POST']));
  });

  test.each([
    ['of 200 KB', `{ me { id } } #${'x'.repeat(200_000)}`, 413],
    ['of 20 KB', `{ me { id } } #${'x'.repeat(20_000)}`, 200],
    ['10,000 levels deep', `{ ${'a { '.repeat(10_000)}`, 200],
    ['thousands of levels deep behind brackets in a text', `{ a(b: "${'}'.repeat(7000)}") ${'{a'.repeat(4000)} }`, 200],
    ['about the schema', '{ __schema { queryType { name } } }', 200],
  ])('a question %s is refused and goes no further', async (_name, query, status) => {
    const answer = await send(query, {});

    expect(answer.status).toBe(status);
    expect(await answer.text()).toMatch(/errors|too large/);
    expect(shop.heard).toEqual([]);
  });

  test('a foreign page may not read, our own may', async () => {
    const readers = await Promise.all(
      [origin, 'http://evil.example', 'null'].map(async (from) =>
        (await send('{ me { id } }', { origin: from })).headers.get('access-control-allow-origin'),
      ),
    );

    expect(readers).toEqual([origin, null, null]);
  });

  test.each([
    ['two cookies', '/graphql?query={me{id}}', ['cookie', 'a=b', 'cookie', 'c=d'], 400],
    ['two origins', '/graphql?query={me{id}}', ['origin', origin, 'origin', 'http://evil.example'], 400],
    ['another host as the target', 'http://evil.example/graphql', [], 400],
    ['another host as the path', '//evil.example/auth/session', [], 404],
    ['the graph under another name', '/%67raphql', [], 404],
  ])('%s: refused', async (_name, path, headers, status) => {
    expect(await sendRaw(path, headers)).toBe(status);
  });

  test('whatever is not the graph is our service’s, with its cookies', async () => {
    const answer = await fetch(`${gateway.url}/auth/session`, { headers: await shop.cookie('ann') });

    expect([answer.status, await answer.json()]).toEqual([200, { signedIn: false }]);
    expect(shop.heard.map(({ cookie }) => cookie?.includes('__Host-access='))).toEqual([true]);
  });
});

describe('with our service gone', () => {
  test('an answer tells that, and no log tells what she typed', async () => {
    await shop.stopService();
    const query = 'mutation { updateProfile(input: { expectedVersion: 1, givenName: "Marker" }) { __typename } }';

    const answer = await send(query, { ...page, ...(await shop.cookie('ann')) });
    const session = await fetch(`${gateway.url}/auth/session`);

    expect(await answer.json()).toMatchObject({ errors: [{ message: 'Unexpected error.' }] });
    expect(session.status).toBe(503);
    expect(gateway.log.join('\n')).toContain('SUBREQUEST_HTTP_ERROR');
    expect(gateway.log.join('\n')).not.toMatch(/Marker|ey[\w-]{10}/);
  });
});
