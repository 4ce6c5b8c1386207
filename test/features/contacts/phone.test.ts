import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotFound, RateLimited, Unauthenticated, Unavailable, ValidationFailed } from '../../../src/domain/errors.ts';
import { confirmByCode } from '../../../src/features/contacts/contact-codes.ts';
import { confirmContactChange, revertContactChange } from '../../../src/features/contacts/contact-links.ts';
import { requestContactChange, resendVerification } from '../../../src/features/contacts/contact-service.ts';
import { mover, type Mover, subjects } from '../../support/contact-steps.ts';
import { IdentityWorld } from '../../support/identity-world.ts';

const number = '+4915112345678';
const other = '+4915112345679';

let world: IdentityWorld;
let anna: Mover;
beforeEach(async () => {
  world = await IdentityWorld.open();
  anna = await mover(world);
});
afterEach(() => world[Symbol.asyncDispose]());

const input = (value: string) => ({ channel: 'SMS', value, idempotencyKey: randomUUID() });
const codeTo = (to: string): string =>
  /^\d{6}/.exec(world.texts.findLast((text) => text.number === to)?.body ?? '')?.[0] ?? '';
const wrong = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
const ruleOf = (done: Promise<unknown>): Promise<unknown> =>
  done.then(
    () => 'taken',
    (error: unknown) => (error instanceof ValidationFailed ? error.issues[0]?.rule : (error as Error).constructor.name),
  );

async function asked(who = anna, value = number): Promise<string> {
  const { changeId } = await requestContactChange(who.ctx(), input(value));
  await world.runJobs();
  return changeId;
}
async function proven(who = anna, value = number): Promise<void> {
  const changeId = await asked(who, value);
  await confirmByCode(who.ctx(), { changeId, code: codeTo(value) });
  await world.runJobs();
}
async function phoneOf(who = anna) {
  const app = who.ctx();
  const row = await app.customers.byId(who.id);
  return row && (await app.customers.person(row))?.phone;
}

