import { randomUUID } from 'node:crypto';
import { describe, expect, inject, test } from 'vitest';
import { openAdmin } from '../support/keycloak-admin.ts';
import { stepsOverService } from '../support/life-steps.ts';
import { madeId, newUser } from '../support/people.ts';
import { codeInTime, makePersonWithApp } from '../support/second-factors.ts';
import { type Page, Visitor } from '../support/visitor.ts';

const endpoints = inject('endpoints');
const steps = stepsOverService();
const chosen = 'another quiet river stone';
const app = {
  type: 'otp',
  userLabel: 'his phone',
  credentialData: JSON.stringify({ subType: 'totp', digits: 6, period: 30, algorithm: 'HmacSHA1' }),
  secretData: JSON.stringify({ value: 'a secret of his own' }),
};
const device = { type: 'customer-trusted-device', userLabel: 'his browser', credentialData: '{}', secretData: '{}' };

/** An account that somebody made with an address that is not his. */
async function squatted(): Promise<{ subject: string; email: string }> {
  const admin = await openAdmin(endpoints);
  const password = { type: 'password', value: 'a password of his own' };
  const user = newUser({ emailVerified: false, credentials: [password, app, device] });
  return { subject: madeId(await admin('POST', '/users', user)), email: user.email };
}

/** A provider that he is signed in at elsewhere, and his link with it. */
async function linked(subject: string): Promise<string> {
  const alias = `elsewhere-${randomUUID().slice(0, 8)}`;
  const admin = await openAdmin(endpoints);
  const config = { clientId: 'x', authorizationUrl: 'https://x.example/a', tokenUrl: 'https://x.example/t' };
  expect((await admin('POST', '/identity-provider/instances', { alias, providerId: 'oidc', config })).status).toBe(201);
  const link = { identityProvider: alias, userId: 'his', userName: 'his' };
  expect((await admin('POST', `/users/${subject}/federated-identity/${alias}`, link)).status).toBe(204);
  return alias;
}

/** Asks for a new password and opens the mail's link, in the same browser or in another one. */
async function openedLink(email: string, reader: (asked: Visitor) => Visitor): Promise<{ page: Page; her: Visitor }> {
  const asked = new Visitor();
  const login = await asked.open(`${steps.publicUrl}/auth/login`);
  await asked.submit(await asked.follow(login, 'reset-credentials'), { username: email });
  const [link = ''] = await steps.linksTo(email);
  const her = reader(asked);
  return { page: await steps.openLink(link, her), her };
}

const typesOf = async (subject: string): Promise<string[]> =>
  ((await steps.admin('GET', `/users/${subject}/credentials`)) as { type: string }[])
    .map(({ type }) => type)
    .toSorted();

describe('a new password by mail, on an account that nobody ever proved (decision 9)', () => {
  test.each([
    ['in the browser that asked', (asked: Visitor) => asked],
    ['in another browser', () => new Visitor()],
  ])('removes whatever was set up before: %s', async (_where, reader) => {
    const { subject, email } = await squatted();
    const alias = await linked(subject);
    expect(await typesOf(subject)).toEqual(['customer-trusted-device', 'otp', 'password']);

    const { page, her } = await openedLink(email, reader);
    expect(page.text).toContain('name="password-new"');
    await her.submit(page, { 'password-new': chosen, 'password-confirm': chosen });

    expect(await typesOf(subject)).toEqual(['password']);
    expect(await steps.admin('GET', `/users/${subject}/federated-identity`)).toEqual([]);
    const user = (await steps.admin('GET', `/users/${subject}`)) as { firstName?: string; emailVerified: boolean };
    expect([user.firstName, user.emailVerified]).toEqual([undefined, true]);
    expect(await steps.tokenOf(email, 'openid', 'a password of his own')).toBe('');
    expect(await steps.tokenOf(email, 'openid', chosen)).not.toBe('');
    await steps.admin('DELETE', `/identity-provider/instances/${alias}`);
  });

  test('who only asks for the mail removes nothing', async () => {
    const { subject, email } = await squatted();
    const asked = new Visitor();
    const login = await asked.open(`${steps.publicUrl}/auth/login`);

    await asked.submit(await asked.follow(login, 'reset-credentials'), { username: email });

    expect(await steps.linksTo(email)).toHaveLength(1);
    expect(await typesOf(subject)).toEqual(['customer-trusted-device', 'otp', 'password']);
  });

  test('an account that was proven once keeps its factor, also under an address that staff have just typed', async () => {
    const person = await makePersonWithApp(await openAdmin(endpoints));
    const visitor = new Visitor();
    const login = await visitor.open(`${steps.publicUrl}/auth/login`);
    const asked = await visitor.submit(login, { username: person.email, password: person.password });
    await visitor.submit(asked, { otp: await codeInTime(person.secret) });
    const typed = `${randomUUID()}@example.org`;
    await steps.admin('PUT', `/users/${person.subject}`, { email: typed, emailVerified: false });

    const { page } = await openedLink(typed, () => new Visitor());

    expect(page.text).toContain('name="otp"');
    expect(await typesOf(person.subject)).toEqual(['otp', 'password']);
  });
});
