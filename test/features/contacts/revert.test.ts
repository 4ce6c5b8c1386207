import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotFound, StatusConflict } from '../../../src/domain/errors.ts';
import { confirmContactChange, revertContactChange } from '../../../src/features/contacts/contact-links.ts';
import { forUpdate } from '../../../src/messaging/for-update.ts';
import { mover, type Mover, subjects } from '../../support/contact-steps.ts';
import { IdentityWorld } from '../../support/identity-world.ts';

const hour = 3_600_000;
const hers = 'anna@shop.example';

let world: IdentityWorld;
let anna: Mover;
beforeEach(async () => {
  world = await IdentityWorld.open();
  anna = await mover(world);
});
afterEach(() => world[Symbol.asyncDispose]());

/** Whoever is signed in moves the account to another address, and sets up what a thief would. */
async function stolen(email = 'thief@evil.example'): Promise<void> {
  await anna.ask(email);
  await confirmContactChange(world.ctx(), anna.linkTo(email, subjects.proof));
  await world.runJobs();
}
function armed(): void {
  const createdDate = world.parts.clock.now().getTime() + 1000;
  anna.user.credentials?.push(
    { id: 'his-passkey', type: 'webauthn', createdDate },
    { id: 'his-device', type: 'trusted-device', createdDate },
  );
  anna.user.federatedIdentities?.push({ identityProvider: 'apple', userId: 'his' });
}
const revert = (token: string) => revertContactChange(world.ctx(), token);
const link = () => anna.linkTo(hers, subjects.changed);
const idsOf = () => anna.user.credentials?.map(({ id }) => id);
const signIn = () =>
  world.records.transact(async (em) => {
    const at = world.parts.clock.now();
    (await forUpdate(em, anna.id)).signedIn({ at, sessionId: 's', method: 'pwd', amr: [] }, { at, by: 'SELF' });
  });
const underLock = () =>
  world.records.transact(async (em) => (await forUpdate(em, anna.id)).isUnderContactLock(world.parts.clock.now()));

describe('revert is a lock, not a key (decision 14)', () => {
  test('what the account gained since goes, here and at Keycloak; what was there before stays', async () => {
    await stolen();
    armed();

    await revert(link());

    expect(idsOf()).toEqual(['old-password']);
    expect(anna.user.federatedIdentities).toEqual([{ identityProvider: 'google', userId: 'old' }]);
    expect(anna.user).toMatchObject({ email: hers, username: hers, emailVerified: true });
    expect(anna.user.attributes).toMatchObject({ contactLock: ['true'], customerId: [anna.id] });
    expect(world.keycloak.loggedOut).toEqual([anna.user.id]);
    expect(await world.count('revocation')).toBeGreaterThan(0);
    expect(await world.show(anna.id)).toMatchObject({ email: hers, status: 'ACTIVE' });
  });

  test('a password that was changed since is gone as well: the mailbox alone opens nothing', async () => {
    await stolen();
    Object.assign(anna.user.credentials?.[0] ?? {}, { createdDate: world.parts.clock.now().getTime() });

    await revert(link());

    expect(idsOf()).toEqual([]);
    expect(anna.user.attributes['contactLock']).toEqual(['true']);
  });

  test('a device that was trusted before is trusted no more, since what she signs in with is again as it was', async () => {
    const createdDate = world.parts.clock.now().getTime() - 60_000;
    anna.user.credentials?.push({ id: 'a-device', type: 'customer-trusted-device', createdDate });
    await stolen();

    await revert(link());

    expect(idsOf()).toEqual(['old-password']);
  });

  test('the thief changes the address, adds a passkey and changes it again: he is out', async () => {
    await stolen();
    armed();
    anna.user.credentials?.splice(1);
    await stolen('thief2@evil.example');
    armed();

    await revert(link());
    await world.runJobs();

    expect(idsOf()).toEqual(['old-password']);
    expect(await world.show(anna.id)).toMatchObject({ email: hers });
    const his = anna.linkTo('thief@evil.example', subjects.changed);
    await expect(revert(his)).rejects.toBeInstanceOf(NotFound);
  });

  test('he reverts as well, before her: she has the last word', async () => {
    await stolen();
    await stolen('thief2@evil.example');

    await revert(anna.linkTo('thief@evil.example', subjects.changed));
    expect(await world.show(anna.id)).toMatchObject({ email: 'thief@evil.example' });
    await revert(link());

    expect(await world.show(anna.id)).toMatchObject({ email: hers });
    expect(idsOf()).toEqual(['old-password']);
  });

  test('while Keycloak is away everybody is signed out at once and nobody signs in; the rest follows', async () => {
    await stolen();
    armed();
    world.keycloak.mode = 'down';

    await revert(link());
    expect(await world.count('revocation')).toBeGreaterThan(0);
    await expect(signIn()).rejects.toBeInstanceOf(StatusConflict);
    world.keycloak.mode = 'up';
    world.advance(6000);
    await world.runJobs();

    expect(idsOf()).toEqual(['old-password']);
    await signIn();
  });

  test('the link from the first mail stops a change that waits, and locks all the same', async () => {
    await anna.ask('thief@evil.example');
    armed();
    const proof = anna.linkTo('thief@evil.example', subjects.proof);

    await revert(anna.linkTo(hers, subjects.requested));

    await expect(confirmContactChange(world.ctx(), proof)).rejects.toBeInstanceOf(NotFound);
    expect(idsOf()).toEqual(['old-password']);
    expect(await world.show(anna.id)).toMatchObject({ email: hers });
  });

  test('a link is good for 72 hours from the completion, and once', async () => {
    await stolen();
    world.advance(71 * hour);
    const [first, completed] = [anna.linkTo(hers, subjects.requested), link()];
    await revert(completed);

    await expect(revert(completed)).rejects.toBeInstanceOf(NotFound);
    await expect(revert(first)).rejects.toBeInstanceOf(NotFound);
  });

  test('after 72 hours it is too late', async () => {
    await stolen();
    world.advance(72 * hour + 1000);

    await expect(revert(link())).rejects.toBeInstanceOf(NotFound);
    await expect(revert(anna.linkTo(hers, subjects.requested))).rejects.toBeInstanceOf(NotFound);
  });

  test('opened with something from before, it is free of the bar once the time to misuse it is over', async () => {
    await stolen();
    await revert(link());
    await world.runJobs();
    await signIn();
    expect(await underLock()).toBe(true);

    world.advance(73 * hour);
    await world.run('contacts.drop-over');
    await world.runJobs();

    expect(anna.user.attributes['contactLock']).toBeUndefined();
    expect(await underLock()).toBe(false);
  });

  test('her address is somebody else’s by now: she is locked all the same, and staff hear of it', async () => {
    await stolen();
    armed();
    await mover(world, hers);

    await revert(link());

    expect(idsOf()).toEqual(['old-password']);
    expect(await world.show(anna.id)).toMatchObject({ email: 'thief@evil.example' });
    expect(world.logged.join('')).toContain('contact-not-restored');
  });
});

