import { randomBytes, randomInt } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { openAdmin } from '../support/keycloak-admin.ts';
import { stepsOverService } from '../support/life-steps.ts';
import { barriers, fits, shoot } from '../support/own-pages.ts';
import { newUser } from '../support/people.ts';

const endpoints = inject('endpoints');
const steps = stepsOverService();
let chromium: Browser;
beforeAll(async () => {
  chromium = await openChromium();
});
afterAll(async () => chromium?.close());

const password = randomBytes(18).toString('base64url');

const mobile = (): string => `+491512${String(randomInt(1_000_000, 9_999_999))}`;

/** Somebody with that language, and, where it is wished, an authenticator app and a number for codes. */
async function person(locale: string, hasFactors: boolean): Promise<string> {
  const otp = { subType: 'totp', digits: 6, period: 30, algorithm: 'HmacSHA1' };
  const app = {
    type: 'otp',
    userLabel: 'phone',
    credentialData: JSON.stringify(otp),
    secretData: JSON.stringify({ value: randomBytes(15).toString('base64url') }),
  };
  const number = mobile();
  const telephone = {
    type: 'sms-otp',
    userLabel: `••• ${number.slice(-4)}`,
    credentialData: JSON.stringify({ number }),
    secretData: '{}',
  };
  const credentials = [{ type: 'password', value: password }, ...(hasFactors ? [app, telephone] : [])];
  const user = newUser({ attributes: { locale: [locale] }, credentials });
  await (
    await openAdmin(endpoints)
  )('POST', '/users', user);
  return user.email;
}

/** Looks at each page that somebody meets, and keeps what is wrong with it. */
class Look {
  readonly faults: string[] = [];
  readonly titles: string[] = [];
  readonly page: Page;
  readonly #locale: string;

  private constructor(page: Page, locale: string) {
    this.page = page;
    this.#locale = locale;
  }

  static async open(context: BrowserContext, locale: string): Promise<Look> {
    return new Look(await context.newPage(), locale);
  }

