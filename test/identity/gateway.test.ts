import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { following, type GatewayWorld, type Heard, listenAt, openGateway } from '../support/gateway-world.ts';
import { openAdmin } from '../support/keycloak-admin.ts';
import { type RunningService, startService } from '../support/running-service.ts';

const endpoints = inject('endpoints');
const environment = inject('environment');
const origin = environment['PUBLIC_URL'] ?? '';
const password = 'quiet river stone lamp';
let service: RunningService;
let chromium: Browser;
let gateway: GatewayWorld;
let ann: { email: string; id: string };
let bob: { email: string; id: string };
/** Headers of what reached our service itself. */
let heard: Heard[];

async function person(givenName: string): Promise<{ email: string; id: string }> {
  const email = `${randomUUID()}@example.org`;
  const admin = await openAdmin(endpoints);
  const credentials = [{ type: 'password', value: password, temporary: false }];
  const names = { firstName: givenName, lastName: 'Muster' };
  await admin('POST', '/users', { username: email, email, emailVerified: true, enabled: true, credentials, ...names });
  const { keycloak, clients } = endpoints;
  const form = { grant_type: 'password', client_id: clients.cli.id, username: email, password, scope: 'openid' };
  const tokens = `${keycloak.url}/realms/${keycloak.realm}/protocol/openid-connect/token`;
  const answer = await fetch(tokens, { method: 'POST', body: new URLSearchParams(form) });
  const authorization = `Bearer ${((await answer.json()) as { access_token: string }).access_token}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const asked = { method: 'POST', headers, body: '{"query":"{ me { id } }"}' };
  const { data } = (await (await fetch(`${service.url}/graphql`, asked)).json()) as { data: { me: { id: string } } };
  return { email, id: data.me.id };
}

beforeAll(async () => {
  service = await startService({ ...environment, PORT: '0', TRUSTED_PROXIES: '127.0.0.1' });
  [ann, bob] = [await person('Ann'), await person('Bob')];
  const routerSecret = environment['ROUTER_SECRETS'] ?? '';
  const settings = { customersUrl: service.url, routerSecret, origins: [origin] };
  gateway = await openGateway(settings, ann.id, Number(environment['PORT']));
  heard = listenAt(service.url);
  chromium = await openChromium();
});
afterAll(async () => {
  await chromium?.close();
  await gateway?.stop();
  await service?.[Symbol.asyncDispose]();
});

/** A browser of her own, signed in on the gateway's origin. */
async function signedIn({ email }: { email: string }): Promise<Page> {
  const page = await (await chromium.newContext()).newPage();
  await page.goto(`${origin}/auth/login?returnTo=/profile`);
  await page.fill('#username', email);
  await page.fill('#password', password);
  await page.click('#kc-login');
  await page.waitForURL(`${origin}/profile`);
  await page.locator('html[data-ready]').waitFor();
  return page;
}

/** Asks as a page does: the browser adds cookie and origin. */
const ask = (page: Page, query: string): Promise<{ status: number; body: any }> =>
  page.evaluate(async (text) => {
    const headers = { 'content-type': 'application/json', 'x-csrf': '1' };
    const answer = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query: text }) });
    return { status: answer.status, body: await answer.json() };
  }, query);

interface Told {
  sse: string;
  ws: string;
  over: string[];
}

/** Follows over both transports at once; what comes is kept in the page. */
const follow = (page: Page, query = following): Promise<void> =>
  page.evaluate(async (text) => {
    const told: Told = { sse: '', ws: '', over: [] };
    Object.assign(globalThis, { told });
    const headers = { 'content-type': 'application/json', 'x-csrf': '1', accept: 'text/event-stream' };
    const answer = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query: text }) });
    const read = async (): Promise<void> => {
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) told.sse += part.value;
    };
    void read()
      .catch(() => undefined)
      .then(() => told.over.push('sse'));
    const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    socket.onopen = () => socket.send('{"type":"connection_init"}');
    socket.onclose = () => told.over.push('ws');
    socket.onmessage = ({ data }) => {
      told.ws += data;
      const { type } = JSON.parse(data);
      if (type === 'connection_ack') {
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: text } }));
      }
      if (type === 'complete') told.over.push('ws');
    };
  }, query);

const told = (page: Page): Promise<Told> => page.evaluate(() => (globalThis as unknown as { told: Told }).told);

async function hears(page: Page, text: string): Promise<void> {
  await expect
    .poll(async () => [(await told(page)).sse.includes(text), (await told(page)).ws.includes(text)], { timeout: 8000 })
    .toEqual([true, true]);
}

describe('a browser asks the supergraph through the gateway of docs/gateway (§4.3)', () => {
  test('signed in by cookie, she reads across three subgraphs; the others see neither cookie nor token', async () => {
    const page = await signedIn(ann);
    heard.length = 0;

    const query = '{ me { id givenName canOrder } order(id: "1") { customer { canOrder } } reviews { author { id } } }';
    const answer = await ask(page, query);

    const order = { customer: { canOrder: true } };
    const me = { id: ann.id, givenName: 'Ann', canOrder: true };
    expect(answer).toEqual({ status: 200, body: { data: { me, order, reviews: [{ author: { id: ann.id } }] } } });
    const others = gateway.others.flatMap((one) => one.heard);
    expect(others.length).toBeGreaterThan(1);
    expect(others.filter((one) => one.cookie ?? one.authorization ?? one['x-router-secret'])).toEqual([]);
    const graph = heard.filter((one) => one['x-router-secret']);
    expect(graph.length).toBeGreaterThan(0);
    expect(graph.filter((one) => one.cookie ?? !one.authorization?.startsWith('Bearer '))).toEqual([]);
    await page.context().close();
  });

  test('two customers at once: each sees and hears of herself alone, over sockets too', async () => {
    const [forAnn, forBob] = [await signedIn(ann), await signedIn(bob)];
    await Promise.all([follow(forAnn), follow(forBob)]);
    await Promise.all([hears(forAnn, ann.id), hears(forBob, bob.id)]);
    const { version } = (await ask(forAnn, '{ me { version } }')).body.data.me;

    const change = `mutation { updateProfile(input: { expectedVersion: ${version}, givenName: "Anna" }) {
      ... on CustomerPayload { customer { givenName canOrder } } } }`;
    const changed = await ask(forAnn, change);
    const asked = await Promise.all(
      Array.from({ length: 20 }, (_, n) => ask(n % 2 ? forAnn : forBob, '{ me { id } }')),
    );

    expect(changed.body).toEqual({ data: { updateProfile: { customer: { givenName: 'Anna', canOrder: true } } } });
    await hears(forAnn, '"givenName":"Anna"');
    await forAnn.locator('[data-shows=givenName]', { hasText: /^Anna$/ }).waitFor();
    expect(asked.map(({ body }) => body.data.me.id)).toEqual(Array.from(asked, (_, n) => (n % 2 ? ann.id : bob.id)));
    expect(JSON.stringify(await told(forBob))).not.toMatch(new RegExp(`${ann.id}|Ann`));
    await Promise.all([forAnn.context().close(), forBob.context().close()]);
  });

  test('signed out, her subscriptions are over within five seconds, and so is the token', async () => {
    const page = await signedIn(bob);
    await follow(page);
    await hears(page, bob.id);
    const cookies = await page.context().cookies();
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');

    await page.evaluate(() => fetch('/auth/logout', { method: 'POST', headers: { 'x-csrf': '1' } }));

    await expect.poll(async () => (await told(page)).over.toSorted(), { timeout: 5000 }).toEqual(['sse', 'ws']);
    const headers = { cookie, origin, 'x-csrf': '1', 'content-type': 'application/json' };
    const again = await fetch(`${origin}/graphql`, { method: 'POST', headers, body: '{"query":"{ me { id } }"}' });
    expect([again.status, await again.text()]).toEqual([401, expect.stringContaining('UNAUTHENTICATED')]);
    await page.context().close();
  });

  test('a token that is over is a 401; refreshed on the same origin, the page goes on', async () => {
    const page = await signedIn(ann);
    const over = `e30.${Buffer.from('{"exp":1}').toString('base64url')}.x`;
    const url = origin.replace('http:', 'https:');
    await page.context().addCookies([{ name: '__Host-access', value: over, url, secure: true, httpOnly: true }]);

    const before = await ask(page, '{ reviews { id } }');
    const refreshed = await page.evaluate(
      async () => (await fetch('/auth/refresh', { method: 'POST', headers: { 'x-csrf': '1' } })).status,
    );

    expect([before.status, before.body.code, refreshed]).toEqual([401, 'UNAUTHENTICATED', 200]);
    expect((await ask(page, '{ me { id } }')).body).toEqual({ data: { me: { id: ann.id } } });
    await page.context().close();
  });
});

describe('a page of a neighbour, to which the browser adds the same cookies', () => {
  let neighbour: Server;
  let page: Page;
  beforeAll(async () => {
    neighbour = createServer((_, res) => void res.setHeader('content-type', 'text/html').end('<title>x</title>'));
    await new Promise<void>((resolve) => neighbour.listen(0, '127.0.0.1', resolve));
    page = await signedIn(ann);
    await page.goto(`http://localhost:${(neighbour.address() as AddressInfo).port}/`);
  });
  afterAll(async () => {
    await page?.context().close();
    neighbour.closeAllConnections();
    await new Promise((resolve) => neighbour.close(resolve));
  });

  test.each([
    ['as our page would', { 'content-type': 'application/json', 'x-csrf': '1' }, '{"query":"{ reviews { id } }"}'],
    ['without the header', { 'content-type': 'application/json' }, '{"query":"{ reviews { id } }"}'],
    ['as a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'query={ reviews { id } }'],
  ])('asking %s, gets no answer and reaches nobody', async (_name, headers, sent) => {
    const before = gateway.others.flatMap((one) => one.heard).length;

    const answer = await page.evaluate(
      ([url, given, body]) =>
        fetch(`${url}/graphql`, {
          method: 'POST',
          credentials: 'include',
          headers: given,
          body,
        }).then(
          ({ status }) => status,
          () => 'refused',
        ),
      [origin, headers, sent] as const,
    );

    expect(answer).toBe('refused');
    expect(gateway.others.flatMap((one) => one.heard)).toHaveLength(before);
  });

  test('gets no socket', async () => {
    const opened = await page.evaluate(
      (url) =>
        new Promise((resolve) => {
          const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
          socket.onopen = () => resolve('open');
          socket.onerror = () => resolve('refused');
        }),
      origin,
    );

    expect(opened).toBe('refused');
  });

  test('what the gateway wrote meanwhile names nobody', () => {
    expect(gateway.log.join('\n')).not.toMatch(/Ann|Muster|@example|eyJ|cookie|__Host/i);
  });
});
