import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { me, password, stepsOverService } from '../support/life-steps.ts';
import { Visitor } from '../support/visitor.ts';

const steps = stepsOverService();

const names = { givenName: 'Squatter', familyName: 'Marker' };

/** He fills in our own page with her address, and keeps what his browser is given. */
async function squat(email: string): Promise<Visitor> {
  const him = new Visitor();
  const form = { email, ...names, locale: 'en', country: 'DE' };
  expect((await him.post(`${steps.publicUrl}/auth/register`, form)).status).toBe(202);
  expect(him.cookies.has('__Host-registration')).toBe(true);
  return him;
}

/** Nothing that is hers, here or at Keycloak, says what he typed; the only password and session are her own. */
async function expectHers(email: string, sessions: number): Promise<void> {
  const [user, ...others] = await steps.usersOf(email);
  expect(others).toEqual([]);
  expect(JSON.stringify(user)).not.toMatch(/Squatter|Marker/);
  const credentials = (await steps.admin('GET', `/users/${user.id}/credentials`)) as { type: string }[];
  expect(credentials.map(({ type }) => type)).toEqual(['password']);
  expect(await steps.admin('GET', `/users/${user.id}/sessions`)).toHaveLength(sessions);
  const mine = (await steps.ask(me, {}, await steps.tokenOf(email)))['data'].me;
  expect([mine.status, mine.givenName, mine.familyName]).toEqual(['ACTIVE', null, null]);
  expect(await steps.customersOf(email)).toEqual([mine.id]);
}

/** With whatever he holds he is nobody, and signed in as himself he takes nothing over. */
async function expectNothingFor(him: Visitor, email: string): Promise<void> {
  expect((await him.open(`${steps.publicUrl}/profile`)).url).not.toContain(steps.publicUrl);
  expect((await him.post(`${steps.publicUrl}/auth/register/names`, { hers: 'yes' })).status).toBe(401);
  expect(him.cookies.has('__Host-access')).toBe(false);
  const own = await steps.signedUp();
  const page = await steps.signIn(him, own.email);
  expect([page.url, him.cookies.has('__Host-access')]).toEqual([`${steps.publicUrl}/profile`, true]);
  expect(page.text).not.toContain(email);
  const his = (await steps.ask(me, {}, own.token))['data'].me;
  expect([his.id, his.givenName, his.familyName]).toEqual([own.id, null, null]);
}

describe('whoever typed her address first leaves nothing (decision 9)', () => {
  test('she registers later', async () => {
    const email = `${randomUUID()}@example.org`;
    const him = await squat(email);
    await steps.register(email, { givenName: 'Ada' });
    expect(await steps.linksTo(email, 2)).toHaveLength(2);

    await steps.prove(email);

    await steps.activeToken(email);
    await expectHers(email, 1);
    await expectNothingFor(him, email);
  });

  test('she opens the mail that he caused', async () => {
    const email = `${randomUUID()}@example.org`;
    const him = await squat(email);
    const before = await steps.userOf(email);
    expect(await steps.admin('GET', `/users/${before.id}/credentials`)).toEqual([]);

    await steps.prove(email);

    await steps.activeToken(email);
    await expectHers(email, 1);
    await expectNothingFor(him, email);
    await expectHers(email, 2);
  });

  test('she is asked, and says that the names are not hers', async () => {
    const email = `${randomUUID()}@example.org`;
    await squat(email);
    const her = new Visitor();
    await steps.prove(email, her);

    const page = await steps.signIn(her, email);

    expect(page.text).toContain('Squatter Marker');
    await her.post(`${steps.publicUrl}/auth/register/names`, { hers: 'no' });
    expect((await her.open(`${steps.publicUrl}/welcome`)).text).not.toMatch(/Squatter|Marker/);
    await expectHers(email, 1);
  });

  test('he registers after her form but before she opens the mail', async () => {
    const email = `${randomUUID()}@example.org`;
    await steps.register(email, { givenName: 'Ada' });
    const [hers = ''] = await steps.linksTo(email);
    const him = await squat(email);
    await steps.linksTo(email, 2);

    const her = new Visitor();
    const stale = await steps.openLink(hers, her);
    expect(stale.text).not.toContain('password-new');
    await steps.prove(email, her);

    await steps.activeToken(email);
    await expectHers(email, 1);
    await expectNothingFor(him, email);
    expect(await steps.tokenOf(email, 'openid', `${password}!`)).toBe('');
  });
});
