import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { v7 } from 'uuid';
import type { Parts } from '../../src/context.ts';
import { system } from '../../src/domain/access.ts';
import { CustomerAccount } from '../../src/domain/customer-account.ts';
import { parseEmail } from '../../src/domain/values/email.ts';

/** Claims and header that differ from a good token's; undefined takes one away. */
export interface TokenChange {
  readonly claims?: JWTPayload & Record<string, unknown>;
  readonly header?: Partial<JWTHeaderParameters>;
}

/** Something that signs tokens and shows its keys where Keycloak does. */
export interface TokenIssuer {
  readonly url: string;
  readonly issuer: string;
  /** How often its keys were fetched. */
  keyFetches(): number;
  /** A good token of a customer, but for the change. */
  token(subject: string, change?: TokenChange): Promise<string>;
  stop(): void;
}

/** Starts one with a key of its own. */
export async function startIssuer(): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test-1', use: 'sig', alg: 'RS256' };
  let fetches = 0;
  const server = createServer((req, res) => {
    const isKeys = req.url?.endsWith('/certs') ?? false;
    if (isKeys) fetches += 1;
    res.writeHead(isKeys ? 200 : 404, { 'content-type': 'application/json' });
    res.end(isKeys ? JSON.stringify({ keys: [jwk] }) : '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = `${url}/realms/customer`;
  return {
    url,
    issuer,
    keyFetches: () => fetches,
    token: (subject, { claims = {}, header = {} } = {}) =>
      new SignJWT(payloadOf(issuer, subject, claims))
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'test-1', ...header })
        .sign(privateKey),
    stop: () => void server.close(),
  };
}

function payloadOf(issuer: string, subject: string, claims: NonNullable<TokenChange['claims']>): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  const roles = { 'customer-api': { roles: ['customer:self'] } };
  const good = { iss: issuer, sub: subject, aud: 'customer-api', azp: 'customer-cli', typ: 'Bearer' };
  const times = { iat: now, exp: now + 300, auth_time: now, sid: randomUUID(), resource_access: roles };
  return Object.fromEntries(Object.entries({ ...good, ...times, ...claims }).filter(([, v]) => v !== undefined));
}

/** Registers a customer whom this identity is linked to. */
export async function linkCustomer(
  { keys, pool, transactAs }: Pick<Parts, 'keys' | 'pool' | 'transactAs'>,
  issuer: string,
  subject: string,
): Promise<string> {
  const { id: keyId } = await keys.create();
  const [id, email] = [v7(), parseEmail(`${subject}@example.org`)];
  const account = { id, keyId, method: 'PASSWORD', email, emailVerified: true } as const;
  await transactAs({ actor: system('test'), requestId: id }, async (em) => {
    em.persist(CustomerAccount.register(account, { at: new Date(), by: 'SELF' }));
  });
  await pool.query(
    'insert into identity_link (issuer, subject, customer_id, linked_at, checked_at) values ($1, $2, $3, now(), now())',
    [issuer, subject, id],
  );
  return id;
}
