import { randomUUID } from 'node:crypto';
import type { Stack } from '../../local/stack.ts';
import { graphOf } from './drill-world.ts';
import { askGraph } from './graph-client.ts';
import { openAdmin } from './keycloak-admin.ts';
import { until } from './patience.ts';
import type { User } from './people.ts';
import type { RunningService } from './running-service.ts';
import { seenCustomers } from './seen-customers.ts';

/** Registers as our page does. */
export function postRegistration(stack: Stack, email: string): Promise<Response> {
  const origin = new URL(stack.endpoints.rest).origin;
  const headers = { origin, 'x-csrf': '1', 'content-type': 'application/json' };
  const body = JSON.stringify({ email, locale: 'en', country: 'DE' });
  return fetch(`${stack.endpoints.rest}/auth/register`, { method: 'POST', headers, body });
}

const registerByGraph = `mutation ($i: RegisterInput!) { register(input: $i) {
  __typename ... on UnavailableError { retryAfterSeconds } } }`;

/** Registers by the graph, where a refusal is an answer; it says as much as a status does. */
export async function graphRegistration(stack: Stack, email: string) {
  const i = { email, locale: 'en', country: 'DE', consents: [], idempotencyKey: randomUUID() };
  const { data, status } = await askGraph(graphOf(stack), () => ({}), registerByGraph, { i });
  const { __typename: type, retryAfterSeconds } = (data['register'] ?? {}) as Record<string, unknown>;
  return { status: type === 'UnavailableError' ? 503 : status, retryAfter: retryAfterSeconds as number | undefined };
}

/** Users at Keycloak who have the address. */
export async function usersOf(stack: Stack, email: string): Promise<User[]> {
  const admin = await openAdmin(stack.endpoints);
  return (await (await admin('GET', `/users?exact=true&email=${encodeURIComponent(email)}`)).json()) as User[];
}

/** What is there of the registrations that were refused. */
export async function leftOf(stack: Stack, { parts }: RunningService, emails: readonly string[]) {
  const halfMade: string[] = [];
  let madeLate = 0;
  for (const email of emails) {
    const users = await usersOf(stack, email);
    const ours = async () => [...(await seenCustomers(parts))].filter(([, seen]) => seen.email === email);
    const bothOrNone = async (): Promise<boolean> => (await ours()).length === users.length;
    await until('Both sides have her, or none', bothOrNone, 20_000).catch(() =>
      halfMade.push('one side without the other'),
    );
    if (users.some(({ emailVerified }) => emailVerified)) halfMade.push('a user who proved nothing counts as proven');
    madeLate += users.length;
  }
  return { halfMade, madeLate };
}

/** Whoever was refused registers again: it is taken, and the link comes. */
export async function notRegisteredAfterwards(stack: Stack, emails: readonly string[]): Promise<string[]> {
  const refused: string[] = [];
  for (const email of emails) {
    const { status } = await postRegistration(stack, email);
    const mailed = async (): Promise<boolean> =>
      (await (await fetch(`${stack.endpoints.mail.api}/email`)).text()).includes(email);
    if (status !== 202) refused.push(`HTTP ${status}`);
    else await until('The link comes', mailed, 20_000).catch(() => refused.push('no link came'));
  }
  return refused;
}
