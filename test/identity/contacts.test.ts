import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, inject, test } from 'vitest';
import { me, password, type SignedUp, stepsOverService } from '../support/life-steps.ts';
import { Visitor } from '../support/visitor.ts';

const steps = stepsOverService();
const { keycloak, clients } = inject('endpoints');

const address = (): string => `${randomUUID()}@example.org`;
const request = 'mutation ($i: ContactChangeInput!) { done: requestContactChange(input: $i) { __typename } }';

/** The link of ours in the newest mail with such a subject, once it is there. */
async function ourLink(email: string, subject: RegExp): Promise<string> {
  const found = async () => {
    const mail = (await steps.mailsTo(email)).find((one) => subject.test(one.subject));
    return /https?:\/\/\S+\/l\/[\w-]+/.exec(mail?.text ?? '')?.[0] ?? '';
  };
  await expect.poll(found, { timeout: 8000 }).not.toBe('');
  return found();
}

/** Opens a link of ours and presses its button. */
async function press(link: string): Promise<string> {
  const page = await new Visitor().open(link);
  expect(page.text).toContain('<form class="card" method="post">');
  const answer = await fetch(link, { method: 'POST' });
  expect(answer.status).toBe(200);
  return answer.text();
}

async function ask(email: string, value: string, secret = password): Promise<void> {
  const token = await steps.tokenOf(email, 'openid strong', secret);
  const answer = await steps.ask(request, { i: { channel: 'EMAIL', value, idempotencyKey: randomUUID() } }, token);
  expect(answer['data']?.done.__typename).toBe('ContactChangePending');
}

/** Whom she is after signing in anew. A token of the second in which others were revoked is refused with them. */
const idOf = async (email: string): Promise<string | undefined> =>
  (await steps.ask(me, {}, await steps.tokenOf(email)))['data']?.me?.id;

const addressOf = async ({ id }: SignedUp, email: string): Promise<boolean> =>
  (await steps.customersOf(email)).includes(id);

/** She, or whoever has her password, asks for another address on Keycloak's own page. Returns the link that is mailed. */
async function askAtKeycloak(email: string, value: string): Promise<string> {
  const visitor = new Visitor();
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: clients.bff.id,
    redirect_uri: `${steps.publicUrl}/auth/callback`,
    response_type: 'code',
    scope: 'openid',
    state: 'x',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    kc_action: 'UPDATE_EMAIL',
  });
  const login = await visitor.open(
    `${keycloak.url}/realms/${keycloak.realm}/protocol/openid-connect/auth?${query.toString()}`,
  );
  const form = await visitor.submit(login, { username: email, password });
  await visitor.submit(form, { email: value });
  const [link = ''] = await steps.linksTo(value);
  return link;
}

async function resetBy(email: string): Promise<string> {
  const visitor = new Visitor();
  const login = await visitor.open(`${steps.publicUrl}/auth/login`);
  const page = await visitor.follow(login, 'reset-credentials');
  const before = (await steps.mailsTo(email)).length;
  await visitor.submit(page, { username: email });
  await expect.poll(async () => (await steps.mailsTo(email)).length, { timeout: 8000 }).toBe(before + 1);
  const [link = ''] = await steps.linksTo(email);
  return (await steps.openLink(link, visitor)).text;
}

