import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readForeign, withFallback } from '../../../src/platform/fallback-tokens.ts';
import { createTokenVerifier, type TokenVerifier } from '../../../src/platform/token-verifier.ts';
import { isOpen } from '../../../src/read-model/subjects.ts';
import { openRecords, type Records } from '../../support/records.ts';
import { linkCustomer, startIssuer, type TokenChange, type TokenIssuer } from '../../support/token-issuer.ts';

const clock = { now: () => new Date() };
const client = 'shop-at-auth0';

describe('tokens of the second issuer (decision 29)', () => {
  let records: Records;
  let [keycloak, second]: TokenIssuer[] = [];
  let verifier: TokenVerifier;
  let subject: string;
  let customerId: string;

  const issuer = (): TokenIssuer => second as TokenIssuer;
  /** As Auth0 writes it, but for the change: no `typ`, no session, its own word for whom it is. */
  const token = ({ claims = {}, ...rest }: TokenChange = {}, whose = subject): Promise<string> =>
    issuer().token(whose, { claims: { typ: undefined, sid: undefined, azp: client, ...claims }, ...rest });

  beforeAll(async () => {
    records = await openRecords();
    [keycloak, second] = [await startIssuer(), await startIssuer()];
    const access = (one: TokenIssuer, clients: string[]) => ({
      issuer: one.issuer,
      keysUrl: `${one.issuer}/protocol/openid-connect/certs`,
      audience: 'customer-api',
      clients,
    });
    const inner = createTokenVerifier(access(keycloak, ['customer-cli']), clock);
    const foreign = createTokenVerifier({ ...access(second, [client]), foreign: readForeign }, clock);
    const open = (identity: { issuer: string; subject: string }) => isOpen(records.pool, identity);
    verifier = withFallback(inner, { issuer: second.issuer, verifier: foreign, isOpen: open });
  });
  beforeEach(async () => {
    subject = `auth0|${randomUUID()}`;
    customerId = await linkCustomer(records, issuer().issuer, subject.replace('|', '-'));
    await records.pool.query('update identity_link set subject = $1 where customer_id = $2', [subject, customerId]);
  });
  afterAll(async () => {
    await records[Symbol.asyncDispose]();
    keycloak?.stop();
    second?.stop();
  });

  test('give the right to her own record at level 1, whatever they say of more', async () => {
    const roles = { 'customer-api': { roles: ['customer:self', 'customer:read', 'customer:write'] } };
    const claims = { acr: '2', auth_time: Math.floor(Date.now() / 1000), resource_access: roles, email_verified: true };

    const told = await verifier.verify(await token({ claims }));

    expect(told).toMatchObject({ subject, permissions: ['customer:self'], acr: '1', service: false });
    expect(told).not.toHaveProperty('authTime');
    expect(told).not.toHaveProperty('emailVerified');
  });

  const bad: [what: string, change: TokenChange][] = [
    ['of another audience', { claims: { aud: client } }],
    ['for another client', { claims: { azp: 'somebody-else' } }],
    ['that is an ID token', { claims: { typ: 'ID' } }],
    ['that is a refresh token', { claims: { typ: 'Refresh' } }],
    ['with a nonce', { claims: { nonce: 'n' } }],
    ['without a client', { claims: { azp: undefined } }],
    ['without an end', { claims: { exp: undefined } }],
    ['that is over', { claims: { exp: 1 } }],
    ['that lasts for days', { claims: { exp: Math.floor(Date.now() / 1000) + 200_000 } }],
    ['of tomorrow', { claims: { iat: Math.floor(Date.now() / 1000) + 80_000 } }],
    ['under a key of nobody’s', { header: { kid: 'other' } }],
  ];
  test.each(bad)('do not count: one %s', async (_what, change) => {
    expect(await verifier.verify(await token(change))).toBeNull();
  });

  test('with the address of a customer and no link are nobody’s', async () => {
    const claims = { email: `${subject.replace('|', '-')}@example.org`, email_verified: true };

    expect(await verifier.verify(await token({ claims }, `auth0|${randomUUID()}`))).toBeNull();
  });

  test('end with the link, and with the account', async () => {
    const good = await token();
    expect(await verifier.verify(good)).not.toBeNull();

    await records.pool.query(`update customer set status = 'SUSPENDED' where id = $1`, [customerId]);
    expect(await verifier.verify(good)).toBeNull();

    await records.pool.query(`update customer set status = 'ACTIVE' where id = $1`, [customerId]);
    expect(await verifier.verify(good)).not.toBeNull();
    await records.pool.query('delete from identity_link where customer_id = $1', [customerId]);
    expect(await verifier.verify(good)).toBeNull();
  });

  test('and those of Keycloak are judged by their own keys alone', async () => {
    const theirs = await (keycloak as TokenIssuer).token(randomUUID());
    const forged = await issuer().token(randomUUID(), { claims: { iss: (keycloak as TokenIssuer).issuer } });

    expect([await verifier.verify(theirs), await verifier.verify(forged)]).toMatchObject([
      { clientId: 'customer-cli' },
      null,
    ]);
  });
});
