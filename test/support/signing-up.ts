import type { Page } from 'playwright-core';
import type { Endpoints } from '../../local/endpoints.ts';

/** Who signs up in a test. */
export interface Person {
  readonly email: string;
  readonly givenName: string;
  readonly familyName: string;
}

/** What everybody chooses here. */
export const password = 'four random words walk';

/** The link in the newest mail to the address. */
export async function linkTo({ mail: { api } }: Endpoints, email: string): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const mails = (await (await fetch(`${api}/email`)).json()) as { id: string }[];
    const mail = mails.find((each) => JSON.stringify(each).includes(email));
    const whole = mail && (await (await fetch(`${api}/email/${mail.id}`)).text());
    const link = whole?.match(/https?:\/\/[^\s"\\<>]+action-token[^\s"\\<>]+/)?.[0];
    if (link) return link.replaceAll('&amp;', '&');
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error('No mail came.');
}

/** Fills in our own form; who she is stands in `person`. */
export async function registerOnPage(page: Page, { rest }: Endpoints, person: Person): Promise<void> {
  await page.goto(`${rest}/register`);
  await page.getByLabel('E-mail address').fill(person.email);
  await page.getByLabel('First name').fill(person.givenName);
  await page.getByLabel('Last name').fill(person.familyName);
  await page.getByRole('button', { name: 'Send me the link' }).press('Enter');
  await page.waitForURL('**/register/sent');
}

/** Follows the mail's link through Keycloak's own pages and comes back signed in, to the page that `lands` matches. */
export async function choosePassword(
  page: Page,
  { rest }: Endpoints,
  link: string,
  email: string,
  lands = '**/profile',
): Promise<void> {
  await page.goto(link);
  const proceed = page.locator('a:has-text("proceed")');
  if (await proceed.count()) await proceed.first().click();
  await page.fill('#password-new', password);
  await page.fill('#password-confirm', password);
  await page.locator('input[type=submit], button[type=submit]').first().click();
  const back = page.locator('a:has-text("Back to")');
  const login = page.locator('#kc-login');
  await Promise.race([back.waitFor(), login.waitFor(), page.waitForURL(`${rest}/**`)]);
  if (await back.count()) await back.first().click();
  await Promise.race([login.waitFor(), page.waitForURL(`${rest}/**`)]);
  if (await login.count()) {
    await page.fill('#username', email);
    await page.fill('#password', password);
    await login.click();
  }
  await page.waitForURL(lands);
}
