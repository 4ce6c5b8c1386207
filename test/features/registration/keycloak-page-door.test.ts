import { createHmac, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adminHandler } from '../../../src/server/admin.ts';
import { registrationsInto } from '../../../src/server/registrations.ts';
import { IdentityWorld } from '../../support/identity-world.ts';

const key = 'the key that Keycloak and we share, long enough';

describe('the door of Keycloak’s registration page (issue 1, deliverable 6; decision 9)', () => {
  let world: IdentityWorld;
  let server: Server;
  let url = '';
  beforeEach(async () => {
    world = await IdentityWorld.open();
    const { clock, log } = world.parts;
    const register = registrationsInto((actor, { ip }) => Promise.resolve(world.ctx(ip, actor)));
    const rest = { metrics: {} as never, checks: [], receive: () => Promise.resolve() };
    server = createServer(
      adminHandler({ clock, log, eventsKey: key, forms: { '/internal/registrations': register }, ...rest }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/internal/registrations`;
  });
  afterEach(async () => {
    server.close();
    await world[Symbol.asyncDispose]();
  });

  const form = (more: object = {}): object => ({
    id: randomUUID(),
    email: `${randomUUID()}@shop.example`,
    locale: 'de',
    ip: '203.0.113.7',
    ...more,
  });
  const signed = (body: string, seconds = Math.floor(world.parts.clock.now().getTime() / 1000)) => ({
    'content-type': 'application/json',
    'x-signature': `t=${seconds},v1=${createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex')}`,
  });
  const post = (body: string, headers: Record<string, string>): Promise<Response> =>
    fetch(url, { method: 'POST', body, headers });
  const send = (given: object): Promise<Response> => post(JSON.stringify(given), signed(JSON.stringify(given)));

  test('a form gets her a link in the language of the page; its names wait', async () => {
    const answer = await send(form({ email: 'Anna@shop.example', firstName: 'Anna', lastName: 'Kern' }));

    expect([answer.status, await answer.json()]).toEqual([202, { nextStep: 'VERIFY_EMAIL' }]);
    const [user] = [...world.keycloak.users.values()];
    expect(user).toMatchObject({ email: 'Anna@shop.example', attributes: { locale: ['de'] } });
    expect([user?.firstName, user?.lastName]).toEqual([undefined, undefined]);
    expect(world.keycloak.mails).toHaveLength(1);
    expect(await world.show(await world.customerOf(user?.id ?? ''))).toMatchObject({
      givenName: null,
      familyName: null,
    });
  });

  test('a known address gets the same answer', async () => {
    const { id } = await world.madeInConsole({ email: 'owner@shop.example', emailVerified: true });

    const answers = await Promise.all([send(form()), send(form({ email: 'owner@shop.example' }))]);

    const seen = await Promise.all(answers.map(async (answer) => [answer.status, await answer.text()]));
    expect(seen[0]).toEqual(seen[1]);
    expect(world.keycloak.mails.map(({ userId }) => userId)).not.toContain(id);
    expect(await world.runJobs()).toContain('registration.tell-owner');
  });

  test('a copy of a delivery registers nobody anew', async () => {
    const body = JSON.stringify(form());
    const headers = signed(body);

    const [first, copy] = [await post(body, headers), await post(body, headers)];

    expect([first.status, copy.status]).toEqual([202, 202]);
    expect(world.keycloak.mails).toHaveLength(1);
  });

  test.each([
    ['no signature', {}],
    ['a signature over another body', { 'x-signature': '' }],
  ])('%s: refused, and nothing is made', async (_name, more) => {
    const headers = { ...('x-signature' in more ? signed('{}') : {}), 'content-type': 'application/json' };
    const answer = await post(JSON.stringify(form()), headers);

    expect(answer.status).toBe(401);
    expect(world.keycloak.users.size).toBe(0);
  });

  test('an old signature is refused', async () => {
    const body = JSON.stringify(form());
    const answer = await post(body, signed(body, Math.floor(world.parts.clock.now().getTime() / 1000) - 301));

    expect(answer.status).toBe(401);
  });

  test.each([
    ['a bad address', { email: 'no' }, 'email'],
    ['a name of control characters', { firstName: 'A\u0007' }, 'givenName'],
    ['an unknown language', { locale: '??' }, 'locale'],
  ])('%s: the field is named, the value is not repeated', async (_name, more, path) => {
    const answer = await send(form(more));

    expect(answer.status).toBe(422);
    const { issues } = (await answer.json()) as { issues: { path: string }[] };
    expect(issues.map((issue) => issue.path)).toEqual([path]);
    expect(world.keycloak.users.size).toBe(0);
  });

  test.each([
    ['a password', { password: 'four random words walk' }],
    ['no id', { id: undefined }],
    ['no address of the person', { ip: undefined }],
    ['an address that is no text', { email: 7 }],
  ])('a form with %s is none', async (_name, more) => {
    const answer = await send(form(more));

    expect([answer.status, await answer.json()]).toEqual([422, { code: 'VALIDATION', issues: [] }]);
    expect(world.keycloak.users.size).toBe(0);
  });

  test('the person’s network is what the limit counts, not Keycloak’s', async () => {
    for (let n = 0; n < 20; n += 1) await send(form());

    const [same, other] = [await send(form({ ip: '203.0.113.200' })), await send(form({ ip: '198.51.100.1' }))];

    expect(same.status).toBe(429);
    expect(Number(same.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(other.status).toBe(202);
  });

  test('with Keycloak down it is said so, and nothing is half made', async () => {
    world.keycloak.mode = 'down';

    const answer = await send(form());

    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await world.count('customer')).toBe(0);
    expect(world.keycloak.users.size).toBe(0);
  });

  test('no address and no name is in the log', async () => {
    await send(form({ email: 'marker@shop.example', firstName: 'Markername' }));
    world.keycloak.mode = 'down';
    await send(form({ email: 'marker@shop.example', firstName: 'Markername' }));

    expect(world.logged.join()).not.toMatch(/marker/i);
  });
});
