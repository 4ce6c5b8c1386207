import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  Forbidden,
  LastContact,
  NotFound,
  RateLimited,
  StepUpRequired,
  Unauthenticated,
  Unavailable,
  ValidationFailed,
} from '../../../src/domain/errors.ts';
import { confirmContactChange, revertContactChange } from '../../../src/features/contacts/contact-links.ts';
import { requestContactChange, resendVerification } from '../../../src/features/contacts/contact-service.ts';
import { mover, type Mover, subjects } from '../../support/contact-steps.ts';
import { IdentityWorld } from '../../support/identity-world.ts';

const hour = 3_600_000;
const oldMail = 'anna@shop.example';
const newMail = 'anna@new.example';

let world: IdentityWorld;
let anna: Mover;
beforeEach(async () => {
  world = await IdentityWorld.open();
  anna = await mover(world);
});
afterEach(() => world[Symbol.asyncDispose]());

const input = (value: string, channel = 'EMAIL') => ({ channel, value, idempotencyKey: randomUUID() });
const confirm = (token: string) => confirmContactChange(world.ctx(), token);
const shown = () => world.show(anna.id);
const changedFacts = async () =>
  (await world.facts(anna.id)).filter(({ type }) => type === 'CustomerUpdated').map(({ data }) => data);

describe('another e-mail address (§3.6, decision 14)', () => {
  test('waits until it is proven; then it is primary here and at Keycloak, and the old one is told', async () => {
    await anna.ask(newMail);
    expect(await shown()).toMatchObject({ email: oldMail, status: 'ACTIVE' });
    expect(world.mails.map(({ to }) => to).toSorted()).toEqual([newMail, oldMail]);

    expect(await confirm(anna.linkTo(newMail, subjects.proof))).toBe(anna.id);
    await world.runJobs();

    expect(await shown()).toMatchObject({ email: newMail, status: 'ACTIVE' });
    expect(anna.user).toMatchObject({ email: newMail, username: newMail, emailVerified: true, firstName: 'Anna' });
    expect(anna.user.attributes).toEqual({ locale: ['de'], customerId: [anna.id] });
    expect(anna.linkTo(oldMail, subjects.changed)).not.toBe('');
  });

  test('its echo from Keycloak makes no second fact, and the fact is hers', async () => {
    await anna.ask(newMail);
    await confirm(anna.linkTo(newMail, subjects.proof));
    await world.told({ type: 'USER_UPDATE', userId: anna.user.id, by: 'service' });
    await world.runJobs();

    const facts = (await changedFacts()).map(({ changed, reason }) => ({ changed, reason }));
    expect(facts).toEqual([
      { changed: ['email.pending'], reason: 'SELF' },
      { changed: ['email', 'email.pending'], reason: 'SELF' },
    ]);
    expect(world.mails).toHaveLength(3);
  });

  test('Keycloak’s echo may come before our own look: the change is the same one', async () => {
    await anna.ask(newMail);
    world.keycloak.mode = 'down';
    await confirm(anna.linkTo(newMail, subjects.proof));
    world.keycloak.mode = 'up';
    Object.assign(anna.user, { email: newMail, username: newMail });
    world.advance(6000);

    await world.told({ type: 'USER_UPDATE', userId: anna.user.id, by: 'service' });

    expect((await changedFacts()).at(-1)).toMatchObject({ changed: ['email', 'email.pending'], reason: 'SELF' });
  });

  test('while Keycloak is away a proof waits and nothing is lost', async () => {
    await anna.ask(newMail);
    world.keycloak.mode = 'down';

    await confirm(anna.linkTo(newMail, subjects.proof));
    expect(await shown()).toMatchObject({ email: oldMail });
    await expect(world.run('contacts.apply', anna.id)).rejects.toBeInstanceOf(Unavailable);
    world.keycloak.mode = 'up';
    world.advance(72 * hour);
    await world.run('contacts.drop-over');
    await world.run('contacts.apply', anna.id);

    expect(await shown()).toMatchObject({ email: newMail });
  });

  test('while Keycloak is away none is begun', async () => {
    world.keycloak.mode = 'down';

    await expect(requestContactChange(anna.ctx(), input(newMail))).rejects.toBeInstanceOf(Unavailable);
    expect(await changedFacts()).toEqual([]);
  });

  test('a link is good once, and for nothing else', async () => {
    await anna.ask(newMail);
    const token = anna.linkTo(newMail, subjects.proof);

    await expect(revertContactChange(world.ctx(), token)).rejects.toBeInstanceOf(NotFound);
    await confirm(token);
    await expect(confirm(token)).rejects.toBeInstanceOf(NotFound);
    await expect(confirm(anna.linkTo(oldMail, subjects.requested))).rejects.toBeInstanceOf(NotFound);
    await expect(confirm('x')).rejects.toBeInstanceOf(NotFound);
  });

  test('a link is over after 48 hours, and void once she wants something else', async () => {
    await anna.ask(newMail);
    const first = anna.linkTo(newMail, subjects.proof);
    await anna.ask('anna@other.example');
    await expect(confirm(first)).rejects.toBeInstanceOf(NotFound);

    world.advance(48 * hour);
    await expect(confirm(anna.linkTo('anna@other.example', subjects.proof))).rejects.toBeInstanceOf(NotFound);
    await world.run('contacts.drop-over');

    expect((await changedFacts()).at(-1)).toMatchObject({ changed: ['email.pending'], reason: 'SYSTEM' });
    expect(await shown()).toMatchObject({ email: oldMail });
  });

  test('a change at Keycloak meanwhile voids it', async () => {
    await anna.ask(newMail);
    Object.assign(anna.user, { email: 'console@shop.example', username: 'console@shop.example' });
    await world.told({ type: 'USER_UPDATE', userId: anna.user.id });

    await expect(confirm(anna.linkTo(newMail, subjects.proof))).rejects.toBeInstanceOf(NotFound);
    expect(await shown()).toMatchObject({ email: 'console@shop.example' });
  });

  test('an address of somebody else: the answer is the same, she is told, and nobody learns of her', async () => {
    const eve = await mover(world, 'eve@shop.example');
    const free = await anna.ask(newMail);
    const taken = await anna.ask('EVE@shop.example');

    expect(Object.keys(taken)).toEqual(Object.keys(free));
    expect(world.mails.filter(({ to }) => /eve/i.test(to)).map(({ subject }) => subject)).toEqual([
      'Jemand wollte Ihre Kontaktdaten verwenden',
    ]);
    expect(await world.show(eve.id)).toMatchObject({ email: 'eve@shop.example' });
  });

  test('proven by another one meanwhile, it is not given; proof evicts whoever held it without one', async () => {
    await anna.ask(newMail);
    const token = anna.linkTo(newMail, subjects.proof);
    const eve = await mover(world, newMail);
    await confirm(token);
    await world.runJobs();
    expect(await shown()).toMatchObject({ email: oldMail });
    expect(await world.show(eve.id)).toMatchObject({ email: newMail });
    expect((await changedFacts()).at(-1)).toMatchObject({ changed: ['email.pending'], reason: 'SYSTEM' });

    const squatter = await world.madeInConsole({ email: 'squatted@new.example' });
    await anna.ask('squatted@new.example');
    await confirm(anna.linkTo('squatted@new.example', subjects.proof));

    expect(await shown()).toMatchObject({ email: 'squatted@new.example' });
    expect(world.keycloak.users.has(squatter.id)).toBe(false);
  });

  test('a user at Keycloak whom we do not know has it unproven: she gives way; proven: it is not given', async () => {
    await anna.ask(newMail);
    const unknown = world.keycloak.add({ email: newMail });
    await confirm(anna.linkTo(newMail, subjects.proof));
    expect(await shown()).toMatchObject({ email: newMail });
    expect(world.keycloak.users.has(unknown.id)).toBe(false);

    await anna.ask('other@new.example');
    const proven = world.keycloak.add({ email: 'other@new.example', emailVerified: true });
    await confirm(anna.linkTo('other@new.example', subjects.proof));
    await world.runJobs();

    expect(await shown()).toMatchObject({ email: newMail });
    expect(await world.customerOf(proven.id)).toBeDefined();
  });
});

