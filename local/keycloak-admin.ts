import { Failure } from './failure.ts';

const stateCookie = 'WELCOME_STATE_CHECKER';

/**
 * Makes the first administrator of a Keycloak that has none, as its welcome page does for whoever sits at the machine.
 * The start options for that work only while Keycloak makes its schema, and a schema from the cache has no secrets in it.
 *
 * Does nothing when there is one.
 *
 * @param url  where Keycloak is reached, on the loopback address
 * @throws Failure when Keycloak refuses
 */
export async function ensureAdministrator(url: string, name: string, password: string): Promise<void> {
  const timeout = { signal: AbortSignal.timeout(20_000), redirect: 'manual' } as const;
  const welcome = await fetch(`${url}/`, timeout);
  await welcome.body?.cancel();
  const cookie = welcome.headers.getSetCookie().find((line) => line.startsWith(`${stateCookie}=`));
  // Keycloak hands out the cookie only as long as an administrator can be made.
  if (!cookie) return;
  const stateChecker = /^[^=]+=([^;]*)/.exec(cookie)?.[1] ?? '';
  const answer = await fetch(`${url}/`, {
    ...timeout,
    method: 'POST',
    headers: { cookie: `${stateCookie}=${stateChecker}` },
    body: new URLSearchParams({ username: name, password, passwordConfirmation: password, stateChecker }),
  });
  await answer.body?.cancel();
  if (answer.status >= 400) throw new Failure(`Keycloak refused to make its administrator (HTTP ${answer.status}).`);
}
