import { randomBytes, randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { Endpoints } from '../../local/endpoints.ts';
import { type AdminCall, openAdmin } from './keycloak-admin.ts';

/** A user as Keycloak's admin API shows her. */
export interface User {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly enabled: boolean;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly attributes?: { readonly locale?: string[]; readonly customerId?: string[] };
}

/** Somebody whom an admin made, with a password that only the test knows. */
export interface Person {
  readonly subject: string;
  readonly email: string;
  readonly password: string;
}

/** Her tokens. */
export interface Tokens {
  readonly access: string;
  readonly sid: string;
}

/** A user as Keycloak is told to make her. */
interface NewUser extends Record<string, unknown> {
  readonly email: string;
}

/** A user to be made: proven, enabled, with names and a language unless said otherwise. */
export function newUser(more: object = {}): NewUser {
  const email = `${randomUUID()}@example.org`;
  const names = { firstName: 'Ada', lastName: 'Seed', attributes: { locale: ['en'] } };
  return { username: email, email, enabled: true, emailVerified: true, ...names, ...more };
}

/** The id of what was made. @throws when it was not */
export function madeId(answer: Response): string {
  const id = answer.headers.get('location')?.split('/').at(-1);
  if (answer.status !== 201 || !id) throw new Error(`Keycloak made no user (HTTP ${answer.status}).`);
  return id;
}

/** Makes somebody who can sign in. */
export async function makePerson(admin: AdminCall): Promise<Person> {
  const password = randomBytes(18).toString('base64url');
  const user = newUser({ credentials: [{ type: 'password', value: password }] });
  return { subject: madeId(await admin('POST', '/users', user)), email: user.email, password };
}

/** Makes several, one after the other: Keycloak hashes one password at a time on a small machine. */
export async function makePeople(endpoints: Endpoints, count: number): Promise<Person[]> {
  const admin = await openAdmin(endpoints);
  const people: Person[] = [];
  while (people.length < count) people.push(await makePerson(admin));
  return people;
}

/** Signs in at Keycloak with the client of scripts. @throws when Keycloak refuses */
export async function tokensFor({ keycloak, clients }: Endpoints, { email, password }: Person): Promise<Tokens> {
  const form = { grant_type: 'password', client_id: clients.cli.id, username: email, password, scope: 'openid' };
  const url = `${keycloak.url}/realms/${keycloak.realm}/protocol/openid-connect/token`;
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
  const { access_token: access } = (await answer.json()) as { access_token?: string };
  if (!access) throw new Error(`Keycloak gave no token (HTTP ${answer.status}).`);
  return { access, sid: decodeJwt<{ sid: string }>(access).sid };
}
