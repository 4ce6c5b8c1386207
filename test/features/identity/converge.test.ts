import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ContactInUse, Unauthenticated, Unavailable } from '../../../src/domain/errors.ts';
import { compareClaims, convergeNow, customerOfBearer } from '../../../src/features/identity/identity-service.ts';
import { IdentityWorld } from '../../support/identity-world.ts';

describe('convergence with Keycloak (issue 1, deliverable 9)', () => {
  let world: IdentityWorld;
  beforeEach(async () => {
    world = await IdentityWorld.open();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const anna = {
    email: 'anna@shop.example',
    emailVerified: true,
    firstName: 'Anna',
    lastName: 'Kern',
    attributes: { locale: ['de'] },
  };

  test('a user made in the console becomes a customer, once, with her names, and carries our id afterwards', async () => {
    const user = await world.madeInConsole(anna);
    await world.told(
      { type: 'USER_UPDATE', userId: user.id },
      { type: 'UPDATE_PROFILE', userId: user.id, by: 'customer' },
    );
    await world.runJobs();

    const id = await world.customerOf(user.id);
    expect(await world.show(id)).toMatchObject({
      status: 'ACTIVE',
      givenName: 'Anna',
      familyName: 'Kern',
      email: anna.email,
      locale: 'de',
    });
    expect(world.keycloak.users.get(user.id)?.attributes['customerId']).toEqual([id]);
    expect(await world.facts()).toEqual([
      {
        type: 'CustomerRegistered',
        actor: expect.any(String) as string,
        data: expect.objectContaining({ method: 'STAFF', status: 'ACTIVE' }) as object,
      },
    ]);
  });

  test('whatever comes first, the event, our own look or the sign-in, she becomes one customer', async () => {
    const user = world.keycloak.add(anna);
    const claims = {
      issuer: world.issuer,
      subject: user.id,
      email: anna.email,
      emailVerified: true,
      givenName: 'Anna',
      familyName: 'Kern',
      locale: 'de',
    };
    await world.deliver({ type: 'REGISTER', userId: user.id, by: 'customer' });

    const [id, , converged] = await Promise.all([
      compareClaims(world.ctx(), claims),
      world.work(),
      convergeNow(world.ctx(), user.id),
    ]);

    expect(converged.customerId).toBe(id);
    expect((await world.facts()).map(({ type }) => type)).toEqual(['CustomerRegistered']);
  });

  test('an address proven in Keycloak opens the account; taken back, it waits again', async () => {
    const user = await world.madeInConsole({ email: 'anna@shop.example' });
    const id = await world.customerOf(user.id);
    expect(await world.show(id)).toMatchObject({ status: 'PENDING_VERIFICATION' });

    user.emailVerified = true;
    await world.told({ type: 'VERIFY_EMAIL', userId: user.id, by: 'customer' });
    expect(await world.show(id)).toMatchObject({ status: 'ACTIVE' });

    user.emailVerified = false;
    await world.told({ type: 'USER_UPDATE', userId: user.id });
    expect(await world.show(id)).toMatchObject({ status: 'PENDING_VERIFICATION' });
    expect((await world.facts(id)).map(({ type }) => type)).toEqual([
      'CustomerRegistered',
      'CustomerUpdated',
      'CustomerUpdated',
    ]);
  });

  test('a proof evicts whoever held the address without one', async () => {
    const squatter = await world.madeInConsole({ email: 'straße@shop.example' });
    const hers = await world.madeInConsole({ email: 'strasse@shop.example', emailVerified: true });

    expect(await world.show(await world.customerOf(squatter.id))).toMatchObject({ status: 'ERASING', email: null });
    expect(await world.show(await world.customerOf(hers.id))).toMatchObject({
      status: 'ACTIVE',
      email: 'strasse@shop.example',
    });
  });

  test('two users that are one address for us: the second one becomes nobody, and it is reported', async () => {
    await world.madeInConsole({ email: 'strasse@shop.example', emailVerified: true });
    const second = await world.madeInConsole({ email: 'straße@shop.example', emailVerified: true });
    const identity = { issuer: world.issuer, subject: second.id };

    expect(await world.customerOf(second.id)).toBeUndefined();
    expect(await world.drift()).toEqual(['DELIVERY CREATED', 'DELIVERY SAME_ADDRESS']);
    await expect(
      compareClaims(world.ctx(), { ...identity, email: second.email, emailVerified: true }),
    ).rejects.toBeInstanceOf(ContactInUse);
    await expect(customerOfBearer(world.ctx(), identity)).rejects.toBeInstanceOf(Unauthenticated);
  });

  test('disabled in the console she is suspended and her tokens are refused; enabled there she is back', async () => {
    const user = await world.madeInConsole(anna);
    const id = await world.customerOf(user.id);

    user.enabled = false;
    await world.told({ type: 'USER_UPDATE', userId: user.id });
    expect(await world.show(id)).toMatchObject({ status: 'SUSPENDED' });
    expect(await world.count('revocation')).toBe(1);

    user.enabled = true;
    await world.told({ type: 'UPDATE_PROFILE', userId: user.id, by: 'customer' });
    expect(await world.show(id)).toMatchObject({ status: 'SUSPENDED' });
    await world.told({ type: 'USER_UPDATE', userId: user.id });
    expect(await world.show(id)).toMatchObject({ status: 'ACTIVE' });
  });

  test('deleted in the console, the account is closed by staff', async () => {
    const user = await world.madeInConsole(anna);
    const id = await world.customerOf(user.id);
    world.keycloak.users.delete(user.id);

    await world.told({ type: 'USER_DELETE', userId: user.id });

    expect(await world.show(id)).toMatchObject({ status: 'DEACTIVATED' });
    expect((await world.facts(id)).at(-1)).toMatchObject({
      type: 'CustomerAccountDeactivated',
      data: { reason: 'STAFF' },
    });
  });

  test('accounts of clients never become customers', async () => {
    const account = await world.madeInConsole({
      email: 'x@shop.example',
      username: 'service-account-shop',
      serviceAccountClientId: 'shop',
    });

    expect(await world.customerOf(account.id)).toBeUndefined();
    expect(await world.count('customer')).toBe(0);
  });

  test('an id that is another customer’s makes nobody that customer', async () => {
    const user = await world.madeInConsole(anna);
    const id = await world.customerOf(user.id);
    const other = await world.madeInConsole({
      email: 'eve@shop.example',
      emailVerified: true,
      attributes: { customerId: [id ?? ''] },
    });

    expect(await world.customerOf(other.id)).toBeUndefined();
    expect(await world.drift()).toContain('DELIVERY UNLINKED');
  });

  test('ends of sessions refuse their tokens, and nobody is looked at', async () => {
    const before = world.keycloak.calls.length;

    await world.told(
      { type: 'LOGOUT', userId: 'u1', sessionId: 's1', by: 'customer' },
      { type: 'USER_SESSION_DELETE', sessionId: 's2' },
      { type: 'USER_LOGOUT', userId: 'u1' },
    );

    const { rows } = await world.records.pool.query('select sid, subject from revocation order by sid nulls last');
    expect(rows).toEqual([
      { sid: 's1', subject: null },
      { sid: 's2', subject: null },
      { sid: null, subject: 'u1' },
    ]);
    expect(world.keycloak.calls).toHaveLength(before);
  });

  test('a delivery that cannot be read is put aside and holds up nobody', async () => {
    const user = world.keycloak.add(anna);
    await world.records.pool.query(
      `insert into inbox (source, message_id, type, payload, received_at, next_attempt_at) values ('keycloak', 'x', 'X', '{"id":"x"}', now(), now())`,
    );

    await world.told({ type: 'USER_CREATE', userId: user.id });

    expect(await world.count('dead_letter')).toBe(1);
    expect(await world.customerOf(user.id)).toBeDefined();
  });

  test('while Keycloak is down nothing is lost, and nothing counts as missing', async () => {
    const user = await world.madeInConsole(anna);
    world.keycloak.mode = 'down';
    user.firstName = 'Annette';
    await world.told({ type: 'USER_UPDATE', userId: user.id });
    await expect(world.run('identity.sweep')).rejects.toBeInstanceOf(Unavailable);

    world.keycloak.mode = 'up';
    world.advance(60_000);
    await world.work();

    expect(await world.show(await world.customerOf(user.id))).toMatchObject({ givenName: 'Annette', status: 'ACTIVE' });
    expect(await world.count('dead_letter')).toBe(0);
  });

  test('a sign-in whose claims are what we have asks Keycloak nothing', async () => {
    const user = await world.madeInConsole(anna);
    const claims = {
      issuer: world.issuer,
      subject: user.id,
      email: anna.email,
      emailVerified: true,
      givenName: 'Anna',
      familyName: 'Kern',
      locale: 'de',
    };
    const before = world.keycloak.calls.length;

    expect(await compareClaims(world.ctx(), claims)).toBe(await world.customerOf(user.id));
    expect(world.keycloak.calls).toHaveLength(before);

    user.firstName = 'Annette';
    await compareClaims(world.ctx(), { ...claims, givenName: 'Annette' });
    expect(await world.show(await world.customerOf(user.id))).toMatchObject({ givenName: 'Annette' });
    expect(await world.drift()).toContain('SIGN_IN CHANGED');
  });
});