describe('a change made at Keycloak (decision 14)', () => {
  const console = async (email: string, by: 'customer' | 'staff', type: string) => {
    Object.assign(anna.user, { email, username: email });
    await world.told({ type, userId: anna.user.id, by });
    await world.runJobs();
  };

  test.each([
    ['customer', 'UPDATE_EMAIL'],
    ['staff', 'USER_UPDATE'],
  ] as const)('by %s (%s): the old address is told, and can revert it', async (by, type) => {
    const minutesAgo = (minutes: number) => world.parts.clock.now().getTime() - minutes * 60_000;
    anna.user.credentials?.push(
      { id: 'her-totp', type: 'otp', createdDate: minutesAgo(40) },
      { id: 'added-while-his-link-was-out', type: 'otp', createdDate: minutesAgo(20) },
    );
    await console('thief@evil.example', by, type);
    armed();
    expect(world.mails.map(({ to }) => to)).toEqual([hers]);

    await revert(link());

    // Nobody had looked before the change, so that every foreign identity counts as later.
    expect([idsOf(), anna.user.federatedIdentities]).toEqual([['old-password', 'her-totp'], []]);
    expect(await world.show(anna.id)).toMatchObject({ email: hers });
  });

  test('a link of Keycloak’s that was out when the lock fell changes nothing for long; staff may change it', async () => {
    await console('thief@evil.example', 'customer', 'UPDATE_EMAIL');
    await revert(link());
    await world.runJobs();
    await signIn();
    anna.user.credentials?.push({ id: 'late', type: 'otp', createdDate: world.parts.clock.now().getTime() });

    await console('thief2@evil.example', 'customer', 'UPDATE_EMAIL');

    expect([anna.user.email, (await world.show(anna.id))?.email]).toEqual([hers, hers]);
    expect(idsOf()).toEqual(['old-password']);
    expect(world.mails).toHaveLength(1);
    await console('checked@shop.example', 'staff', 'USER_UPDATE');
    expect(await world.show(anna.id)).toMatchObject({ email: 'checked@shop.example' });
  });

  test('another spelling is no change that anybody is told of', async () => {
    await console('Anna@SHOP.example', 'customer', 'UPDATE_EMAIL');

    expect(world.mails).toEqual([]);
  });

  test('told twice it is one change', async () => {
    await console('new@shop.example', 'customer', 'UPDATE_EMAIL');
    await console('new@shop.example', 'customer', 'UPDATE_EMAIL');

    expect(world.mails).toHaveLength(1);
  });
});
