import { createHash } from 'node:crypto';

/** What a link in a mail may be for. A new purpose is a word here and a page at `linkPages` in `server/routes.ts`. */
export const linkPurposes = ['TAKEOVER_REPORT', 'CONTACT_PROOF', 'CONTACT_REVERT'] as const;
/** One of {@link linkPurposes}. */
export type LinkPurpose = (typeof linkPurposes)[number];

/** What stands in the address of a link: 256 bits in base64url. Only its hash is stored. */
export type LinkToken = string & { readonly __brand: 'LinkToken' };

/** A link that counts, as it is stored. */
export interface MailLink {
  readonly purpose: LinkPurpose;
  readonly customerId: string;
  /** What of hers it is about, such as the id of a session or of a change; never personal data. */
  readonly reference: string | null;
  /** When it was made. */
  readonly createdAt: Date;
  /** Her language, for the page. */
  readonly locale: string | null;
}

/** A token from 32 random bytes. */
export function linkTokenFrom(bytes: Uint8Array): LinkToken {
  if (bytes.length !== 32) throw new RangeError('A token has 32 bytes.');
  return Buffer.from(bytes).toString('base64url') as LinkToken;
}

/** Reads a token as an address carries it; undefined unless it is the canonical spelling of 32 bytes. */
export function parseLinkToken(text: string | undefined): LinkToken | undefined {
  if (!text || !/^[\w-]{43}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64url').toString('base64url') === text ? (text as LinkToken) : undefined;
}

/** What is stored of a token. It has full entropy, so that a plain hash cannot be guessed back. */
export function hashOfLink(token: LinkToken): Buffer {
  return createHash('sha256').update('mail-link\0').update(token).digest();
}
