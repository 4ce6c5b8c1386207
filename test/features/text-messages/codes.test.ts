import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { TextingWorld } from '../../support/texting-world.ts';

const unavailable = { status: 503, body: { code: 'PROVIDER_UNAVAILABLE' } };

describe('codes by text message (FR-2; issue 2, deliverable 2)', () => {
  let world: TextingWorld;
  afterEach(() => world[Symbol.asyncDispose]());

  test.each([
    ['en', 'sign-in', '482913 is your code to sign in. Give it to nobody, not to us either.'],
    ['de-AT', 'enrolment', '482913 ist Ihr Code, um diese Nummer für die Anmeldung einzurichten.'],
    ['fr', 'contact', '482913 is your code to confirm this number.'],
  ])('in %s for %s: the code first, and last the line that binds it to our sign-in', async (locale, purpose, begin) => {
    world = await TextingWorld.open();

    const reply = await world.ask({ number: '0049 151 1234-5678', code: '482913', locale, purpose });

    expect(reply).toMatchObject({ status: 202, body: { number: '+4915112345678' } });
    const [text, ...others] = await world.sent();
    expect(others).toEqual([]);
    expect(text?.to).toBe('+4915112345678');
    expect(text?.body.startsWith(begin)).toBe(true);
    expect(text?.body.endsWith('\n\n@login.shop.example #482913')).toBe(true);
    expect(text?.body.length).toBeLessThanOrEqual(160);
    expect(await world.counted('sent')).toBe(1);
  });

  test.each([
    ['no number', { number: 'call me' }, 'phone'],
    ['a number of a country that gets none', { number: '+12015550123' }, 'country'],
    ['a number of no country', { number: '+870773111632' }, 'country'],
    ['a telephone with a cord', { number: '+493012345678' }, 'mobile'],
    ['a number that costs whoever writes to it', { number: '+499001234567' }, 'mobile'],
    ['a code that is none', { code: '12 34' }, 'digits'],
  ])('%s: refused with the rule, nothing is sent', async (_name, more, rule) => {
    world = await TextingWorld.open();

    const { status, body } = await world.ask(more);

    expect([status, body.code, body.issues?.map((issue) => issue.rule)]).toEqual([422, 'VALIDATION', [rule]]);
    expect(await world.sent()).toEqual([]);
  });

  test.each([
    ['an unknown purpose', { purpose: 'advertising' }],
    ['more than was asked for', { body: 'Buy now' }],
    ['no address of the person', { ip: undefined }],
  ])('a form with %s is none', async (_name, more) => {
    world = await TextingWorld.open();

    expect(await world.ask(more)).toMatchObject({ status: 422, body: { code: 'VALIDATION', issues: [] } });
    expect(await world.sent()).toEqual([]);
  });

  test('without a gateway it is said so', async () => {
    world = await TextingWorld.open({ gateway: undefined });

    expect(await world.ask()).toMatchObject(unavailable);
    expect(await world.counted('gateway_off')).toBe(1);
  });

  test('a gateway that hangs is told within five seconds, and the message counts as paid', async () => {
    const hung = createServer(() => undefined);
    await new Promise<void>((resolve) => hung.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(hung.address() as AddressInfo).port}`;
    world = await TextingWorld.open({
      gateway: { url, account: 'AC0123', token: 'x'.repeat(16), from: 'Shop' },
      budgetCents: 10,
    });
    const begin = performance.now();

    const reply = await world.ask();

    expect(reply).toMatchObject(unavailable);
    expect(reply.retryAfter).toBeGreaterThan(0);
    expect(performance.now() - begin).toBeLessThan(5000);
    expect(await world.counted('gateway_timeout')).toBe(1);
    await world.ask({ number: '+4915112345679' });
    expect(await world.counted('budget_spent')).toBe(1);
    hung.closeAllConnections();
    await new Promise((resolve) => hung.close(resolve));
  });

  test('a gateway that is away is an outage, and costs nothing of the budget', async () => {
    world = await TextingWorld.open({
      gateway: { url: 'http://127.0.0.1:9', account: 'AC0123', token: 'a token of ours', from: 'Shop' },
      budgetCents: 10,
    });

    for (let n = 0; n < 3; n += 1) expect(await world.ask()).toMatchObject(unavailable);

    expect(await world.counted('gateway_unreachable')).toBe(3);
    expect(await world.counted('budget_spent')).toBe(0);
  });

  test('neither number, code nor address is in the log or the metrics', async () => {
    world = await TextingWorld.open({
      gateway: { url: 'http://127.0.0.1:9', account: 'A', token: 'x'.repeat(16), from: 'S' },
    });
    await world.ask({ code: '482913' });
    await world.proven('+4915112345678');

    const seen = await world.told();
    expect(seen).toContain('a text message was not sent');
    expect(seen).not.toMatch(/15112345678|482913|203\.0\.113/);
  });
});
