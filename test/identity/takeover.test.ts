import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { password, stepsOverService } from '../support/life-steps.ts';
import { Visitor } from '../support/visitor.ts';

const steps = stepsOverService();
const at = (path: string): string => `${steps.publicUrl}${path}`;
const soon = { timeout: 8000 };

const sessionsAtKeycloak = async (userId: string): Promise<string[]> =>
  ((await steps.admin('GET', `/users/${userId}/sessions`)) as { id: string }[]).map(({ id }) => id);
const isSignedIn = async (visitor: Visitor): Promise<boolean> =>
  (JSON.parse((await visitor.open(at('/auth/session'))).text) as { signedIn: boolean }).signedIn;
const subjectsTo = async (email: string): Promise<string[]> =>
  (await steps.mailsTo(email)).map(({ subject }) => subject);

/** Presses the only button of a page at a link: a form without a script. */
const press = async (link: string): Promise<string> => (await fetch(link, { method: 'POST' })).text();

describe('“this was not me” at a real Keycloak (issue 2, deliverable 5)', () => {
  test('a stranger with her password is out, and only her mailbox leads to a new one', async () => {
    const email = `${randomUUID()}@example.org`;
    const [hers, thiefs] = [new Visitor('en', 'Firefox/141.0 (Windows)'), new Visitor('en', 'Firefox/141.0 (X11)')];
    await steps.register(email);
    await steps.prove(email);
    await steps.signIn(hers, email);
    await steps.signIn(thiefs, email);
    const { id: userId } = await steps.userOf(email);
    await expect.poll(() => subjectsTo(email), soon).toContain('Neue Anmeldung an Ihrem Konto');
    const notice = (await steps.mailsTo(email)).find(({ subject }) => subject === 'Neue Anmeldung an Ihrem Konto');
    const link = /https?:\/\/\S+\/l\/[\w-]{43}/.exec(notice?.text ?? '')?.[0] ?? '';
    expect((await new Visitor().open(link)).text).toContain('Das war ich nicht');
    expect([await isSignedIn(hers), await isSignedIn(thiefs)]).toEqual([true, true]);

    const done = await press(link);

    expect([await isSignedIn(hers), await isSignedIn(thiefs)]).toEqual([false, false]);
    await expect.poll(() => sessionsAtKeycloak(userId), soon).toEqual([]);
    const credentials = async () => (await steps.admin('GET', `/users/${userId}/credentials`)) as unknown[];
    await expect.poll(credentials, soon).toEqual([]);
    // Without the cookies of the session that has just ended, which ask for a moment's patience.
    const again = new Visitor();
    const tried = await steps.signIn(again, email);
    expect(new URL(tried.url).pathname).toContain('/login-actions/authenticate');
    expect(await isSignedIn(again)).toBe(false);
    await expect.poll(() => subjectsTo(email), soon).toContain('Ihr Konto ist vor anderen geschützt');

    const reset = /href="([^"]*reset-credentials[^"]*)"/.exec(done)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const before = (await steps.linksTo(email, 0)).length;
    await hers.submit(await hers.open(reset), { username: email });
    const [mailed = ''] = await steps.linksTo(email, before + 1);
    const chosen = `${password} anew`;
    const form = await steps.openLink(mailed, hers);
    // A token of the last seconds that is refused would have her wait, so that no browser goes round and round.
    hers.cookies.delete('__Host-access');
    await hers.submit(form, { 'password-new': chosen, 'password-confirm': chosen });

    expect(await isSignedIn(hers)).toBe(true);
    expect(await steps.tokenOf(email)).toBe('');
    expect(await steps.tokenOf(email, 'openid', chosen)).not.toBe('');
  });

  test('a session that is ended from another browser is over at Keycloak too', async () => {
    const email = `${randomUUID()}@example.org`;
    const [hers, phone] = [new Visitor(), new Visitor()];
    await steps.register(email);
    await steps.prove(email);
    await steps.signIn(phone, email);
    const { id: userId } = await steps.userOf(email);
    const [phones = ''] = await sessionsAtKeycloak(userId);
    await steps.signIn(hers, email, '/auth/login?acr=2');

    const query = 'mutation { revokeSessions(allOthers: true) { __typename ... on SessionsRevoked { count } } }';
    const answer = await hers.post(at('/graphql'), { query });

    expect(await answer.json()).toEqual({ data: { revokeSessions: { __typename: 'SessionsRevoked', count: 1 } } });
    expect(await isSignedIn(phone)).toBe(false);
    await expect.poll(async () => (await sessionsAtKeycloak(userId)).includes(phones), soon).toBe(false);
    expect([await isSignedIn(hers), (await sessionsAtKeycloak(userId)).length]).toEqual([true, 1]);
    expect((await hers.post(at('/auth/refresh'), {})).status).toBe(200);
  });
});