describe('a telephone number (decision 11, 14)', () => {
  test('is proven by a code, shown in all spellings, and known to Keycloak as proven', async () => {
    const changeId = await asked(anna, '+49 (0)1511 2345678');
    expect(await phoneOf()).toMatchObject({ verified: false, pending: number });
    expect(world.texts[0]).toMatchObject({ number, customer: anna.id, ip: '192.0.2.1' });
    expect(world.texts[0]?.body).toMatch(/^\d{6} .*\n\n@localhost #\d{6}$/);

    expect(await confirmByCode(anna.ctx(), { changeId, code: codeTo(number) })).toBe(anna.id);

    expect(await phoneOf()).toEqual({
      number,
      region: 'DE',
      national: '01511 2345678',
      verified: true,
      pending: null,
    });
    expect(anna.user.attributes).toMatchObject({ phoneNumber: [number], phoneNumberVerified: ['true'] });
    await world.told({ type: 'USER_UPDATE', userId: anna.user.id, by: 'service' });
    const facts = (await world.facts(anna.id)).filter(({ type }) => type === 'CustomerUpdated').map(({ data }) => data);
    expect(facts).toMatchObject([
      { changed: ['phone.pending'], reason: 'SELF' },
      { changed: ['phone', 'phone.verified', 'phone.pending'], reason: 'SELF', phoneVerified: true },
    ]);
  });

  test('five wrong codes use it up, even the right one; another one has to be sent', async () => {
    const changeId = await asked();
    const right = codeTo(number);
    const give = (code: string) => ruleOf(confirmByCode(anna.ctx(), { changeId, code }));

    expect([await give(wrong(right)), await give('x'), await give(''), await give(wrong(right))]).toEqual(
      Array(4).fill('wrong_code'),
    );
    expect([await give(wrong(right)), await give(right)]).toEqual(['code_over', 'code_over']);
    expect(await ruleOf(resendVerification(anna.ctx(), 'SMS'))).toBe(RateLimited.name);
    world.advance(60_000);
    await resendVerification(anna.ctx(), 'SMS');

    expect(await give(codeTo(number))).toBe('taken');
  });

  test('a code is good for ten minutes, once, for her and for this change', async () => {
    const eve = await mover(world, 'eve@shop.example');
    const changeId = await asked();
    const code = codeTo(number);

    await expect(confirmByCode(eve.ctx(), { changeId, code })).rejects.toBeInstanceOf(NotFound);
    await expect(confirmByCode(world.ctx(), { changeId, code })).rejects.toBeInstanceOf(Unauthenticated);
    const two = await Promise.all([0, 1].map(() => ruleOf(confirmByCode(anna.ctx(), { changeId, code }))));
    expect(new Set(two)).toEqual(new Set(['NotFound', 'taken']));
    const next = await asked(anna, other);
    expect(await ruleOf(confirmByCode(anna.ctx(), { changeId: next, code }))).toBe('wrong_code');
    world.advance(600_000);
    expect(await ruleOf(confirmByCode(anna.ctx(), { changeId: next, code: codeTo(other) }))).toBe('code_over');
  });

  test('where none can be sent nothing waits', async () => {
    world.textsFail = new Unavailable(30);

    await expect(requestContactChange(anna.ctx(), input(number))).rejects.toBeInstanceOf(Unavailable);
    world.textsFail = new ValidationFailed([{ path: ['number'], rule: 'mobile', message: '' }]);
    const refused = await requestContactChange(anna.ctx(), input(number)).catch((error: unknown) => error);

    expect((refused as ValidationFailed).issues).toMatchObject([{ path: ['value'], rule: 'mobile' }]);
    expect(await phoneOf()).toBeNull();
  });

  test.each(['0151 12345678', '+49 1', 'x', '+80012345678'])('%j is no number of anybody', async (value) => {
    expect(await ruleOf(requestContactChange(anna.ctx(), input(value)))).toMatch(/phone|country/);
    expect(world.texts).toEqual([]);
  });

  test('while Keycloak is away a proof waits', async () => {
    const changeId = await asked();
    world.keycloak.mode = 'down';
    await confirmByCode(anna.ctx(), { changeId, code: codeTo(number) });
    expect(await phoneOf()).toMatchObject({ verified: false });

    world.keycloak.mode = 'up';
    world.advance(6000);
    await world.runJobs();

    expect(await phoneOf()).toMatchObject({ verified: true });
  });
});

describe('a number is of whoever proved it last (issue 2, deliverable 7)', () => {
  test('its former holder loses it as contact and as factor, and is told by mail', async () => {
    const eve = await mover(world, 'eve@shop.example');
    await proven(eve);
    eve.user.credentials?.push({ id: 'her-sms', type: 'sms-otp', createdDate: 1 });

    await proven(anna);

    expect([await phoneOf(anna), await phoneOf(eve)]).toMatchObject([{ number, verified: true }, null]);
    expect(eve.user.attributes['phoneNumber']).toBeUndefined();
    expect(eve.user.credentials?.map(({ id }) => id)).toEqual(['old-password']);
    const told = world.mails.filter(({ to }) => to === 'eve@shop.example').map(({ subject }) => subject);
    expect(told).toContain('Ihre Telefonnummer wird nicht mehr verwendet');
    expect(told).not.toContain('Ihre Telefonnummer wurde geändert');
  });

  test('Keycloak still showing it gives nothing back; proven once more it is hers again', async () => {
    const eve = await mover(world, 'eve@shop.example');
    await proven(eve);
    const changeId = await asked(anna);
    await confirmByCode(anna.ctx(), { changeId, code: codeTo(number) });
    await world.told({ type: 'USER_UPDATE', userId: eve.user.id });
    expect([await phoneOf(anna), await phoneOf(eve)]).toMatchObject([{ verified: true }, null]);
    await world.runJobs();

    await proven(eve);

    expect([await phoneOf(anna), await phoneOf(eve)]).toMatchObject([null, { verified: true }]);
  });

  test('set at Keycloak by its own steps it counts as well', async () => {
    const eve = await mover(world, 'eve@shop.example');
    await proven(eve);
    Object.assign(anna.user.attributes, { phoneNumber: [number], phoneNumberVerified: ['true'] });
    await world.told({ type: 'UPDATE_PROFILE', userId: anna.user.id, by: 'customer' });
    await world.runJobs();

    expect([await phoneOf(anna), await phoneOf(eve)]).toMatchObject([{ verified: true }, null]);
    expect(eve.user.attributes['phoneNumber']).toBeUndefined();
  });
});

describe('revert and numbers (decision 14)', () => {
  test('a changed number is told by mail, and comes back', async () => {
    await proven();
    world.advance(73 * 3_600_000);
    await proven(anna, other);

    await revertContactChange(world.ctx(), anna.linkTo('anna@shop.example', /Telefonnummer wurde geändert/));

    expect(await phoneOf()).toMatchObject({ number, verified: true });
    expect(anna.user.attributes['phoneNumber']).toEqual([number]);
  });

  test('the thief adds his number after he changed the address: both go', async () => {
    await anna.ask('thief@evil.example');
    await confirmContactChange(world.ctx(), anna.linkTo('thief@evil.example', subjects.proof));
    await world.runJobs();
    await proven();

    await revertContactChange(world.ctx(), anna.linkTo('anna@shop.example', subjects.changed));
    await world.runJobs();

    expect(await phoneOf()).toBeNull();
    expect(anna.user.attributes['phoneNumber']).toBeUndefined();
    expect(await world.show(anna.id)).toMatchObject({ email: 'anna@shop.example' });
    expect(world.mails.filter(({ to, subject }) => to === 'thief@evil.example' && /geändert/.test(subject))).toEqual(
      [],
    );
  });

  test('a number that is somebody else’s by now does not come back', async () => {
    await proven();
    world.advance(73 * 3_600_000);
    await proven(anna, other);
    const eve = await mover(world, 'eve@shop.example');
    await proven(eve);

    await revertContactChange(world.ctx(), anna.linkTo('anna@shop.example', /Telefonnummer wurde geändert/));

    expect([await phoneOf(eve), await phoneOf()]).toMatchObject([{ verified: true }, null]);
  });
});
