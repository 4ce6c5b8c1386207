import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { Redis } from 'ioredis';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { openConsole } from '../support/keycloak-console.ts';
import { openAdmin } from '../support/keycloak-admin.ts';
import { type RunningService, startService } from '../support/running-service.ts';
import { choosePassword, linkTo, type Person, registerOnPage } from '../support/signing-up.ts';
import {
  found,
  foundAlone,
  foundByShape,
  foundTokens,
  logTraces,
  redisTraces,
  type Place,
  tracesOf,
  type Words,
} from '../support/traces.ts';

const endpoints = inject('endpoints');
const environment = inject('environment');
const stateDir = inject('stateDir');
const databaseUrl = (name: string): string =>
  Object.assign(new URL(inject('superuserUrl')), { pathname: `/${name}` }).href;

const word = (start: string): string => `${start}${randomUUID().replaceAll('-', '').replaceAll(/\d/g, 'x')}`;
const she: Person = {
  email: `${word('canary')}@shop.example`,
  givenName: word('Given'),
  familyName: word('Family'),
};
const words = new Map<string, string>([
  [she.email, 'her address'],
  [she.givenName, 'her name'],
  [she.familyName, 'her family name'],
]);
const said = (what: string, name: string): string => {
  words.set(what, name);
  return what;
};

let service: RunningService;
let chromium: Browser;
let context: BrowserContext;
const heard: Place[] = [];
const ears = new Redis(environment['REDIS_URL'] ?? '');
const redis = ears.duplicate();

beforeAll(async () => {
  service = await startService({ ...environment, LOG_LEVEL: 'debug', REGISTRATION_TIME_MS: '0' });
  chromium = await openChromium();
  context = await chromium.newContext({ locale: 'en-GB' });
  ears.on('pmessage', (_pattern: string, channel: string, message: string) =>
    heard.push({ name: 'a live message', bytes: Buffer.from(`${channel} ${message}`) }),
  );
  await ears.psubscribe('*');
  await live();
}, 120_000);
afterAll(async () => {
  ears.disconnect();
  redis.disconnect();
  await chromium?.close();
  await service?.[Symbol.asyncDispose]();
});

const ask = (page: Page, path: string, body: unknown): Promise<number> =>
  page.evaluate(
    async ([to, json]) => {
      const headers = { 'content-type': 'application/json', 'x-csrf': '1' };
      return (await fetch(to as string, { method: 'POST', headers, body: json as string })).status;
    },
    [path, JSON.stringify(body)],
  );

/** What people do wrong: each of these ends in an error, which must not repeat what was typed. */
async function mistakes(page: Page): Promise<void> {
  const wrong = { email: said(`${word('wrong')}@shop@example`, 'a mistyped address'), locale: 'en', country: 'DE' };
  await ask(page, '/auth/register', wrong);
  await ask(page, '/auth/register', {
    ...wrong,
    email: she.email,
    surprise: said(word('surprise'), 'an unknown field'),
  });
  const update = 'mutation ($i: UpdateProfileInput!) { updateProfile(input: $i) { __typename } }';
  const bad = { expectedVersion: 1, givenName: `${said(word('control'), 'a refused name')}\u0007` };
  await ask(page, '/graphql', { query: update, variables: { i: bad } });
  await ask(page, '/graphql', { query: `{ ${said(word('field'), 'an unknown field of the graph')} }` });
  await page.goto(`${endpoints.rest}/auth/callback?code=${said(word('code'), 'a code')}&state=${randomUUID()}`);
  await page.goto(`${endpoints.rest}/${said(word('path'), 'an unknown path')}`);
  const { keycloak, clients } = endpoints;
  const username = said(`${word('stranger')}@shop.example`, 'a stranger’s address');
  const form = {
    grant_type: 'password',
    client_id: clients.cli.id,
    username,
    password: said(word('pass'), 'a password'),
  };
  const token = `${keycloak.url}/realms/${keycloak.realm}/protocol/openid-connect/token`;
  await fetch(token, { method: 'POST', body: new URLSearchParams(form) });
}