describe('who may ask for it (contracts: access, “Step-up”)', () => {
  const ask = (ctx: Parameters<typeof requestContactChange>[0]) => requestContactChange(ctx, input(newMail));

  test('she herself, freshly proven', async () => {
    const stale = world.parts.clock.now().getTime() / 1000 - 301;
    await expect(ask(world.ctx())).rejects.toBeInstanceOf(Unauthenticated);
    await expect(ask(anna.ctx({ permissions: new Set(['customer:write']) }))).rejects.toBeInstanceOf(Forbidden);
    await expect(ask(anna.ctx({ kind: 'service' }))).rejects.toBeInstanceOf(Forbidden);
    await expect(ask(anna.ctx({ authTime: stale }))).rejects.toBeInstanceOf(StepUpRequired);
    await expect(ask(anna.ctx({ acr: '1' }))).rejects.toMatchObject({
      authUrl: 'http://localhost:4000/auth/login?acr=2&returnTo=%2Fprofile',
    });
    expect(await ask(anna.ctx())).toMatchObject({ channel: 'EMAIL' });
  });

  test('asked twice with one key it is one change; six an hour are too many', async () => {
    const same = input(newMail);
    expect(await requestContactChange(anna.ctx(), same)).toEqual(await requestContactChange(anna.ctx(), same));
    for (let n = 2; n <= 5; n++) await requestContactChange(anna.ctx(), input(`anna.${n}@new.example`));

    await expect(requestContactChange(anna.ctx(), input('anna.6@new.example'))).rejects.toBeInstanceOf(RateLimited);
  });

  test('an address gets three mails an hour, whoever asks, and nobody learns of the limit', async () => {
    for (let n = 0; n < 4; n++) expect(await anna.ask(newMail)).toMatchObject({ channel: 'EMAIL' });

    expect(world.mails.filter(({ to }) => to === newMail)).toHaveLength(3);
  });

  test('the proof is sent once more on demand, and any of its links is good', async () => {
    await anna.ask(newMail);
    const first = anna.linkTo(newMail, subjects.proof);
    await expect(resendVerification(anna.ctx(), 'EMAIL')).rejects.toBeInstanceOf(RateLimited);
    world.advance(60_000);
    await resendVerification(anna.ctx(), 'EMAIL');
    await world.runJobs();

    expect(anna.linkTo(newMail, subjects.proof)).not.toBe(first);
    await confirm(first);
    await expect(confirm(anna.linkTo(newMail, subjects.proof))).rejects.toBeInstanceOf(NotFound);
    await expect(resendVerification(anna.ctx(), 'EMAIL')).rejects.toBeInstanceOf(ValidationFailed);
  });

  test('an address is never taken away without another one in its place', async () => {
    await expect(requestContactChange(anna.ctx(), input(' '))).rejects.toBeInstanceOf(LastContact);
  });

  test.each([
    ['not an address', 'EMAIL', 'value'],
    ['ANNA@shop.example', 'EMAIL', 'value'],
    ['x@shop.example', 'POST', 'channel'],
  ])('%s by %s is refused (%s)', async (value, channel, field) => {
    const refused = await requestContactChange(anna.ctx(), input(value, channel)).catch((error: unknown) => error);

    expect(refused).toBeInstanceOf(ValidationFailed);
    expect((refused as ValidationFailed).issues[0]?.path).toEqual([field]);
    expect(world.mails).toEqual([]);
  });
});
