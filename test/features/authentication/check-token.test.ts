import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actor } from '../../../src/domain/access.ts';
import { Unavailable } from '../../../src/domain/errors.ts';
import { AccountStates } from '../../../src/features/authentication/account-states.ts';
import { checkToken } from '../../../src/features/authentication/token-service.ts';
import { IdentityWorld } from '../../support/identity-world.ts';

let world: IdentityWorld;
let accounts: AccountStates;
beforeAll(async () => {
  world = await IdentityWorld.open();
  const { databases } = world.records;
  accounts = await AccountStates.open(world.parts.pool, databases.url, world.parts.log);
});
afterAll(async () => {
  await accounts.stop();
  await world[Symbol.asyncDispose]();
});

const personOf = (subject: string): Actor => ({
  kind: 'person',
  id: subject,
  permissions: new Set(['customer:self']),
  identity: { issuer: world.issuer, subject },
});

const checkOf = (subject: string): ReturnType<typeof checkToken> => {
  return checkToken(world.ctx(), () => Promise.resolve({ actor: personOf(subject) }), accounts, 'a good token');
};

describe('the token of somebody whom nobody has looked at yet (design, decision 21)', () => {
  test('makes her the customer she is', async () => {
    const { id } = world.keycloak.add({ email: 'ada@example.org', emailVerified: true });

    const checked = await checkOf(id);

    expect(checked).toMatchObject({ account: { status: 'ACTIVE', emailVerified: true }, checkoutAllowed: true });
  });

  test('does not count when the provider does not know her', async () => {
    expect(await checkOf(randomUUID())).toEqual({ refused: 'NO_CUSTOMER' });
  });

  test('cannot be judged while the provider is away', async () => {
    const { id } = world.keycloak.add({ email: 'eve@example.org', emailVerified: true });
    world.keycloak.mode = 'down';

    await expect(checkOf(id)).rejects.toThrow(Unavailable);
  });
});
