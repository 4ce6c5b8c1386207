import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RateLimited, StepUpRequired, ValidationFailed } from '../../../src/domain/errors.ts';
import { confirmByCode } from '../../../src/features/contacts/contact-codes.ts';
import { revertContactChange } from '../../../src/features/contacts/contact-links.ts';
import { requestContactChange, resendVerification } from '../../../src/features/contacts/contact-service.ts';
import { mover, type Mover } from '../../support/contact-steps.ts';
import { IdentityWorld } from '../../support/identity-world.ts';

const number = '+4915112345678';
const phoneChanged = /Telefonnummer wurde geändert/;

let world: IdentityWorld;
let anna: Mover;
beforeEach(async () => {
  world = await IdentityWorld.open();
  anna = await mover(world);
});
afterEach(() => world[Symbol.asyncDispose]());

const input = (value: string, channel = 'SMS') => ({ channel, value, idempotencyKey: randomUUID() });

async function proven(): Promise<void> {
  const { changeId } = await requestContactChange(anna.ctx(), input(number));
  const code = /^\d{6}/.exec(world.texts.at(-1)?.body ?? '')?.[0] ?? '';
  await confirmByCode(anna.ctx(), { changeId, code });
  await world.runJobs();
}

async function phoneOf() {
  const app = anna.ctx();
  const row = await app.customers.byId(anna.id);
  return row && (await app.customers.person(row))?.phone;
}

describe('taking a number away (decision 14)', () => {
  test('it is gone here and at Keycloak at once, without a code, and it is her doing', async () => {
    await proven();

    await requestContactChange(anna.ctx(), input(''));

    expect(await phoneOf()).toBeNull();
    expect(anna.user.attributes).not.toHaveProperty('phoneNumber');
    expect(anna.user.attributes).not.toHaveProperty('phoneNumberVerified');
    expect(world.texts).toHaveLength(1);
    const facts = (await world.facts(anna.id)).filter(({ type }) => type === 'CustomerUpdated').map(({ data }) => data);
    expect(facts.at(-1)).toMatchObject({ reason: 'SELF' });
  });

  test('she is told by mail, and her link brings it back', async () => {
    await proven();
    world.mails.length = 0;
    await requestContactChange(anna.ctx(), input(''));
    await world.runJobs();
    expect(world.mails.map(({ to, subject }) => [to, subject])).toEqual([
      [anna.user.email, expect.stringMatching(phoneChanged)],
    ]);

    await revertContactChange(world.ctx(), anna.linkTo(anna.user.email, phoneChanged));
    await world.runJobs();

    expect(await phoneOf()).toMatchObject({ number, verified: true });
    expect(anna.user.attributes['phoneNumber']).toEqual([number]);
  });

  test('while Keycloak is away it waits, and goes when it is back', async () => {
    await proven();
    const ctx = anna.ctx();
    const asked = requestContactChange(
      { ...ctx, work: { enqueue: (...given) => ((world.keycloak.mode = 'down'), ctx.work.enqueue(...given)) } },
      input(''),
    );

    await asked;
    world.keycloak.mode = 'up';
    expect(anna.user.attributes['phoneNumber']).toEqual([number]);
    await world.runJobs();

    expect(await phoneOf()).toBeNull();
    expect(anna.user.attributes).not.toHaveProperty('phoneNumber');
  });

  test('needs a fresh proof, and a number', async () => {
    await expect(requestContactChange(anna.ctx(), input(''))).rejects.toBeInstanceOf(ValidationFailed);
    await proven();

    await expect(requestContactChange(anna.ctx({ acr: '1' }), input(''))).rejects.toBeInstanceOf(StepUpRequired);
    expect(await phoneOf()).toMatchObject({ number });
  });
});

describe('an address that waits elsewhere, or was never proven', () => {
  test('one that she asked for in Keycloak’s own console is void when she asks for another one here', async () => {
    anna.user.attributes['kc.email.pending'] = ['anna@console.example'];
    anna.user.requiredActions = ['UPDATE_EMAIL'];

    await anna.ask('anna@new.example');

    expect(anna.user.attributes).toEqual({ locale: ['de'], customerId: [anna.id] });
    expect(anna.user.requiredActions).toEqual([]);
  });

  test('a first address that nobody proved gets Keycloak’s link once more, and asks for no password', async () => {
    const user = await world.madeInConsole({ email: 'berta@shop.example', emailVerified: false });
    const id = user.id;
    const ctx = () => anna.ctx({ id, identity: { issuer: world.issuer, subject: id } });

    expect(await resendVerification(ctx(), 'EMAIL')).toMatchObject({ channel: 'EMAIL' });
    await expect(resendVerification(ctx(), 'EMAIL')).rejects.toBeInstanceOf(RateLimited);

    expect(world.keycloak.mails).toMatchObject([{ userId: id, actions: ['VERIFY_EMAIL'] }]);
  });
});
