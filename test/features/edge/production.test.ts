import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EdgeWorld, linkedCustomer, openEdge } from '../../support/edge-world.ts';
import { SocketClient } from '../../support/socket-client.ts';

let edge: EdgeWorld;
const subject = randomUUID();
beforeAll(async () => {
  edge = await openEdge({ NODE_ENV: 'production' });
  await linkedCustomer(edge, subject);
});
afterAll(() => edge.stop());

const bearer = async (): Promise<Record<string, string>> => ({ authorization: `Bearer ${await edge.token(subject)}` });

describe('in production', () => {
  test('neither the schema nor a page is shown, and nothing is suggested', async () => {
    const introspection = await edge.ask({ query: '{ __schema { types { name } } }' });
    const typo = await (await edge.ask({ query: '{ mee { id } }' })).text();
    const page = await fetch(`${edge.url}/graphql`, { headers: { accept: 'text/html' } });
    const asked = await fetch(`${edge.url}/graphql`, { headers: { accept: 'text/html', 'x-csrf': '1' } });

    expect(await introspection.text()).toContain('introspection has been disabled');
    expect(typo).not.toContain('Did you mean');
    expect(page.status).toBe(405);
    expect(await asked.text()).not.toContain('<html');
  });

  test.each(['PUT', 'DELETE', 'PATCH'])('%s is no method of the graph, whoever asks', async (method) => {
    const answer = await fetch(`${edge.url}/graphql`, { method, headers: { authorization: 'Bearer bad' } });

    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST']);
  });

  test('a query by GET is for our own pages only', async () => {
    const url = `${edge.url}/graphql?query=${encodeURIComponent('{ me { status } }')}`;

    const answer = await fetch(url, { headers: { ...(await bearer()), 'x-csrf': '1' } });

    expect(await answer.json()).toMatchObject({ data: { me: { status: 'ACTIVE' } } });
    expect(answer.headers.get('strict-transport-security')).toContain('max-age');
  });

  test('other methods, preflights and bodies without a length', async () => {
    const origin = 'http://shop.example';
    const preflight = await fetch(`${edge.url}/graphql`, { method: 'OPTIONS', headers: { origin } });
    const put = await fetch(`${edge.url}/graphql`, { method: 'PUT', headers: await bearer() });
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(32)),
    });
    const headers = { 'content-type': 'application/json' };
    const endless = await fetch(`${edge.url}/graphql`, { method: 'POST', headers, body, duplex: 'half' } as RequestInit)
      .then(({ status }) => status)
      .catch(() => 413);

    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, origin]);
    expect([put.status, endless]).toEqual([405, 413]);
  });

  test('a bad cookie at a page is nobody, a bad bearer is refused', async () => {
    const cookie = await fetch(`${edge.url}/`, { headers: { cookie: '__Host-access=bad' } });
    const bad = await fetch(`${edge.url}/`, { headers: { authorization: 'Bearer bad' } });

    expect([cookie.status, bad.status]).toEqual([200, 401]);
  });

  test('values that cannot be coerced are told without themselves', async () => {
    const query = 'mutation ($i: UpdateProfileInput!) { updateProfile(input: $i) { __typename } }';

    const answer = await (
      await edge.ask({ query, variables: { i: { givenName: 'marker-name' } } }, await bearer())
    ).text();

    expect(answer).toContain('an invalid value');
    expect(answer).not.toContain('marker-name');
  });
});

describe('a live answer over HTTP', () => {
  test('begins with a snapshot and ends with its token', async () => {
    const token = await edge.token(subject, { claims: { exp: Math.floor(Date.now() / 1000) + 3 } });
    const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };

    const answer = await edge.ask({ query: 'subscription { customerChanged { snapshot } }' }, headers);
    const text = await answer.text().catch(() => 'cut');

    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(text === 'cut' || text.includes('"snapshot":true')).toBe(true);
  });
});

describe('sockets, further', () => {
  const init = { type: 'connection_init' };
  const said = async (headers: Record<string, string>, payload: object): Promise<SocketClient> => {
    const client = new SocketClient(edge.url, headers);
    await client.opened;
    client.send({ ...init, payload });
    return client;
  };

  test('a cookie with an allowed origin is a credential; beside a bearer it is not', async () => {
    const token = await edge.token(subject);
    const [cookie, origin] = [`__Host-access=${token}`, 'http://shop.example'];
    const authorization = `Bearer ${token}`;

    const own = await said({ cookie, origin }, {});
    await own.heard(({ type }) => type === 'connection_ack');
    own.end();
    expect(await (await said({ cookie }, {})).closed).toBe(4403);
    expect(await (await said({ cookie, origin }, { authorization })).closed).toBe(4403);
    expect(await (await said({}, { authorization: 7 })).closed).toBe(4403);
    expect(await (await said({ cookie, origin }, { authorization: 'Basic x' })).closed).toBe(4403);
  });

  test('another path is none of ours', async () => {
    expect(await new SocketClient(edge.url, {}, '/elsewhere').closed).toBe(404);
  });
});
