import { randomBytes, randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { socialRealm } from '../../local/social-realm.ts';
import { openAdmin } from './keycloak-admin.ts';
import { madeId } from './people.ts';
import { type Page, Visitor } from './visitor.ts';

/** Somebody with an account at the provider. */
export interface SocialPerson {
  /** Her subject there. */
  readonly subject: string;
  readonly email: string;
  readonly password: string;
}

/** Makes somebody at the provider, where anybody may claim any address. */
export async function makeSocialPerson(email = `${randomUUID()}@example.org`): Promise<SocialPerson> {
  const admin = await openAdmin(inject('endpoints'), socialRealm);
  const password = randomBytes(18).toString('base64url');
  const credentials = [{ type: 'password', value: password }];
  const names = { firstName: 'Ada', lastName: 'Social' };
  const user = { username: email, email, enabled: true, emailVerified: false, ...names, credentials };
  return { subject: madeId(await admin('POST', '/users', user)), email, password };
}

/** Signs in at the provider, which is on the page. */
export function atSocial(visitor: Visitor, page: Page, { email, password }: SocialPerson): Promise<Page> {
  return visitor.submit(page, { username: email, password });
}

/** Takes the button of the sign-in page and signs in at the provider; ends where Keycloak sends her. */
export async function withSocial(visitor: Visitor, publicUrl: string, person: SocialPerson): Promise<Page> {
  const login = await visitor.open(`${publicUrl}/auth/login`);
  return atSocial(visitor, await visitor.follow(login, 'broker/auth0/login'), person);
}

/** A token that the provider itself gave her, for our audience. */
export async function socialToken({ email, password }: SocialPerson): Promise<string> {
  const environment = inject('environment');
  const client = {
    client_id: environment['IDENTITY_FALLBACK_CLIENT_ID'] ?? '',
    client_secret: environment['IDENTITY_FALLBACK_CLIENT_SECRET'] ?? '',
  };
  const form = { grant_type: 'password', scope: 'openid', username: email, password, ...client };
  const url = `${environment['IDENTITY_FALLBACK_ISSUER']}/protocol/openid-connect/token`;
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
  return ((await answer.json()) as { access_token?: string }).access_token ?? '';
}
