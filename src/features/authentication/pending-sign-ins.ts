import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { AccountAction } from './account-actions.ts';
import type { SignInProof } from './oidc.ts';

/** A sign-in that has begun in one of the browser's tabs. */
export interface PendingSignIn extends SignInProof {
  readonly returnTo: string;
  /** Until when the provider's answer counts, milliseconds since 1970. */
  readonly until: number;
  /** The level that was asked for: then only a fresh proof counts (contracts: access, "Step-up"). */
  readonly acr?: string | undefined;
  /** The action of her account that the provider was asked for. */
  readonly action?: AccountAction | undefined;
  /** Who must come back: whoever proves herself anew, or changes her account, is nobody else. */
  readonly subject?: string | undefined;
  /** Whether it is the second issuer that is to answer: an answer of the other one counts for nothing. */
  readonly fallback?: boolean | undefined;
}

/** What a sign-in is for, when it is for more than to be signed in. */
export type Purpose = Pick<PendingSignIn, 'acr' | 'action' | 'subject' | 'fallback'>;

/** How long a sign-in may be under way, in seconds (ASVS 10.1.2). */
export const pendingSeconds = 300;

/** Name, value and the cipher's additions together stay below what every browser keeps. */
const valueBytes = 4000;
const longestReturn = 1024;
const label = '__Host-login v3';

const purpose = z
  .object({ acr: z.string(), action: z.custom<AccountAction>(), subject: z.string(), fallback: z.boolean() })
  .partial();
const shape = z.array(z.tuple([z.string(), z.string(), z.string(), z.string(), z.number(), purpose]));

type Row = z.infer<typeof shape>[number];

const rowOf = ({ state, nonce, verifier, returnTo, until, ...rest }: PendingSignIn): Row => [
  state,
  nonce,
  verifier,
  returnTo,
  until,
  rest,
];

const signInOf = ([state, nonce, verifier, returnTo, until, rest]: Row): PendingSignIn => ({
  state,
  nonce,
  verifier,
  returnTo,
  until,
  ...rest,
});

/** Sealed rather than signed: the verifier and the nonce are the proof that the answer belongs to this browser. */
export interface PendingSignIns {
  /** What the cookie holds and is not too old; nothing of a cookie that is not ours. */
  read(cookie: string | undefined): PendingSignIn[];
  /** The cookie's value; the oldest are left out until it fits. Empty for none. */
  write(pending: readonly PendingSignIn[]): string;
}

/** A fresh sign-in: state, nonce and PKCE verifier of 256 bits each. */
export function beginSignIn(returnTo: string, now: Date, purposeOf: Purpose = {}): PendingSignIn {
  const [state, nonce, verifier] = [0, 1, 2].map(() => randomBytes(32).toString('base64url')) as [
    string,
    string,
    string,
  ];
  return { state, nonce, verifier, returnTo, until: now.getTime() + pendingSeconds * 1000, ...purposeOf };
}

/** Reads and writes the cookie `__Host-login` under a key derived from the service's token key. */
export function createPendingSignIns(tokenKey: Uint8Array, now: () => Date): PendingSignIns {
  const key = Buffer.from(hkdfSync('sha256', tokenKey, '', label, 32));
  const sealed = (text: string): string => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 }).setAAD(Buffer.from(label));
    return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url');
  };
  const opened = (cookie: string): string | undefined => {
    const bytes = Buffer.from(cookie, 'base64url');
    if (bytes.length < 28) return undefined;
    try {
      const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
      cipher.setAAD(Buffer.from(label)).setAuthTag(bytes.subarray(-16));
      return Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  };
  return {
    read(cookie) {
      const text = cookie && cookie.length <= valueBytes ? opened(cookie) : undefined;
      if (!text) return [];
      return shape
        .parse(JSON.parse(text))
        .map(signInOf)
        .filter(({ until }) => until > now().getTime());
    },
    write(pending) {
      for (let from = 0; from < pending.length; from += 1) {
        const value = sealed(JSON.stringify(pending.slice(from).map(rowOf)));
        if (value.length <= valueBytes) return value;
      }
      return '';
    },
  };
}

/**
 * A path of ours to return to, or `otherwise`. Parsed as a browser would, then serialised and parsed again: what a
 * browser makes of the answer must still be ours (ASVS 3.7.2).
 */
export function localPath(given: string | undefined, origin: string, otherwise: string): string {
  if (!given || given.length > longestReturn || !given.startsWith('/')) return otherwise;
  const first = URL.parse(given, origin);
  if (!first || first.origin !== origin) return otherwise;
  const path = `${first.pathname}${first.search}${first.hash}`;
  const second = URL.parse(path, origin);
  const stays = second?.origin === origin && second.pathname === first.pathname && !path.startsWith('//');
  // Back to a door of the sign-in would go round in circles; what she wants to do with her account does not.
  const isDoor = first.pathname.startsWith('/auth/') && !first.pathname.startsWith('/auth/action/');
  return stays && !isDoor && path.length <= longestReturn ? path : otherwise;
}
