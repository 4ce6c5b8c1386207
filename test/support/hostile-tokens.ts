import { createHmac } from 'node:crypto';
import type { TokenChange } from './token-issuer.ts';

const now = (): number => Math.floor(Date.now() / 1000);

/** Tokens that are wrong in one thing each, though signed by the issuer. */
export const wrongTokens: [name: string, change: TokenChange][] = [
  ['expired', { claims: { exp: now() - 60 } }],
  ['without an end', { claims: { exp: undefined } as never }],
  ['ending too late', { claims: { exp: now() + 200_000 } }],
  ['from the future', { claims: { iat: now() + 3600 } }],
  ['of another issuer', { claims: { iss: 'http://elsewhere.example/realms/customer' } }],
  ['for another audience', { claims: { aud: 'account' } }],
  ['of an unknown client', { claims: { azp: 'somebody' } }],
  ['without a client', { claims: { azp: undefined } }],
  ['without a subject', { claims: { sub: undefined } as never }],
  ['whose subject is no UUID', { claims: { sub: 'ada' } }],
  ['an ID token', { claims: { typ: 'ID' } }],
  ['a refresh token', { claims: { typ: 'Refresh' } }],
  ['a logout token', { claims: { events: {} } }],
  ['with a nonce', { claims: { nonce: 'x' } }],
  ['bound to a key', { claims: { cnf: { jkt: 'x' } } }],
  ['of a foreign type', { header: { typ: 'logout+jwt' } }],
  ['with an unknown key', { header: { kid: 'nobody' } }],
  ['of no session', { claims: { sid: undefined } }],
  ['of no session and another client', { claims: { sid: undefined, client_id: 'customer-bff' } }],
  ['too large', { claims: { padding: 'x'.repeat(9000) } }],
];

type Forge = (head: string, body: string, mac: string) => string;

/** Tokens that are made of a good one's three parts. */
export const forgedTokens: [name: string, forge: Forge][] = [
  ['unsigned', (_head, body) => `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${body}.`],
  [
    'signed with the public key as a secret',
    (_head, body) => {
      const head = Buffer.from('{"alg":"HS256","typ":"JWT","kid":"test-1"}').toString('base64url');
      return `${head}.${body}.${createHmac('sha256', 'public').update(`${head}.${body}`).digest('base64url')}`;
    },
  ],
  ['with another body', (head, body, mac) => `${head}.${body.slice(0, -2)}AA.${mac}`],
  ['garbage', () => 'a.b.c'],
  ['empty', () => '..'],
];
