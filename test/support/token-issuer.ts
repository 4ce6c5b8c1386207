import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { v7 } from 'uuid';
import type { Parts } from '../../src/context.ts';
import { system } from '../../src/domain/access.ts';
import { CustomerAccount } from '../../src/domain/customer-account.ts';
import { parseEmail } from '../../src/domain/values/email.ts';

/** Something that signs tokens and shows its keys where Keycloak does. */
export async function startIssuer() {
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
  const sign = (payload: JWTPayload, header: Partial<JWTHeaderParameters>): Promise<string> =>
    new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'test-1', ...header }).sign(privateKey);
  return { url, issuer, sign, fetches: () => fetches, stop: () => server.close() };
}

/** What a good token of a customer says, but for `claims`; undefined takes one away. */
export function payloadOf(issuer: string, subject: string, claims: JWTPayload & Record<string, unknown>): JWTPayload {
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
