import { decodeJwt } from 'jose';
import { describe, expect, inject, test } from 'vitest';
import { CookieBrowser } from '../support/cookie-browser.ts';
import { openAdmin } from '../support/keycloak-admin.ts';
import { stepsOverService } from '../support/life-steps.ts';
import { makePerson, type Person } from '../support/people.ts';
import { codeInTime, codeOf, makePersonWithApp, type PersonWithApp } from '../support/second-factors.ts';
import { type Page, Visitor } from '../support/visitor.ts';

const endpoints = inject('endpoints');
const steps = stepsOverService();

interface Claims {
  readonly acr: string;
  readonly auth_time: number;
}

const claimsOf = (visitor: Visitor): Claims => decodeJwt<Claims>(visitor.cookies.get('__Host-access') ?? '');
const isSignedIn = (visitor: Visitor): boolean => visitor.cookies.has('__Host-access');
const withPasswordOnly = async (): Promise<Person> => makePerson(await openAdmin(endpoints));
const withApp = async (): Promise<PersonWithApp> => makePersonWithApp(await openAdmin(endpoints));

async function givePassword(visitor: Visitor, person: Person, path = '/auth/login'): Promise<Page> {
  const page = await visitor.open(`${steps.publicUrl}${path}`);
  return visitor.submit(page, { username: person.email, password: person.password });
}

/** At the page that asks for the code, each in a browser of its own. */
async function atCode(person: Person): Promise<{ visitor: Visitor; page: Page }> {
  const visitor = new Visitor();
  return { visitor, page: await givePassword(visitor, person) };
}

describe('how strongly she proved who she is (contracts: access, "Step-up")', () => {
  test('a password alone is level 1, and a silent round makes no more of it', async () => {
    const visitor = new Visitor();
    await givePassword(visitor, await withPasswordOnly());
    const { acr, auth_time: proven } = claimsOf(visitor);
    expect(acr).toBe('1');

    visitor.cookies.delete('__Host-refresh');
    await visitor.open(`${steps.publicUrl}/auth/login?silent=1&returnTo=%2Fprofile`);

    expect(claimsOf(visitor).acr).not.toBe('2');
    expect(claimsOf(visitor).auth_time).toBe(proven);
  });

  test('with an authenticator app the password opens nothing; its code makes level 2, and a silent round keeps it', async () => {
    const person = await withApp();
    const { visitor, page } = await atCode(person);
    expect(page.text).toContain('name="otp"');
    expect(isSignedIn(visitor)).toBe(false);

    await visitor.submit(page, { otp: await codeInTime(person.secret) });
    const { acr, auth_time: proven } = claimsOf(visitor);
    expect(acr).toBe('2');

    visitor.cookies.delete('__Host-refresh');
    await visitor.open(`${steps.publicUrl}/auth/login?silent=1&returnTo=%2Fprofile`);
    expect(claimsOf(visitor)).toMatchObject({ acr: '2', auth_time: proven });
  });

  test('a step-up asks her for the code although she is signed in with one', async () => {
    const person = await withApp();
    const { visitor, page } = await atCode(person);
    // The clock of a phone may be half a minute off, so one window has codes for two sign-ins.
    await visitor.submit(page, { otp: codeOf(person.secret, Date.now() - 25_000) });
    const { auth_time: first } = claimsOf(visitor);
    await expect.poll(() => Date.now() / 1000, { timeout: 3000 }).toBeGreaterThan(first + 1);

    const asked = await givePassword(visitor, person, '/auth/login?acr=2&returnTo=%2Fprofile');
    expect(asked.text).toContain('name="otp"');
    const back = await visitor.submit(asked, { otp: codeOf(person.secret, Date.now() + 25_000) });

    expect(new URL(back.url).pathname).toBe('/profile');
    expect(claimsOf(visitor).acr).toBe('2');
    expect(claimsOf(visitor).auth_time).toBeGreaterThan(first);
  });

  test('whoever takes the wish for a fresh proof out of the address is asked for the password all the same', async () => {
    const browser = new CookieBrowser(endpoints);
    await browser.signIn(await withPasswordOnly());
    const asked = await browser.go(`${endpoints.rest}/auth/login?acr=2`, { stopAt: (url) => url.includes('prompt=') });
    const address = new URL(asked.url);
    address.searchParams.delete('prompt');

    const page = await browser.go(address.href);

    expect(page.text).toContain('name="password"');
  });
});

describe('codes of an authenticator app (ASVS 6.5)', () => {
  test('90 seconds off, somebody else’s and made-up ones are refused', async () => {
    const [person, other] = [await withApp(), await withApp()];
    const { visitor, page } = await atCode(person);
    const now = Date.now();
    const wrong = [
      codeOf(person.secret, now - 90_000),
      codeOf(person.secret, now + 90_000),
      codeOf(other.secret),
      '000000',
      '',
      '１２３４５６',
    ];

    let again = page;
    for (const otp of wrong) again = await visitor.submit(again, { otp });

    expect(again.text).toContain('name="otp"');
    expect(isSignedIn(visitor)).toBe(false);
  });

  test('a code counts once, in whatever browser', async () => {
    const person = await withApp();
    const [first, second] = [await atCode(person), await atCode(person)];
    const otp = await codeInTime(person.secret);

    await first.visitor.submit(first.page, { otp });
    await second.visitor.submit(second.page, { otp });

    expect([isSignedIn(first.visitor), isSignedIn(second.visitor)]).toEqual([true, false]);
  });

  test('of four who use one code at the same time one wins', async () => {
    const person = await withApp();
    const all = [];
    while (all.length < 4) all.push(await atCode(person));
    const otp = await codeInTime(person.secret);

    await Promise.all(all.map(({ visitor, page }) => visitor.submit(page, { otp })));

    expect(all.filter(({ visitor }) => isSignedIn(visitor))).toHaveLength(1);
  });

  test('a script with her password needs the code too (direct grant)', async () => {
    const person = await withApp();

    expect(await steps.tokenOf(person.email, 'openid', person.password)).toBe('');
  });
});