/** A life that touches every table: registered twice, proven, changed here and there, refused, signed out, deleted. */
async function live(): Promise<void> {
  const page = await context.newPage();
  await registerOnPage(page, endpoints, she);
  await choosePassword(page, endpoints, await linkTo(endpoints, she.email), she.email);
  await page.getByLabel('First name').fill(said(word('Renamed'), 'her new name'));
  await page.getByRole('button', { name: 'Save' }).press('Enter');
  await page.getByText('Saved.').waitFor();
  for (const { name, value } of await context.cookies()) if (value.length > 16) words.set(value, `the cookie ${name}`);
  const console = await openConsole(endpoints);
  const user = await console.userOf(she.email);
  const there = said(word('There'), 'the admin’s name for her');
  await console.change(user, { lastName: there });
  await page.locator('[data-shows=familyName]', { hasText: there }).waitFor({ timeout: 15_000 });
  await mistakes(page);
  await registerOnPage(await (await chromium.newContext({ locale: 'en-GB' })).newPage(), endpoints, she);
  await redis.xadd('support.events', '*', 'event', '{"broken');
  const admin = await openAdmin(endpoints);
  const refused = await admin('PUT', `/users/${user}/reset-password`, { type: 'password', value: 'short' });
  if (refused.status !== 400) throw new Error(`Keycloak answered ${refused.status} to a password that is too short.`);
  await admin('DELETE', `/users/${user}`);
  await page.goto(`${endpoints.rest}/profile`);
}

/** Whoever else lived in this stack: Keycloak's users are whom our records are about. */
async function everybody(): Promise<{ all: Words; short: Words }> {
  const users = (await (await (await openAdmin(endpoints))('GET', '/users?max=5000')).json()) as {
    email?: string;
    firstName?: string;
    lastName?: string;
  }[];
  const [all, short] = [new Map(words), new Map<string, string>()];
  for (const { email, firstName, lastName } of users) {
    if (email) all.set(email, 'somebody’s address');
    // Short ones stand in any long row of random bytes.
    for (const name of [firstName, lastName]) if (name) (name.length > 7 ? all : short).set(name, 'somebody’s name');
  }
  return { all, short };
}

describe('what everybody has left behind (design §6, spec §5)', () => {
  test('no name, address or token stands in any table of ours, nor in Keycloak’s events', async () => {
    const { all, short } = await everybody();
    for (const [database, tables] of [
      ['customer', ''],
      ['customer_keys', ''],
      ['keycloak', '(outbox|event)'],
    ] as const) {
      const { rows, files } = await tracesOf(databaseUrl(database), tables);

      expect(rows.length).toBeGreaterThan(database === 'customer' ? 20 : 0);
      expect(files.length).toBeGreaterThanOrEqual(rows.length);
      expect(found([...rows, ...files], all)).toEqual([]);
      expect(foundAlone(rows, short)).toEqual([]);
      expect(foundTokens(files)).toEqual([]);
      expect(foundByShape(rows, 'no-reply@customer.localhost')).toEqual([]);
    }
  });

  test('nor in Redis, nor in any log', async () => {
    const { all, short } = await everybody();
    const kept = await redisTraces(redis);
    const logs = logTraces(path.join(stateDir, 'log'));

    expect(kept.length).toBeGreaterThan(0);
    expect(heard.length).toBeGreaterThan(0);
    expect(logs.find(({ name }) => name === 'keycloak.log')?.bytes.toString()).toContain('for user [address]');
    expect(logs.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['keycloak.log', 'postgres.log', 'service-in-test.log']),
    );
    expect(found([...kept, ...heard, ...logs], all)).toEqual([]);
    expect(foundAlone([...kept, ...heard, ...logs], short)).toEqual([]);
    expect(foundByShape([...kept, ...heard, ...logs], 'no-reply@customer.localhost')).toEqual([]);
  });

  test('and whatever is in clear would be found: Keycloak’s own table of users shows it', async () => {
    await (
      await openAdmin(endpoints)
    )('POST', '/users', { username: she.email, email: she.email, firstName: she.givenName });

    const { rows, files } = await tracesOf(databaseUrl('keycloak'), '^user_entity$');

    for (const places of [rows, files]) {
      expect(found(places, words)).toEqual(expect.arrayContaining([expect.stringContaining('her name in')]));
      expect(foundByShape(rows, '-')).toEqual([expect.stringContaining('an e-mail address in')]);
    }
  });
});
