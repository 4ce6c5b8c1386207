import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { LifeSteps } from '../support/life-steps.ts';
import { type RunningService, startService } from '../support/running-service.ts';
import { type Page, Visitor } from '../support/visitor.ts';

const environment: Record<string, string> = { ...inject('environment'), REGISTRATION_TIME_MS: '0' };
const steps = new LifeSteps(inject('endpoints'), environment);
let service: RunningService;
const stop = (): Promise<void> => service[Symbol.asyncDispose]() as Promise<void>;
beforeAll(async () => {
  service = await startService(environment);
});
afterAll(async () => {
  await stop();
  await steps[Symbol.asyncDispose]();
});

const address = (): string => `${randomUUID()}@example.org`;
const unavailable = 'Registering is not possible at the moment.';

/** Fills in Keycloak's registration page, with all that a form could carry. */
async function fillIn(email: string, language = 'en'): Promise<Page> {
  const visitor = new Visitor(language);
  const typed = { email, username: 'squatter', firstName: 'Squatter', lastName: 'Marker', locale: 'en' };
  const secret = { password: 'his own four words', 'password-confirm': 'his own four words' };
  return visitor.submit(await steps.registrationPage(visitor), { ...typed, ...secret });
}

/** A page without the address that was typed and what names the visit. */
const bare = ({ text, status, headers }: Page, email: string): unknown => ({
  status,
  headers: [...headers.keys()],
  text: text
    .replaceAll(email, 'ADDRESS')
    .replaceAll(/\b(session_code|execution|tab_id|client_data)=[\w.-]+/g, '$1=…')
    .replaceAll(/checkAuthSession\(\s*"[^"]+"/g, 'checkAuthSession(…'),
});

describe('Keycloak’s own registration page (FR-1, decision 9)', () => {
  test('a new address gets a link, and whoever proves it is a customer once', async () => {
    const email = address();

    const page = await fillIn(email, 'de');

    expect(page.text).toContain('Bitte sehen Sie in Ihr Postfach');
    expect(page.text).toContain(email);
    const [mail] = await steps.mailsTo(email);
    expect(mail?.subject).toBe('Noch ein Schritt zu Ihrem Konto');
    await steps.prove(email);
    const id = await steps.idOf(await steps.activeToken(email));
    expect(await steps.customersOf(email)).toEqual([id]);
    expect((await steps.typesOf(id)).filter((type) => type.includes('CustomerRegistered'))).toHaveLength(1);
    // The page asks for no name, so that none is offered to her, whatever was posted.
    expect((await steps.signIn(new Visitor(), email)).text).not.toMatch(/Squatter|Marker/);
  });

  test('in a browser no script of it fails', async () => {
    const chromium = await openChromium();
    const page = await chromium.newPage({ locale: 'en-GB' });
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));

    await page.goto(`${steps.publicUrl}/auth/login`);
    await page.getByRole('link', { name: 'Register' }).click();
    await page.waitForLoadState('load');
    await page.getByLabel('E-mail address').fill('no address');
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByText('This is not an e-mail address.').waitFor();
    await page.waitForLoadState('load');

    expect(faults).toEqual([]);
    await chromium.close();
  });

  test('nothing that the form carried but the address is at Keycloak, and no password counts', async () => {
    const email = address();

    await fillIn(email);

    const [user, ...others] = await steps.usersOf(email);
    expect(others).toEqual([]);
    expect(user).toMatchObject({ username: email, email, emailVerified: false });
    expect([user.firstName, user.lastName]).toEqual([undefined, undefined]);
    expect(await steps.admin('GET', `/users/${user.id}/credentials`)).toEqual([]);
    expect(await steps.tokenOf(email, 'openid', 'his own four words')).toBe('');
    expect(service.log()).not.toMatch(/squatter|marker/i);
  });

  test('the page is the same for an address that is new, owned, or waiting for its proof', async () => {
    const { email: owned } = await steps.signedUp();
    const [fresh, waiting] = [address(), address()];
    await steps.register(waiting);
    const before = (await steps.mailsTo(owned)).length;

    const pages = [];
    const mails = async (): Promise<number> => (await steps.mailsTo(owned)).length - before;
    for (const email of [fresh, owned, waiting]) pages.push(bare(await fillIn(email), email));
    // Two that wait to be written at the same time are one mail.
    await expect.poll(mails, { timeout: 8000 }).toBe(1);
    pages.push(bare(await fillIn(owned.toUpperCase()), owned.toUpperCase()));

    expect(pages.slice(1)).toEqual([pages[0], pages[0], pages[0]]);
    await expect.poll(mails, { timeout: 8000 }).toBe(2);
    expect((await steps.mailsTo(owned))[0]?.text).not.toContain('action-token');
    expect(await steps.linksTo(fresh)).toHaveLength(1);
    expect(await steps.linksTo(waiting, 2)).toHaveLength(2);
  });

  test('an address gets three mails an hour, and the page does not say so', async () => {
    const email = address();
    const pages = [];
    for (let n = 0; n < 4; n += 1) pages.push(bare(await fillIn(email), email));

    expect(new Set(pages.map((page) => JSON.stringify(page))).size).toBe(1);
    expect(await steps.mailsTo(email)).toHaveLength(3);
  });

  test.each([
    ['by Keycloak', 'no address'],
    ['by the service', 'ada@example.invalid.'],
  ])('what is no address is refused %s, beside the form as it was typed', async (_by, email) => {
    const page = await fillIn(email);

    expect(page.text).toContain('This is not an e-mail address.');
    expect(page.text).toContain(`value="${email}"`);
    expect(page.text).not.toContain('Please look into your mailbox');
  });

  test('too many from one network: a sentence, and nothing is made', async () => {
    await stop();
    service = await startService({ ...environment, REGISTRATIONS_PER_HOUR: '1' });
    const email = address();
    await fillIn(address());

    const page = await fillIn(email, 'de');

    expect(page.text).toContain('Zu viele Registrierungen.');
    expect(await steps.usersOf(email)).toEqual([]);
    expect(await steps.mailsTo(email)).toEqual([]);
    await stop();
    service = await startService(environment);
  });

  test('with the service down a sentence and no user; once it is back, the same form works', async () => {
    const [email, visitor] = [address(), new Visitor()];
    const form = await steps.registrationPage(visitor);
    await stop();

    const page = await visitor.submit(form, { email });

    expect(page.text).toContain(unavailable);
    expect(page.text).toContain(`value="${email}"`);
    expect(await steps.usersOf(email)).toEqual([]);
    service = await startService(environment);
    expect((await visitor.submit(page, { email })).text).toContain('Please look into your mailbox');
    expect(await steps.linksTo(email)).toHaveLength(1);
  });

  test('while the service hangs, those who wait for it take nothing from those who sign in', async () => {
    const { email } = await steps.signedUp();
    const visits = await Promise.all(
      Array.from({ length: 24 }, async () => {
        const visitor = new Visitor();
        return { visitor, form: await steps.registrationPage(visitor) };
      }),
    );
    await stop();
    const hung = createServer((request, answer) => {
      if (request.url !== '/internal/registrations') answer.writeHead(503).end();
    });
    await new Promise<void>((done) => hung.listen(Number(environment['ADMIN_PORT']), '127.0.0.1', done));
    let waiting = visits.length;

    const pages = visits.map(async ({ visitor, form }) => {
      const page = await visitor.submit(form, { email: address() });
      waiting -= 1;
      return page;
    });
    await expect.poll(() => waiting, { timeout: 5000 }).toBe(20);
    expect(await steps.tokenOf(email)).not.toBe('');

    expect(waiting).toBe(20);
    for (const page of await Promise.all(pages)) expect(page.text).toContain(unavailable);
    hung.closeAllConnections();
    await new Promise((done) => hung.close(done));
    service = await startService(environment);
  });
});
