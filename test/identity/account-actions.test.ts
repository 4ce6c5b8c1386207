import { decodeJwt } from 'jose';
import { describe, expect, inject, test } from 'vitest';
import { openAdmin } from '../support/keycloak-admin.ts';
import { stepsOverService } from '../support/life-steps.ts';
import { makePerson, type Person } from '../support/people.ts';
import {
  chooseWay,
  codeInTime,
  codeOf,
  hiddenOf,
  makePersonWithApp,
  tryAnotherWay,
} from '../support/second-factors.ts';
import { type Page, Visitor } from '../support/visitor.ts';

const endpoints = inject('endpoints');
const steps = stepsOverService();

const acrOf = (visitor: Visitor): string | undefined => {
  const token = visitor.cookies.get('__Host-access');
  return token && decodeJwt<{ acr: string }>(token).acr;
};

async function givePassword(visitor: Visitor, person: Person, path = '/auth/login'): Promise<Page> {
  const page = await visitor.open(`${steps.publicUrl}${path}`);
  return visitor.submit(page, { username: person.email, password: person.password });
}

/** At Keycloak's page for an action, after she has proven with her password alone who she is. */
async function withPasswordAt(action: string): Promise<{ person: Person; visitor: Visitor; page: Page }> {
  const person = await makePerson(await openAdmin(endpoints));
  const visitor = new Visitor();
  await givePassword(visitor, person);
  return { person, visitor, page: await givePassword(visitor, person, `/auth/action/${action}`) };
}

const credentialsOf = async ({ subject }: Person): Promise<{ id: string; type: string }[]> =>
  (await steps.admin('GET', `/users/${subject}/credentials`)) as { id: string; type: string }[];

/** Waits for a mail that says so, of which there is one. */
async function told({ email }: Person, words: string): Promise<void> {
  const mails = async () => (await steps.mailsTo(email)).filter(({ text }) => text.includes(words));
  await expect.poll(async () => (await mails()).length, { timeout: 15_000 }).toBe(1);
}

const endOf = ({ url }: Page): string => `${new URL(url).pathname}${new URL(url).search}`;

describe('what a customer proves with who she is, from our page (contracts: rest, /auth/action)', () => {
  test('an authenticator app: set up with the password, asked for from then on, removed with its code', async () => {
    const { person, visitor, page } = await withPasswordAt('totp');
    const secret = hiddenOf(page, 'totpSecret');

    const set = await visitor.submit(page, { totp: await codeInTime(secret), totpSecret: secret, userLabel: 'phone' });
    expect(endOf(set)).toBe('/account?action=totp&status=success');
    await told(person, 'an authenticator app was set up');

    const later = new Visitor();
    const asked = await givePassword(later, person);
    await later.submit(asked, { otp: codeOf(secret, Date.now() + 30_000) });
    expect(acrOf(later)).toBe('2');

    const app = (await credentialsOf(person)).find(({ type }) => type === 'otp');
    const confirm = await later.open(`${steps.publicUrl}/auth/action/remove?credential=${app?.id}`);
    const removed = await later.submit(confirm, { accept: 'Yes' });
    expect(endOf(removed)).toBe('/account?action=remove&status=success');
    await told(person, 'an authenticator app was removed');
    expect((await credentialsOf(person)).map(({ type }) => type)).toEqual(['password']);
    const last = new Visitor();
    await givePassword(last, person);
    expect(acrOf(last)).toBe('1');
  });

  test('recovery codes: another way for whoever has lost her phone, each good once', async () => {
    const person = await makePersonWithApp(await openAdmin(endpoints));
    const visitor = new Visitor();
    await visitor.submit(await givePassword(visitor, person), { otp: await codeInTime(person.secret) });
    const page = await visitor.open(`${steps.publicUrl}/auth/action/recovery-codes`);
    const codes = hiddenOf(page, 'generatedRecoveryAuthnCodes');
    const form = { generatedRecoveryAuthnCodes: codes, generatedAt: hiddenOf(page, 'generatedAt'), userLabel: 'paper' };
    expect(endOf(await visitor.submit(page, form))).toBe('/account?action=recovery-codes&status=success');

    const [first = ''] = codes.split(',');
    const withCode = async (code: string): Promise<string | undefined> => {
      const lost = new Visitor();
      const ways = await tryAnotherWay(lost, await givePassword(lost, person));
      const asked = await chooseWay(lost, ways, 'Recovery');
      await lost.submit(asked, { recoveryCodeInput: code });
      return acrOf(lost);
    };
    expect(await withCode(first)).toBe('2');
    expect(await withCode(first)).toBeUndefined();
  });

  test('whoever changes her mind has changed nothing', async () => {
    const { person, visitor, page } = await withPasswordAt('totp');

    const back = await visitor.submit(page, { 'cancel-aia': 'true' });

    expect(endOf(back)).toBe('/account?action=totp&status=cancelled');
    expect(back.text).toContain('You cancelled');
    expect((await credentialsOf(person)).map(({ type }) => type)).toEqual(['password']);
  });

  test('a new password counts at once, and the old one no more', async () => {
    const { person, visitor, page } = await withPasswordAt('password');
    const chosen = 'another quiet river stone';

    const back = await visitor.submit(page, { 'password-new': chosen, 'password-confirm': chosen });

    expect(endOf(back)).toBe('/account?action=password&status=success');
    await told(person, 'the password of your account was changed');
    expect(await steps.tokenOf(person.email, 'openid', person.password)).toBe('');
    expect(await steps.tokenOf(person.email, 'openid', chosen)).not.toBe('');
  });

  test('the credential of another customer cannot be removed', async () => {
    const admin = await openAdmin(endpoints);
    const [person, other] = [await makePersonWithApp(admin), await makePersonWithApp(admin)];
    const [foreign] = (await credentialsOf(other)).filter(({ type }) => type === 'otp');
    const visitor = new Visitor();
    await visitor.submit(await givePassword(visitor, person), { otp: await codeInTime(person.secret) });

    const back = await visitor.open(`${steps.publicUrl}/auth/action/remove?credential=${foreign?.id}`);

    // Her own page: none of Keycloak's that would name what is the other's.
    expect(new URL(back.url).pathname).toBe('/account');
    expect((await credentialsOf(other)).map(({ type }) => type)).toContain('otp');
  });
});