describe('another address, with Keycloak (decision 14)', () => {
  test('from the graph: she signs in with the new one and not with the old one, it is told once, and can be reverted', async () => {
    const anna = await steps.signedUp();
    const next = address();
    await ask(anna.email, next);
    expect(await steps.tokenOf(next)).toBe('');

    await press(await ourLink(next, /bestätigen/));

    await expect.poll(() => addressOf(anna, next), { timeout: 20_000 }).toBe(true);
    expect(await steps.tokenOf(anna.email)).toBe('');
    const mine = (await steps.ask(me, {}, await steps.tokenOf(next)))['data'].me;
    expect(mine).toMatchObject({ id: anna.id, status: 'ACTIVE', email: { verified: true } });
    await ourLink(anna.email, /wurden geändert/);
    const user = await steps.userOf(next);
    expect(user).toMatchObject({ username: next, emailVerified: true, attributes: { customerId: [anna.id] } });
    const told = await steps.rows<{ changed: string[] }>(
      `select event->'data'->'changed' as changed from outbox
        where customer_id = $1 and event->'data'->'changed' ? 'email' order by sequence`,
      anna.id,
    );
    expect(told).toEqual([{ changed: ['email', 'email.pending'] }]);

    await press(await ourLink(anna.email, /wurden geändert/));

    // Her password is from before the change, so it opens the account.
    await expect.poll(() => idOf(anna.email), { timeout: 20_000 }).toBe(anna.id);
    expect(await steps.tokenOf(next)).toBe('');
  });

  test('from Keycloak’s own page: it counts here, and the old address can revert it', async () => {
    const anna = await steps.signedUp();
    const his = address();
    await steps.openLink(await askAtKeycloak(anna.email, his));
    await expect.poll(() => addressOf(anna, his), { timeout: 8000 }).toBe(true);

    await press(await ourLink(anna.email, /wurden geändert/));

    await expect.poll(() => addressOf(anna, anna.email), { timeout: 20_000 }).toBe(true);
    expect(await addressOf(anna, his)).toBe(false);
    expect(await steps.tokenOf(his)).toBe('');
    // All she has is younger than a link of Keycloak's may be, so that it may have been set up by him.
    expect(await steps.admin('GET', `/users/${(await steps.userOf(anna.email)).id}/credentials`)).toEqual([]);
  });

  test('the thief is out: his password and his session, and the mailbox alone gets nothing', async () => {
    const anna = await steps.signedUp();
    const his = address();
    const { id: userId } = await steps.userOf(anna.email);
    await ask(anna.email, his);
    await press(await ourLink(his, /bestätigen/));
    await expect.poll(() => addressOf(anna, his), { timeout: 20_000 }).toBe(true);
    const hisPassword = 'another quiet river stone';
    await steps.admin('PUT', `/users/${userId}/reset-password`, { type: 'password', value: hisPassword });
    const token = await steps.tokenOf(his, 'openid', hisPassword);
    expect(token).not.toBe('');
    expect(await steps.ask(me, {}, token)).toMatchObject({ data: { me: { id: anna.id } } });

    await press(await ourLink(anna.email, /wurden geändert/));

    await expect.poll(() => addressOf(anna, anna.email), { timeout: 20_000 }).toBe(true);
    await expect.poll(async () => (await steps.ask(me, {}, token))['code'], { timeout: 5000 }).toBe('UNAUTHENTICATED');
    expect(await steps.admin('GET', `/users/${userId}/credentials`)).toEqual([]);
    expect(await steps.admin('GET', `/users/${userId}/sessions`)).toEqual([]);
    for (const name of [his, anna.email]) expect(await steps.tokenOf(name, 'openid', hisPassword)).toBe('');
    expect(await resetBy(anna.email)).not.toContain('password-new');
    // Staff set a password after they made sure who she is.
    await steps.admin('PUT', `/users/${userId}/reset-password`, { type: 'password', value: password });
    await expect.poll(() => idOf(anna.email), { timeout: 8000 }).toBe(anna.id);
  });

  test('a link of Keycloak’s that was out when the lock fell gives him nothing for long', async () => {
    const anna = await steps.signedUp();
    const [his, second] = [address(), address()];
    const { id: userId } = await steps.userOf(anna.email);
    await ask(anna.email, his);
    const stale = await askAtKeycloak(anna.email, second);

    await press(await ourLink(anna.email, /gewünscht/));
    await steps.openLink(stale);

    const now = async () => (await steps.admin('GET', `/users/${userId}`)).email as string;
    await expect.poll(now, { timeout: 20_000 }).toBe(anna.email);
    expect([await addressOf(anna, anna.email), await addressOf(anna, second)]).toEqual([true, false]);
  });

  test('a link of Keycloak’s is void once she asks for another address here', async () => {
    const anna = await steps.signedUp();
    const [there, here] = [address(), address()];
    const token = await steps.tokenOf(anna.email, 'openid strong');
    const stale = await askAtKeycloak(anna.email, there);
    expect((await steps.userOf(anna.email)).attributes).toMatchObject({ 'kc.email.pending': [there] });
    await steps.ask(request, { i: { channel: 'EMAIL', value: here, idempotencyKey: randomUUID() } }, token);
    expect((await steps.userOf(anna.email)).attributes).not.toHaveProperty('kc.email.pending');

    await steps.openLink(stale);
    await press(await ourLink(here, /bestätigen/));

    await expect.poll(() => addressOf(anna, here), { timeout: 20_000 }).toBe(true);
    expect(await steps.tokenOf(there)).toBe('');
  });

  test('whoever is not locked gets a new password by mail', async () => {
    const { email } = await steps.signedUp();

    expect(await resetBy(email)).toContain('password-new');
  });
});
