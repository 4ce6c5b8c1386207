import { constants, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { v7 } from 'uuid';
import type { Parts } from '../../src/context.ts';
import { system } from '../../src/domain/access.ts';
import { CustomerAccount } from '../../src/domain/customer-account.ts';
import { parseEmail } from '../../src/domain/values/email.ts';

/** Claims and header that differ from a good token's; undefined takes one away. */
export interface TokenChange {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
}

/** Something that signs tokens and shows its keys where Keycloak does. */
export interface TokenIssuer {
  readonly url: string;
  readonly issuer: string;
  /** The key that it shows, as everybody can read it. */
  publicKey(): KeyObject;
  /** How often its keys were fetched. */
  keyFetches(): number;
  /** A good token of a customer, but for the change. */
  token(subject: string, change?: TokenChange): Promise<string>;
  /** The texts as the first two parts of a token, whatever they say, signed with the issuer's key. */
  signed(head: string | Buffer, body: string | Buffer, signature?: Signature): string;
  /** Signs with a new key from now on; both are shown. */
  rotate(): void;
  stop(): void;
}

/** RS256 by default. */
export interface Signature {
  readonly hash?: 'sha256' | 'sha384' | 'sha512';
  readonly pss?: boolean;
  /** Somebody else's key. */
  readonly key?: KeyObject;
}

interface IssuerKey {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const newKey = (n: number): IssuerKey => ({ kid: `test-${n}`, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) });

/** Two texts and a signature as a compact token. */
export function compact(head: string | Buffer, body: string | Buffer, sign: (input: Buffer) => Buffer): string {
  const input = [head, body].map((part) => Buffer.from(part).toString('base64url')).join('.');
  return `${input}.${sign(Buffer.from(input)).toString('base64url')}`;
}

/** Shows keys where Keycloak does. */
async function showKeys(keys: readonly IssuerKey[]): Promise<Pick<TokenIssuer, 'url' | 'keyFetches' | 'stop'>> {
  let fetches = 0;
  const server = createServer((req, res) => {
    const isKeys = req.url?.endsWith('/certs') ?? false;
    if (isKeys) fetches += 1;
    const jwks = keys.map(({ kid, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' }));
    res.writeHead(isKeys ? 200 : 404, { 'content-type': 'application/json' });
    res.end(isKeys ? JSON.stringify({ keys: jwks.map((jwk) => ({ ...jwk, alg: 'RS256' })) }) : '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, keyFetches: () => fetches, stop: () => void server.close() };
}

function signWith(privateKey: KeyObject, input: Buffer, { hash = 'sha256', pss = false, key }: Signature): Buffer {
  const padding = pss ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  return sign(hash, input, { key: key ?? privateKey, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
}

/** Starts one with a key of its own. */
export async function startIssuer(): Promise<TokenIssuer> {
  const keys = [newKey(1)];
  const newest = (): IssuerKey => keys.at(-1) as IssuerKey;
  const server = await showKeys(keys);
  const issuer = `${server.url}/realms/customer`;
  const signed: TokenIssuer['signed'] = (head, body, how = {}) =>
    compact(head, body, (input) => signWith(newest().privateKey, input, how));
  return {
    ...server,
    issuer,
    signed,
    publicKey: () => newest().publicKey,
    token: (subject, { claims = {}, header = {} } = {}) => {
      const head = { alg: 'RS256', typ: 'JWT', kid: newest().kid, ...header };
      return Promise.resolve(signed(JSON.stringify(head), JSON.stringify(payloadOf(issuer, subject, claims))));
    },
    rotate: () => void keys.push(newKey(keys.length + 1)),
  };
}

/** What a good token of a customer says, but for the claims. */
export function payloadOf(
  issuer: string,
  subject: string,
  claims: Record<string, unknown> = {},
): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  const roles = { 'customer-api': { roles: ['customer:self'] } };
  const good = { iss: issuer, sub: subject, aud: 'customer-api', azp: 'customer-cli', typ: 'Bearer' };
  const times = { iat: now, exp: now + 300, auth_time: now, sid: randomUUID(), resource_access: roles };
  return { ...good, ...times, ...claims };
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
