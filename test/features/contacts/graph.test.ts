import { randomUUID } from 'node:crypto';
import { createYoga } from 'graphql-yoga';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ctx } from '../../../src/context.ts';
import { graphErrorOf } from '../../../src/graphql/errors.ts';
import { schema } from '../../../src/server/schema.ts';
import { mover, type Mover, subjects } from '../../support/contact-steps.ts';
import { IdentityWorld } from '../../support/identity-world.ts';

const pending = '... on ContactChangePending { changeId channel expiresAt resendAfter }';
const refused = '... on UserError { code path } ... on StepUpRequiredError { acr authUrl }';
const request = `mutation ($input: ContactChangeInput!) { done: requestContactChange(input: $input) { __typename ${pending} ${refused} } }`;
const resend = `mutation { done: resendVerification(channel: EMAIL) { __typename ${pending} ${refused} } }`;
const payload = '... on CustomerPayload { customer { id email { address pending } } } ... on UserError { code }';
const confirm = `mutation ($token: String) { done: confirmContactChange(token: $token) { __typename ${payload} } }`;
const revert = `mutation ($token: String!) { done: revertContactChange(token: $token) { __typename ${payload} } }`;
const phone = 'phone { number region national verified }';
const me = '{ me { email { address verified pending pendingExpiresAt } } }';

let world: IdentityWorld;
let anna: Mover;
beforeAll(async () => {
  world = await IdentityWorld.open();
  anna = await mover(world);
});
afterAll(() => world[Symbol.asyncDispose]());

const yoga = createYoga<{ app: Ctx }>({
  schema,
  logging: false,
  maskedErrors: { maskError: (error) => graphErrorOf(error) ?? (error as Error) },
});

async function ask(app: Ctx, query: string, variables: object = {}): Promise<any> {
  const body = JSON.stringify({ query, variables });
  const headers = { 'content-type': 'application/json' };
  const answer = await yoga.fetch('http://localhost/graphql', { method: 'POST', headers, body }, { app });
  const { data, errors } = (await answer.json()) as { data?: any; errors?: any[] };
  return data?.done ?? data?.me ?? errors?.[0]?.extensions;
}

const input = (value: string) => ({ input: { channel: 'EMAIL', value, idempotencyKey: randomUUID() } });

describe('contacts in the graph (contracts: subgraph)', () => {
  test('asked for, it is shown as pending; confirmed by the link, it is the address; reverted, it is not', async () => {
    const asked = await ask(anna.ctx(), request, input('anna@new.example'));
    expect(asked).toMatchObject({ __typename: 'ContactChangePending', channel: 'EMAIL' });
    expect(Date.parse(asked.expiresAt) - Date.parse(asked.resendAfter)).toBe(48 * 3_600_000 - 60_000);
    await world.runJobs();
    expect(await ask(anna.ctx(), me)).toEqual({
      email: {
        address: 'anna@shop.example',
        verified: true,
        pending: 'anna@new.example',
        pendingExpiresAt: asked.expiresAt,
      },
    });

    const token = anna.linkTo('anna@new.example', subjects.proof);
    expect(await ask(anna.ctx(), confirm, { token })).toEqual({
      __typename: 'CustomerPayload',
      customer: { id: anna.id, email: { address: 'anna@new.example', pending: null } },
    });
    await world.runJobs();

    const back = await ask(world.ctx(), revert, { token: anna.linkTo('anna@shop.example', subjects.changed) });
    // Whoever has a link and is not signed in sees no more of her than a stranger does.
    expect(back).toEqual({ __typename: 'CustomerPayload', customer: { id: anna.id, email: null } });
    expect(await world.show(anna.id)).toMatchObject({ email: 'anna@shop.example' });
  });

  test('a number by its code, which only she herself can give', async () => {
    const number = '+4915112345678';
    const asked = await ask(anna.ctx(), request, { input: { ...input(number).input, channel: 'SMS' } });
    expect(asked).toMatchObject({ __typename: 'ContactChangePending', channel: 'SMS' });
    const { changeId } = asked;
    const code = world.texts.at(-1)?.body.slice(0, 6) ?? '';
    const give =
      'mutation ($changeId: ID, $code: String) { done: confirmContactChange(changeId: $changeId, code: $code)';
    const byCode = `${give} { __typename ... on CustomerPayload { customer { ${phone} } } ... on UserError { code path } } }`;

    expect(await ask(world.ctx(), byCode, { changeId, code })).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await ask(anna.ctx(), byCode, { changeId, code: 'x' })).toMatchObject({
      __typename: 'ValidationError',
      path: ['code'],
    });
    expect(await ask(anna.ctx(), byCode, { changeId })).toMatchObject({ __typename: 'NotFoundError' });
    expect(await ask(anna.ctx(), byCode, { changeId, code })).toEqual({
      __typename: 'CustomerPayload',
      customer: {
        phone: { number, region: 'DE', national: '01511 2345678', verified: true },
      },
    });
  });

  test('refusals are answers', async () => {
    expect(await ask(anna.ctx(), request, input('nothing'))).toMatchObject({
      __typename: 'ValidationError',
      code: 'VALIDATION',
      path: ['value'],
    });
    expect(await ask(anna.ctx({ authTime: 1 }), request, input('b@new.example'))).toMatchObject({
      __typename: 'StepUpRequiredError',
      acr: '2',
      authUrl: expect.stringContaining('http://localhost:4000/auth/login?') as string,
    });
    expect(await ask(anna.ctx(), resend)).toMatchObject({ __typename: 'ValidationError' });
    expect(await ask(world.ctx(), request, input('b@new.example'))).toMatchObject({ code: 'UNAUTHENTICATED' });
    for (const token of ['x', 'A'.repeat(43), null])
      expect(await ask(world.ctx(), confirm, { token })).toEqual({ __typename: 'NotFoundError', code: 'NOT_FOUND' });
    expect(await ask(world.ctx(), revert, { token: 'x' })).toMatchObject({ __typename: 'NotFoundError' });
  });
});
