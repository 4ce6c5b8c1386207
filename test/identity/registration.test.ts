import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { stepsOverService } from '../support/life-steps.ts';

const steps = stepsOverService();

const registeredEver = async (): Promise<number> =>
  (await steps.rows(`select from outbox where type like '%CustomerRegistered%'`)).length;

describe('registration at a real Keycloak (FR-1)', () => {
  test('register, mail, link, password: she is a customer, told exactly once', async () => {
    const { id } = await steps.signedUp();

    const types = await steps.typesOf(id);

    expect(types.filter((type) => type.includes('CustomerRegistered'))).toHaveLength(1);
    expect(types.some((type) => type.includes('CustomerUpdated'))).toBe(true);
  });

  test('a known address gets the same answer, and its owner a mail of ours', async () => {
    const { email } = await steps.signedUp();
    const before = (await steps.mailsTo(email)).length;

    expect(await steps.register(email)).toEqual({ __typename: 'RegistrationAccepted' });

    await expect.poll(async () => (await steps.mailsTo(email)).length, { timeout: 8000 }).toBe(before + 1);
    expect((await steps.mailsTo(email))[0]?.text).not.toContain('action-token');
  });

  test('fifty at once are one customer, one user and one mail in the language asked for', async () => {
    const email = `${randomUUID()}@example.org`;
    const before = await registeredEver();

    const answers = await Promise.all(Array.from({ length: 50 }, () => steps.register(email)));

    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ __typename: 'RegistrationAccepted' })]),
    );
    await steps.prove(email);
    const token = await steps.activeToken(email);
    const [user, ...otherUsers] = await steps.usersOf(email);
    expect(otherUsers).toEqual([]);
    const customers = await steps.customersOf(email);
    expect(customers).toEqual([await steps.idOf(token)]);
    const links = 'select customer_id as id from identity_link where subject = $1';
    expect(await steps.rows(links, user.id)).toEqual([{ id: customers[0] }]);
    const mails = await steps.mailsTo(email);
    expect(mails.map(({ subject }) => subject)).toEqual(['Noch ein Schritt zu Ihrem Konto']);
    expect(mails[0]?.text).toContain('action-token');
    expect((await registeredEver()) - before).toBe(1);
  });

  test.each([
    ['en', 'with this link you can confirm your address and choose your password:'],
    ['de', 'mit diesem Link geht es weiter (Adresse bestätigen und Passwort wählen):'],
  ])('the mail with the link says in a sentence what to do, in %s', async (locale, sentence) => {
    const email = `${randomUUID()}@example.org`;

    await steps.register(email, { locale });

    await steps.linksTo(email);
    const [mail] = await steps.mailsTo(email);
    expect(mail?.text).toContain(sentence);
    expect(mail?.html).toContain(sentence);
  });
});
