import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IdempotencyMismatch, RateLimited, Unavailable, ValidationFailed } from '../../src/domain/errors.ts';
import { claimIntent, confirmIntentNames, intentNames } from '../../src/features/registration/intent-service.ts';
import { networkOf, type RegistrationInput } from '../../src/features/registration/registration-input.ts';
import { register } from '../../src/features/registration/registration-service.ts';
import { IdentityWorld } from '../support/identity-world.ts';

describe('registration (issue 1, deliverable 6; decision 9)', () => {
  let world: IdentityWorld;
  beforeEach(async () => {
    world = await IdentityWorld.open();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const form = (more: Partial<RegistrationInput> = {}): RegistrationInput => ({
    email: 'anna@shop.example',
    givenName: 'Anna',
    familyName: 'Kern',
    locale: 'de-AT',
    country: 'AT',
    consents: [],
    idempotencyKey: randomUUID(),
    ...more,
  });
  const onlyUser = () => [...world.keycloak.users.values()].at(-1) ?? expect.fail('no user');
  /** She opens the mail, proves her address and sets a password. */
  const prove = async () => {
    const user = onlyUser();
    Object.assign(user, { emailVerified: true, requiredActions: [] });
    await world.told({ type: 'VERIFY_EMAIL', userId: user.id, by: 'customer' });
    return (await world.customerOf(user.id)) ?? expect.fail('no customer');
  };

  test('a new address gets a link, and a pending customer without any name, here and at Keycloak', async () => {
    expect(await register(world.ctx(), form())).toEqual({ nextStep: 'VERIFY_EMAIL' });

    const user = onlyUser();
    const id = await world.customerOf(user.id);
    expect(user).toMatchObject({
      emailVerified: false,
      requiredActions: ['VERIFY_EMAIL', 'UPDATE_PASSWORD'],
      attributes: { customerId: [id], locale: ['de'] },
    });
    expect(user.firstName).toBeUndefined();
    expect(await world.show(id)).toMatchObject({
      status: 'PENDING_VERIFICATION',
      givenName: null,
      familyName: null,
      locale: 'de-AT',
    });
    expect(world.keycloak.mails).toEqual([
      {
        userId: user.id,
        clientId: 'customer-bff',
        redirectUri: 'http://localhost:4000/auth/login',
        actions: ['VERIFY_EMAIL', 'UPDATE_PASSWORD'],
      },
    ]);
    expect(await world.facts()).toMatchObject([
      { type: 'CustomerRegistered', data: { method: 'PASSWORD', locale: 'de-AT', country: 'AT' } },
    ]);
  });

  test('Keycloak’s own fact about it makes no second customer and no second event', async () => {
    await register(world.ctx(), form());
    await world.told({ type: 'USER_CREATE', userId: onlyUser().id, by: 'service' });
    await prove();

    expect((await world.facts()).map(({ type }) => type)).toEqual(['CustomerRegistered', 'CustomerUpdated']);
  });

  test('names become hers by the browser that sent them, and go to Keycloak then', async () => {
    await register(world.ctx(), form({ browserSecret: 'her-browser' }));
    const customerId = await prove();

    expect(await claimIntent(world.ctx(), { customerId, browserSecret: 'another' })).toBe(false);
    expect(await claimIntent(world.ctx(), { customerId, browserSecret: undefined })).toBe(false);
    expect(await world.show(customerId)).toMatchObject({ givenName: null });
    expect(await claimIntent(world.ctx(), { customerId, browserSecret: 'her-browser' })).toBe(true);
    await world.runJobs();

    expect(await world.show(customerId)).toMatchObject({ status: 'ACTIVE', givenName: 'Anna', familyName: 'Kern' });
    expect(onlyUser()).toMatchObject({ firstName: 'Anna', lastName: 'Kern' });
    expect(await world.count('registration_intent')).toBe(0);
  });

  test('squatting: names that somebody else typed are shown to nobody but her, and hers only if she says so', async () => {
    await register(world.ctx('198.51.100.1'), form({ givenName: 'Squatter', browserSecret: 'his-browser' }));
    await register(world.ctx(), form({ browserSecret: 'her-browser' }));
    const customerId = await prove();

    expect(await claimIntent(world.ctx(), { customerId, browserSecret: 'his-browser' })).toBe(false);
    expect(await intentNames(world.ctx(), customerId)).toEqual({ givenName: 'Anna', familyName: 'Kern' });
    expect(await confirmIntentNames(world.ctx(), { customerId, hers: false })).toBe(false);
    expect(await world.show(customerId)).toMatchObject({ givenName: null, familyName: null });
    expect(world.keycloak.users.size).toBe(1);
    const { rows } = await world.records.pool.query('select status from customer order by created_at');
    expect(rows).toEqual([{ status: 'ERASING' }, { status: 'ACTIVE' }]);
  });

  test('a known address gets the same answer; its owner is told by our mail, and nothing of hers changes', async () => {
    await register(world.ctx(), form());
    const id = await prove();
    const before = await world.show(id);

    expect(await register(world.ctx(), form({ email: 'ANNA@shop.example', givenName: 'Mallory' }))).toEqual({
      nextStep: 'VERIFY_EMAIL',
    });
    await world.runJobs();

    expect(world.mails.map(({ to, subject }) => [to, subject])).toEqual([
      ['anna@shop.example', 'Sie haben bereits ein Konto'],
    ]);
    expect(world.keycloak.mails).toHaveLength(1);
    expect(await world.show(id)).toEqual(before);
  });

  test('known or not, the answer takes as long', async () => {
    world.registration.answerMs = 400;
    await register(world.ctx(), form());
    await prove();
    const timed = async (email: string) => {
      const began = performance.now();
      await register(world.ctx(), form({ email }));
      return performance.now() - began;
    };

    const [known, unknown] = [await timed('anna@shop.example'), await timed('new@shop.example')];

    expect(Math.min(known, unknown)).toBeGreaterThanOrEqual(399);
    expect(Math.abs(known - unknown)).toBeLessThan(60);
  });

  test('fifty registrations of one address at once make one customer', async () => {
    Object.assign(world.registration, { perNetworkPerHour: 100, mailsPerHour: 100 });

    const done = await Promise.allSettled(Array.from({ length: 50 }, () => register(world.ctx(), form())));
    await world.work();

    expect(done.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(await world.count('customer')).toBe(1);
    expect(world.keycloak.users.size).toBe(1);
    expect((await world.facts()).map(({ type }) => type)).toEqual(['CustomerRegistered']);
  });

  test('an address gets three mails an hour, and nobody learns of the limit', async () => {
    for (let n = 0; n < 5; n++) expect(await register(world.ctx(), form())).toEqual({ nextStep: 'VERIFY_EMAIL' });

    expect(world.keycloak.mails).toHaveLength(3);
  });

  test('twenty registrations an hour come from one network', async () => {
    for (let n = 0; n < 20; n++) await register(world.ctx(`192.0.2.${n}`), form({ email: `a${n}@shop.example` }));

    await expect(register(world.ctx('192.0.2.99'), form({ email: 'b@shop.example' }))).rejects.toBeInstanceOf(
      RateLimited,
    );
    expect(await register(world.ctx('192.0.3.1'), form({ email: 'b@shop.example' }))).toBeDefined();
    expect([
      networkOf('192.0.2.77'),
      networkOf('::ffff:192.0.2.77'),
      networkOf('2001:db8:1:2::3'),
      networkOf('x'),
    ]).toEqual(['192.0.2.0/24', '192.0.2.0/24', '2001:db8:1::/48', 'unknown']);
  });

  test.each(['down', 'no-mail'] as const)('with Keycloak %s nothing half made is left', async (mode) => {
    world.keycloak.mode = mode;

    await expect(register(world.ctx(), form())).rejects.toBeInstanceOf(Unavailable);
    await world.work();

    expect(world.keycloak.users.size).toBe(0);
    expect(await world.count('customer')).toBe(0);
    world.keycloak.mode = 'up';
    world.advance(6_000);
    expect(await register(world.ctx(), form())).toEqual({ nextStep: 'VERIFY_EMAIL' });
    expect(await world.count('registration_intent')).toBe(1);
  });

  test('the same key is the same registration; with another form it is refused', async () => {
    const same = form({ browserSecret: 'one' });
    await register(world.ctx(), same);
    await register(world.ctx(), { ...same, browserSecret: 'two' });

    expect(world.keycloak.mails).toHaveLength(1);
    await expect(register(world.ctx(), { ...same, givenName: 'Other' })).rejects.toBeInstanceOf(IdempotencyMismatch);
  });

  test.each([
    [{ email: '' }, 'email'],
    [{ email: 'x' }, 'email'],
    [{ email: `${'a'.repeat(300)}@x.example` }, 'email'],
    [{ email: 'a\u0000@x.example' }, 'email'],
    [{ givenName: 'a\u0007' }, 'givenName'],
    [{ familyName: '\ud800' }, 'familyName'],
    [{ givenName: 'a'.repeat(101) }, 'givenName'],
    [{ locale: 'not a tag' }, 'locale'],
    [{ locale: '' }, 'locale'],
    [{ country: 'XX' }, 'country'],
    [{ country: '' }, 'country'],
    [{ consents: [{ purpose: 'marketing' }] }, 'consents'],
    [{ guestToken: 'x'.repeat(600) }, 'guestToken'],
    [{ idempotencyKey: 'x' }, 'idempotencyKey'],
  ])('a bad form is refused before anything happens (%j)', async (more, field) => {
    const refused = await register(world.ctx(), form(more)).catch((error: unknown) => error);

    expect(refused).toBeInstanceOf(ValidationFailed);
    expect((refused as ValidationFailed).issues.map(({ path }) => path[0])).toEqual([field]);
    expect(world.keycloak.calls).toEqual([]);
  });

  test.each(['"odd name"@shop.example', 'a+b@shop.example', 'maria@bücher.example', "o'hara@shop.example"])(
    'unusual addresses are taken (%s)',
    async (email) => {
      await register(world.ctx(), form({ email }));

      expect(await world.show(await world.customerOf(onlyUser().id))).toMatchObject({ email });
    },
  );

  test('whoever proves nothing in a week is dropped, at Keycloak too', async () => {
    await register(world.ctx(), form());
    await register(world.ctx(), form({ email: 'proven@shop.example' }));
    await prove();
    world.advance(8 * 86_400_000);

    await world.run('registration.drop-unproven');

    expect([...world.keycloak.users.values()].map(({ email }) => email)).toEqual(['proven@shop.example']);
    const { rows } = await world.records.pool.query('select status from customer order by created_at');
    expect(rows).toEqual([{ status: 'ERASING' }, { status: 'ACTIVE' }]);
    expect(await world.count('registration_intent')).toBe(0);
  });
});