  async at(name: string, url?: string): Promise<void> {
    if (url) await this.page.goto(`${endpoints.rest}${url}`);
    await this.page.locator('h1').waitFor();
    const title = await this.page.title();
    this.titles.push(title);
    const found = [
      ...(await barriers(this.page)),
      ...((await fits(this.page)) ? [] : ['wider than the screen']),
      ...((await this.page.locator('html').getAttribute('lang')) === this.#locale ? [] : ['another language']),
      ...(/^\S.* · Customer$/.test(title) ? [] : [`the title is ${title}`]),
      ...(/keycloak|\$\{|webauthn|admin/i.test(await this.page.locator('body').innerText())
        ? ['words of the maker']
        : []),
    ];
    this.faults.push(...found.map((fault) => `${name}: ${fault}`));
    await shoot(this.page, `${this.#locale}-${this.titles.length}-${name.replace('#', '')}`);
  }

  async give(email: string, word = password): Promise<void> {
    await this.page.locator('#username').fill(email);
    await this.page.locator('#password').fill(word);
    await this.page.locator('#kc-login').press('Enter');
  }
}

async function beforeSigningIn(look: Look): Promise<void> {
  const { page } = look;
  await look.at('sign-in', '/auth/login?returnTo=%2Faccount');
  await look.give('nobody@shop.example', 'no word of hers');
  await page.locator('#input-error-username').waitFor();
  await look.at('refused');
  await page.locator('a[href*="login-actions/registration"]').click();
  await page.locator('#kc-register-form').waitFor();
  await look.at('register');
  await look.at('sign-in again', '/auth/login?returnTo=%2Faccount');
  await page.locator('a[href*="reset-credentials"]').click();
  await page.locator('#kc-reset-password-form').waitFor();
  await look.at('forgotten');
}

/** Each action of the account, seen and cancelled. */
async function actions(look: Look): Promise<void> {
  const { page } = look;
  const cancels = {
    password: '#kc-cancel',
    totp: '#cancelTOTPBtn',
    sms: '#customer-sms-cancel',
    passkey: '#cancelWebAuthnAIA',
    'recovery-codes': '#cancelRecoveryAuthnCodesBtn',
  };
  for (const [name, cancel] of Object.entries(cancels)) {
    await page.goto(`${endpoints.rest}/auth/action/${name}?returnTo=%2Faccount`);
    const button = page.locator(cancel);
    const proof = page.locator('#password');
    await Promise.race([button.waitFor(), proof.waitFor()]);
    if (!(await button.count())) {
      await look.at('proof');
      await proof.fill(password);
      await page.locator('#kc-login').press('Enter');
    }
    await button.waitFor();
    await look.at(name);
    await button.click();
    await page.waitForURL(`**/account?action=${name}&status=cancelled`);
  }
  await page.locator('html[data-ready]').waitFor();
  await look.at('account');
}

/** A new number, asked for and proven on the page behind the account's. */
async function changesNumber(look: Look): Promise<void> {
  const { page } = look;
  const number = mobile();
  await page.locator('a[href="/account/contacts"]').click();
  await page.waitForURL('**/account/contacts');
  await page.locator('#new-phone').fill(number);
  await page.locator('button[value=phone]').press('Enter');
  await page.waitForURL('**/account/contacts?said=phone');
  await look.at('number waits');
  const texts = (await (await fetch(`${endpoints.sms.api}/messages?to=${encodeURIComponent(number)}`)).json()) as {
    body: string;
  }[];
  await page.locator('#code').fill(/^\d{6}/.exec(texts[0]?.body ?? '')?.[0] ?? '');
  await page.locator('button[value=code]').press('Enter');
  await page.waitForURL('**/account/contacts?said=confirmed');
  await look.at('number proven');
}

/** Each way to give a second factor, and one that is not right. */
async function secondFactor(look: Look, email: string): Promise<void> {
  const { page } = look;
  await page.goto(`${endpoints.rest}/auth/login?returnTo=%2Faccount`);
  await look.give(email);
  await page.locator('#otp, #smsCode').waitFor();
  await look.at('code');
  for (const field of ['#smsCode', '#otp']) {
    await page.locator('#try-another-way').click();
    const ways = page.locator('.way button');
    await ways.first().waitFor();
    await look.at('ways');
    await ways.filter({ hasText: field === '#otp' ? /authenticator/i : /sms|text/i }).press('Enter');
    await page.locator(field).waitFor();
    await look.at(field);
  }
  await page.locator('#otp').fill('000000');
  await page.locator('#kc-login').press('Enter');
  await page.locator('[aria-invalid=true]').waitFor();
  await look.at('wrong code');
}

/** Its link, and the page it leads to. */
async function mailedLink(look: Look, email: string): Promise<void> {
  const { id } = await steps.userOf(email);
  await steps.admin('PUT', `/users/${id}/execute-actions-email`, ['UPDATE_PASSWORD']);
  const [link = ''] = await steps.linksTo(email);
  const [mail] = await steps.mailsTo(email);
  expect(mail?.html).toContain('class="card"');
  await look.page.goto(link);
  await look.at('link');
}

async function errors(look: Look): Promise<void> {
  const realm = `${endpoints.keycloak.url}/realms/customer/protocol/openid-connect`;
  for (const [name, path] of [
    ['refused client', '/auth?client_id=nobody&response_type=code'],
    ['sign out', '/logout'],
  ] as const) {
    await look.page.goto(`${realm}${path}`);
    await look.at(name);
  }
}

describe('the pages that she meets at a sign-in (issue 2, deliverable 12)', () => {
  test.each([
    ['en', 1280],
    ['de', 360],
  ])('in %s, %i wide: of one design, in her language, without a barrier', async (locale, width) => {
    const context = await chromium.newContext({ viewport: { width, height: 800 }, locale });
    const look = await Look.open(context, locale);
    const [plain, strong] = [await person(locale, false), await person(locale, true)];

    await beforeSigningIn(look);
    await look.page.goto(`${endpoints.rest}/auth/login?returnTo=%2Faccount`);
    await look.give(plain);
    await look.page.waitForURL('**/account');
    await actions(look);
    await changesNumber(look);
    await look.page.goto('about:blank');
    await context.clearCookies();
    await secondFactor(look, strong);
    await context.clearCookies();
    await mailedLink(look, strong);
    await context.clearCookies();
    await errors(look);

    expect(look.faults).toEqual([]);
    expect(look.titles.length).toBeGreaterThanOrEqual(15);
    await context.close();
  });
});
