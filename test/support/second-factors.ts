import { createHmac, randomBytes } from 'node:crypto';
import type { AdminCall } from './keycloak-admin.ts';
import { madeId, newUser, type Person } from './people.ts';
import type { Page, Visitor } from './visitor.ts';

/** Somebody with an authenticator app; its secret as Keycloak keeps it. */
export interface PersonWithApp extends Person {
  readonly secret: string;
}

/** What an authenticator app shows at a time (RFC 6238: SHA-1, six digits, 30 seconds). */
export function codeOf(secret: string, at = Date.now()): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const hash = createHmac('sha1', secret).update(counter).digest();
  const word = hash.readUInt32BE((hash.at(-1) ?? 0) & 15) & 0x7fffffff;
  return String(word % 1_000_000).padStart(6, '0');
}

/** Waits for a moment at which a code of now is good for some seconds more. */
export function codeInTime(secret: string): Promise<string> {
  const left = 30_000 - (Date.now() % 30_000);
  return new Promise((done) => {
    setTimeout(() => done(codeOf(secret)), left < 5000 ? left + 50 : 0);
  });
}

/** Makes somebody with a password and an authenticator app, as an import brings them. */
export async function makePersonWithApp(admin: AdminCall): Promise<PersonWithApp> {
  const [password, secret] = [randomBytes(18).toString('base64url'), randomBytes(15).toString('base64url')];
  const credentialData = JSON.stringify({ subType: 'totp', digits: 6, period: 30, algorithm: 'HmacSHA1' });
  const app = { type: 'otp', userLabel: 'phone', credentialData, secretData: JSON.stringify({ value: secret }) };
  const user = newUser({ credentials: [{ type: 'password', value: password }, app] });
  return { subject: madeId(await admin('POST', '/users', user)), email: user.email, password, secret };
}

const formOf = (page: Page, id: string): Page => {
  const form = new RegExp(`<form[^>]*id="${id}"[\\s\\S]*?</form>`).exec(page.text)?.[0];
  if (!form) throw new Error(`No form ${id} on the page of ${new URL(page.url).pathname}.`);
  return { ...page, text: form };
};

/** The page that lists the other ways to prove who one is. */
export function tryAnotherWay(visitor: Visitor, page: Page): Promise<Page> {
  return visitor.submit(formOf(page, 'kc-select-try-another-way-form'), { tryAnotherWay: 'on' });
}

/** Chooses a way by what the list calls it. */
export function chooseWay(visitor: Visitor, page: Page, name: string): Promise<Page> {
  const ways = [...page.text.matchAll(/name="authenticationExecution" value="([^"]+)"([\s\S]*?)<\/button>/g)];
  const way = ways.find(([, , label = '']) => label.includes(name))?.[1];
  if (!way) throw new Error(`There is no way called ${name}.`);
  return visitor.submit(page, { authenticationExecution: way });
}
