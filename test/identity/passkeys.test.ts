import { decodeJwt } from 'jose';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { openAdmin } from '../support/keycloak-admin.ts';
import { makePerson, type Person } from '../support/people.ts';
import { type RunningService, startService } from '../support/running-service.ts';

const endpoints = inject('endpoints');
let service: RunningService;
let chromium: Browser;
beforeAll(async () => {
  service = await startService({ ...inject('environment'), REGISTRATION_TIME_MS: '0' });
  chromium = await openChromium();
});
afterAll(async () => {
  await chromium?.close();
  await service?.[Symbol.asyncDispose]();
});

/** A browser on a device that has an authenticator of its own, such as a phone with a fingerprint sensor. */
class Device {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly #devtools: CDPSession;
  readonly #authenticatorId: string;

  private constructor(context: BrowserContext, page: Page, devtools: CDPSession, authenticatorId: string) {
    this.context = context;
    this.page = page;
    this.#devtools = devtools;
    this.#authenticatorId = authenticatorId;
  }

  static async open(): Promise<Device> {
    const context = await chromium.newContext({ locale: 'en-GB' });
    const page = await context.newPage();
    page.on('dialog', (dialog) => void dialog.accept('my phone'));
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const options = {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    } as const;
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
    return new Device(context, page, devtools, authenticatorId);
  }

  /** Whether somebody touches it when it asks. */
  async touched(enabled: boolean): Promise<void> {
    await this.#devtools.send('WebAuthn.setAutomaticPresenceSimulation', {
      authenticatorId: this.#authenticatorId,
      enabled,
    });
  }

  /** Whether it recognises its owner. */
  async recognises(isUserVerified: boolean): Promise<void> {
    await this.#devtools.send('WebAuthn.setUserVerified', { authenticatorId: this.#authenticatorId, isUserVerified });
  }

  async acr(): Promise<string | undefined> {
    const cookie = (await this.context.cookies(endpoints.rest)).find(({ name }) => name === '__Host-access');
    return cookie && decodeJwt<{ acr: string }>(cookie.value).acr;
  }

  /** Signed out everywhere, as on the next day. */
  forget(): Promise<void> {
    return this.context.clearCookies();
  }

  async givePassword({ email, password }: Person): Promise<void> {
    if (await this.page.locator('#username').isVisible()) await this.page.locator('#username').fill(email);
    await this.page.locator('#password').fill(password);
    await this.page.locator('#kc-login').press('Enter');
  }
}

async function withPasskey(): Promise<{ device: Device; person: Person }> {
  const person = await makePerson(await openAdmin(endpoints));
  const device = await Device.open();
  await device.page.goto(`${endpoints.rest}/auth/login?returnTo=%2Fprofile`);
  await device.givePassword(person);
  await device.page.waitForURL('**/profile');
  await device.page.goto(`${endpoints.rest}/auth/action/passkey`);
  await device.givePassword(person);
  await device.page.locator('#registerWebAuthn').click();
  await device.page.waitForURL('**/account?action=passkey&status=success');
  await device.forget();
  return { device, person };
}

const signInPage = `${endpoints.rest}/auth/login?returnTo=%2Fprofile`;

describe('passkeys in a real Chromium (FR-2)', () => {
  test('offered by the sign-in page itself, a passkey is enough and makes level 2', async () => {
    const { device } = await withPasskey();

    await device.page.goto(signInPage);

    await device.page.waitForURL('**/profile');
    expect(await device.acr()).toBe('2');
  });

  test('whoever has one gives it after her password too', async () => {
    const { device, person } = await withPasskey();
    await device.touched(false);
    await device.page.goto(signInPage);
    await device.givePassword(person);
    const button = device.page.locator('#authenticateWebAuthnButton');
    await button.waitFor();
    expect(await device.acr()).toBeUndefined();

    await device.touched(true);
    await button.click();

    await device.page.waitForURL('**/profile');
    expect(await device.acr()).toBe('2');
  });

  test('a device that does not recognise its owner opens nothing', async () => {
    const { device, person } = await withPasskey();
    await device.recognises(false);
    await device.page.goto(signInPage);
    await device.givePassword(person);
    await device.page.locator('#authenticateWebAuthnButton').click();

    await device.page.getByText('or you cancelled').waitFor();

    expect(await device.acr()).toBeUndefined();
  });
});
