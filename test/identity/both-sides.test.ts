import { describe, expect, inject, test } from 'vitest';
import { me, stepsOverService } from '../support/life-steps.ts';

const steps = stepsOverService();

describe('changes on the other side (design §4)', () => {
  test('names changed here and there end equal', async () => {
    const { email, token } = await steps.signedUp();
    const { version } = (await steps.ask(me, {}, token))['data'].me;
    const update = 'mutation ($i: UpdateProfileInput!) { updateProfile(input: $i) { __typename } }';
    await steps.ask(update, { i: { expectedVersion: version, givenName: 'Here' } }, token);
    await expect.poll(async () => (await steps.userOf(email)).firstName, { timeout: 8000 }).toBe('Here');

    const user = await steps.userOf(email);
    await steps.admin('PUT', `/users/${user.id}`, { ...user, firstName: 'There' });

    await expect
      .poll(async () => (await steps.ask(me, {}, token))['data'].me.givenName, { timeout: 8000 })
      .toBe('There');
  });

  test('disabled in the console, her token is refused within five seconds; opened again, she is back', async () => {
    const { email, id, token } = await steps.signedUp();
    const user = await steps.userOf(email);

    await steps.admin('PUT', `/users/${user.id}`, { ...user, enabled: false });

    await expect.poll(async () => (await steps.ask(me, {}, token))['code'], { timeout: 5000 }).toBe('UNAUTHENTICATED');
    expect(await steps.statusOf(id)).toBe('SUSPENDED');
    await steps.admin('PUT', `/users/${user.id}`, { ...(await steps.userOf(email)), enabled: true });
    await expect.poll(() => steps.statusOf(id), { timeout: 8000 }).toBe('ACTIVE');
  });

  test('closed by staff here, she is disabled there', async () => {
    const [{ email, id }, staff] = [await steps.signedUp(), await steps.signedUp()];
    const staffUser = await steps.userOf(staff.email);
    await steps.admin('POST', `/users/${staffUser.id}/role-mappings/realm`, [await steps.admin('GET', '/roles/admin')]);
    const strong = await steps.tokenOf(staff.email, 'openid strong');
    const { version } = (await steps.ask('query ($id: ID!) { customer(id: $id) { version } }', { id }, strong))['data']
      .customer;
    const change = 'mutation ($i: ChangeStatusInput!) { changeStatus(input: $i) { __typename } }';

    const answer = await steps.ask(
      change,
      { i: { customerId: id, expectedVersion: version, status: 'SUSPENDED', reason: 'test' } },
      strong,
    );

    expect(answer['data']?.changeStatus.__typename).toBe('CustomerPayload');
    await expect.poll(async () => (await steps.userOf(email)).enabled, { timeout: 8000 }).toBe(false);
  });

  test('deleted in the console, she is deactivated and it is told, as the deed of staff', async () => {
    const { email, id } = await steps.signedUp();
    const told = (): Promise<{ reason: string }[]> =>
      steps.rows(
        `select event->'data'->>'reason' as reason from outbox where customer_id = $1 and type like '%CustomerAccountDeactivated%'`,
        id,
      );

    await steps.admin('DELETE', `/users/${(await steps.userOf(email)).id}`);

    await expect.poll(told, { timeout: 8000 }).toEqual([{ reason: 'STAFF' }]);
    expect(await steps.statusOf(id)).toBe('DEACTIVATED');
  });

  test('a session ended at Keycloak is over here', async () => {
    const { email, token } = await steps.signedUp();

    await steps.admin('POST', `/users/${(await steps.userOf(email)).id}/logout`);

    await expect.poll(async () => (await steps.ask(me, {}, token))['code'], { timeout: 5000 }).toBe('UNAUTHENTICATED');
  });
});

describe('what an operator sees (design §4)', () => {
  test('the metrics tell what waits, for how long, and whether somebody should look', async () => {
    const shown = async (): Promise<string> => (await fetch(inject('endpoints').metrics)).text();

    await expect.poll(shown, { timeout: 10_000 }).toContain('customers_alarm{what="sweep-stopped"} 0');

    const text = await shown();
    expect(text).toMatch(/^customers_outbox_oldest_seconds \d/m);
    for (const what of ['outbox', 'inbox', 'dead-letters', 'failed-jobs', 'refused'])
      expect(text).toMatch(new RegExp(`^customers_waiting\\{what="${what}"\\} \\d`, 'm'));
    for (const what of ['dead-letters', 'failed-jobs', 'refused'])
      expect(text).toContain(`customers_alarm{what="${what}"} 0`);
  });
});
