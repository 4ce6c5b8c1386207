import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { describe, expect, inject, test } from 'vitest';
import { mobile } from '../support/factor-visits.ts';
import { openAdmin } from '../support/keycloak-admin.ts';
import { me, stepsOverService } from '../support/life-steps.ts';
import { madeId, newUser } from '../support/people.ts';
import { type Page, Visitor } from '../support/visitor.ts';

const steps = stepsOverService();
const soon = { timeout: 20_000 };

interface Holder {
  readonly subject: string;
  readonly email: string;
  readonly secret: string;
}

const attributesFor = (number: string, proven: boolean): object => ({
  locale: ['en'],
  phoneNumber: [number],
  ...(proven ? { phoneNumberVerified: ['true'] } : {}),
});

/** Somebody who was made in the console, with a number, and a factor by text message where it says so. */
async function holderOf(number: string, { proven = true, factor = false } = {}): Promise<Holder> {
  const secret = randomBytes(18).toString('base64url');
  const telephone = { type: 'sms-otp', secretData: '{}', credentialData: JSON.stringify({ number }) };
  const credentials = [{ type: 'password', value: secret }, ...(factor ? [telephone] : [])];
  const user = newUser({ attributes: attributesFor(number, proven), credentials });
  const admin = await openAdmin(inject('endpoints'));
  return { subject: madeId(await admin('POST', '/users', user)), email: user.email, secret };
}

async function giveNumber({ subject }: Holder, number: string): Promise<void> {
  const user = await steps.admin('GET', `/users/${subject}`);
  const attributes = { ...user.attributes, ...attributesFor(number, true) };
  await steps.admin('PUT', `/users/${subject}`, { ...user, attributes });
}

const national = (number: string): string => number.replace(/^\+49(\d{3})/, '0$1 / ');
const isGranted = async (name: string, secret: string): Promise<boolean> =>
  (await steps.tokenOf(name, 'openid', secret)) !== '';

async function signIn(visitor: Visitor, name: string, secret: string): Promise<Page> {
  const page = await visitor.open(`${steps.publicUrl}/auth/login`);
  return visitor.submit(page, { username: name, password: secret });
}

/** What the page says of a refused try, without what was typed and what differs each time. */
const refusalOn = ({ text }: Page): string => /id="input-error-username"[^>]*>([^<]+)/.exec(text)?.[1]?.trim() ?? '';

const textsTo = async (number: string): Promise<unknown> =>
  (await fetch(`${inject('endpoints').sms.api}/messages?to=${encodeURIComponent(number)}`)).json();

describe('a proven telephone number is a name for signing in (issue 2, deliverable 7)', () => {
  test('on the page and in the direct grant, however it is written', async () => {
    const number = mobile();
    const { email, secret } = await holderOf(number);
    const visitor = new Visitor();

    await signIn(visitor, national(number), secret);

    expect(visitor.cookies.has('__Host-access')).toBe(true);
    expect(await isGranted(number, secret)).toBe(true);
    expect(await isGranted(email, secret)).toBe(true);
  });

  test('one that is not proven is none, nor one that two have', async () => {
    // In no numbering plan, so that the service takes it from neither.
    const [unproven, shared] = [mobile(), `+4999${randomInt(1_000_000, 9_999_999)}`];
    const { secret } = await holderOf(unproven, { proven: false });
    const visitor = new Visitor();

    const refused = await signIn(visitor, unproven, secret);

    expect(visitor.cookies.has('__Host-access')).toBe(false);
    expect(refusalOn(refused)).not.toBe('');
    expect(await isGranted(unproven, secret)).toBe(false);
    const first = await holderOf(shared);
    expect(await isGranted(shared, first.secret)).toBe(true);
    const second = await holderOf(shared);
    expect([await isGranted(shared, first.secret), await isGranted(shared, second.secret)]).toEqual([false, false]);
    expect(await isGranted(second.email, second.secret)).toBe(true);
  });

  test('a wrong password is counted, and the page says what it says to a stranger, and no address', async () => {
    const number = mobile();
    const { email, subject } = await holderOf(number);

    const hers = await signIn(new Visitor(), number, 'a wrong password');
    const nobodys = await signIn(new Visitor(), mobile(), 'a wrong password');

    expect(refusalOn(hers)).toBe(refusalOn(nobodys));
    expect(refusalOn(hers)).not.toBe('');
    expect(hers.text).toContain(number);
    expect(hers.text).not.toContain(email);
    const failures = async () =>
      ((await steps.admin('GET', `/attack-detection/brute-force/users/${subject}`)) as { numFailures: number })
        .numFailures;
    await expect.poll(failures, soon).toBe(1);
  });

  test('whoever has the number alone gets nothing: a new password takes her mailbox, then her factor, and the page says neither', async () => {
    const number = mobile();
    const { email } = await holderOf(number, { factor: true });
    const visitor = new Visitor();
    const page = await visitor.follow(await visitor.open(`${steps.publicUrl}/auth/login`), 'reset-credentials');

    const sent = await visitor.submit(page, { username: national(number) });

    const [link = ''] = await steps.linksTo(email);
    expect(sent.text).not.toContain(email);
    expect(await textsTo(number)).toEqual([]);
    const next = await steps.openLink(link, visitor);
    expect(next.text).not.toContain('password-new');
  });

  test('one that another has proven leaves its former holder, as name and as factor, and she is told', async () => {
    const number = mobile();
    const anna = await holderOf(number, { factor: true });
    await expect.poll(() => steps.customersOf(anna.email), soon).toHaveLength(1);
    const berta = await holderOf(mobile());
    await expect.poll(() => steps.customersOf(berta.email), soon).toHaveLength(1);

    await giveNumber(berta, number);

    const kinds = async () =>
      ((await steps.admin('GET', `/users/${anna.subject}/credentials`)) as { type: string }[]).map(({ type }) => type);
    await expect.poll(kinds, soon).toEqual(['password']);
    await expect
      .poll(async () => (await steps.admin('GET', `/users/${anna.subject}`)).attributes, soon)
      .toEqual(expect.not.objectContaining({ phoneNumber: expect.anything() }));
    expect(await isGranted(number, anna.secret)).toBe(false);
    const whose = async (name: string, secret: string): Promise<string> =>
      (await steps.ask(me, {}, await steps.tokenOf(name, 'openid', secret)))['data'].me.id;
    expect([await whose(number, berta.secret)]).toEqual(await steps.customersOf(berta.email));
    expect([await whose(anna.email, anna.secret)]).toEqual(await steps.customersOf(anna.email));
    await expect
      .poll(async () => (await steps.mailsTo(anna.email)).map(({ subject }) => subject), soon)
      .toContain('Your telephone number is no longer used');
  });

  test('an address is a name as ever, and what looks like a number of nobody is refused', async () => {
    const secret = randomUUID();
    expect(await isGranted(mobile(), secret)).toBe(false);
    expect(await isGranted('0151', secret)).toBe(false);
  });
});
