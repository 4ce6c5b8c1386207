import { describe, expect, inject, test } from 'vitest';
import { AccountConsole } from '../support/account-console.ts';
import { openAdmin } from '../support/keycloak-admin.ts';
import { stepsOverService } from '../support/life-steps.ts';
import { makePerson } from '../support/people.ts';
import { codeInTime, hiddenOf, makePersonWithApp } from '../support/second-factors.ts';
import { laterIn, TrustingVisits } from '../support/trusted-devices.ts';
import { Visitor } from '../support/visitor.ts';

const endpoints = inject('endpoints');
const steps = stepsOverService();
const visits = new TrustingVisits(steps.publicUrl, endpoints);

interface Shown {
  readonly kind: string;
  readonly label: string | null;
}

/** What she sees on our side. */
async function credentialsOf(visitor: Visitor): Promise<Shown[]> {
  const answer = await steps.ask('{ me { credentials { kind label } } }', {}, visitor.cookies.get('__Host-access'));
  return answer['data'].me.credentials as Shown[];
}

/** Waits for a mail that says so, of which there is one. */
async function told(email: string, words: string): Promise<void> {
  const mails = async () => (await steps.mailsTo(email)).filter(({ text }) => text.includes(words));
  await expect.poll(async () => (await mails()).length, { timeout: 15_000 }).toBe(1);
}

describe('what a customer changes in Keycloak’s account console (issue 2, deliverable 2)', () => {
  test('an app set up there is hers here and mailed, and so is its removal', async () => {
    const person = await makePerson(await openAdmin(endpoints));
    const [visitor, keycloak] = [new Visitor(), new AccountConsole(endpoints)];
    await visits.givePassword(visitor, person);
    const form = await keycloak.enter(visitor, person, 'CONFIGURE_TOTP');
    const secret = hiddenOf(form, 'totpSecret');

    const set = await visitor.submit(form, {
      totp: await codeInTime(secret),
      totpSecret: secret,
      userLabel: 'set up there',
    });

    expect(new URL(set.url).searchParams.get('kc_action_status')).toBe('success');
    expect(await credentialsOf(visitor)).toEqual([
      { kind: 'PASSWORD', label: null },
      { kind: 'TOTP', label: 'set up there' },
    ]);
    await told(person.email, 'an authenticator app was set up');

    const withCode = { ...person, secret, code: () => visits.freshCode({ ...person, secret }) };
    const other = new Visitor();
    const listed = await keycloak.listFor(await keycloak.enter(other, withCode));
    expect(listed.map(({ type, label }) => `${type} ${label}`).toSorted()).toEqual([
      'otp set up there',
      expect.stringMatching(/^password /),
    ]);
    const id = listed.find(({ type }) => type === 'otp')?.id;
    const confirm = await keycloak.enter(other, withCode, `delete_credential:${id}`);
    await other.submit(confirm, { accept: 'Yes' });

    await told(person.email, 'an authenticator app was removed');
    expect(await credentialsOf(visitor)).toEqual([{ kind: 'PASSWORD', label: null }]);
  });

  test('a trusted device is on her list there, and asked again once she took it off', async () => {
    const person = await makePersonWithApp(await openAdmin(endpoints));
    const keycloak = new AccountConsole(endpoints);
    const trusted = await visits.trusting(person);
    const withCode = { ...person, code: () => visits.freshCode(person) };
    const visitor = new Visitor();

    const listed = await keycloak.listFor(await keycloak.enter(visitor, withCode));
    const device = listed.find(({ type }) => type === 'customer-trusted-device');
    expect(device?.label).toBe('Firefox, Linux');
    const confirm = await keycloak.enter(visitor, withCode, `delete_credential:${device?.id}`);
    await visitor.submit(confirm, { accept: 'Yes' });

    await told(person.email, 'a device was taken off the list');
    expect(await visits.isAsked(laterIn(trusted), person)).toBe(true);
  });
});
