import { wrongBodies, wrongClaims } from './hostile-claims.ts';
import { foreignKeys, wrongAlgorithms, wrongHeaders, wrongHeads } from './hostile-headers.ts';
import { wrongSpellings } from './hostile-spellings.ts';
import { payloadOf, type TokenIssuer } from './token-issuer.ts';

/** A token that must not count, and what is wrong with it. */
export type HostileToken = readonly [what: string, token: string];

const said = (value: unknown): string => (JSON.stringify(value) ?? 'absent').slice(0, 60);

/**
 * Tokens for somebody who is known here, each wrong in one thing (RFC 8725; ASVS 9.1, 9.2). Most are signed by the issuer
 * itself, so that nothing but the check in question stands between them and her.
 *
 * @param where  an address that nobody may ask for a key
 */
export async function hostileTokens(
  issuer: TokenIssuerOfTests,
  subject: string,
  where: string,
): Promise<HostileToken[]> {
  const tokens: HostileToken[] = [];
  for (const [claim, values] of Object.entries(wrongClaims(issuer.issuer, subject)))
    for (const value of values)
      tokens.push([`${claim}: ${said(value)}`, await issuer.token(subject, { claims: { [claim]: value } })]);
  for (const [member, values] of Object.entries(wrongHeaders))
    for (const value of values)
      tokens.push([`header ${member}: ${said(value)}`, await issuer.token(subject, { header: { [member]: value } })]);
  const body = JSON.stringify(payloadOf(issuer.issuer, subject));
  const head = JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: 'test-1' });
  wrongBodies(body).forEach((wrong, n) => tokens.push([`body ${n}`, issuer.signed(head, wrong)]));
  wrongHeads.forEach((wrong, n) => tokens.push([`head ${n}`, issuer.signed(wrong, body)]));
  tokens.push(...wrongAlgorithms(issuer, body), ...foreignKeys(issuer, body, where));
  tokens.push(...wrongSpellings(await issuer.token(subject), await issuer.token(subject)));
  return [...new Map(tokens.map((each) => [each[1], each])).values()];
}

type TokenIssuerOfTests = Pick<TokenIssuer, 'issuer' | 'token' | 'signed' | 'publicKey'>;
