import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportPKCS8, generateKeyPair, importPKCS8, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTokenVerifier } from '../../../src/platform/token-verifier.ts';
import { type EdgeWorld, openEdge } from '../../support/edge-world.ts';

const issuer = 'https://public.example/realms/r';
const start = Math.floor(Date.now() / 1000);
const claims: JWTPayload = {
  typ: 'Bearer',
  sub: randomUUID(),
  azp: 'c',
  sid: 's',
  aud: 'a',
  iss: issuer,
  iat: start,
  exp: start + 60,
};

describe('a token by itself (ASVS 9.1)', () => {
  let server: Server;
  let pkcs8: string;
  let at = start;
  beforeAll(async () => {
    const keys = await generateKeyPair('RS256', { extractable: true });
    pkcs8 = await exportPKCS8(keys.privateKey);
    // Without `alg`, so that it is not the key which says what it may be used for.
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k', use: 'sig' };
    server = createServer((_req, res) => res.end(JSON.stringify({ keys: [jwk] })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());

  const verifier = () => {
    const keysUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const access = { issuer, keysUrl, audience: 'a', clients: ['c'] };
    return createTokenVerifier(access, { now: () => new Date(at * 1000) });
  };
  const signed = async (alg = 'RS256', header = {}, more: JWTPayload = {}): Promise<string> =>
    new SignJWT({ ...claims, ...more })
      .setProtectedHeader({ alg, typ: 'JWT', kid: 'k', ...header })
      .sign(await importPKCS8(pkcs8, alg));

  test.each([
    ['RS256', true],
    ['RS384', false],
    ['RS512', false],
    ['PS256', false],
  ])('signed by %s: %s', async (alg, counts) => {
    expect((await verifier().verify(await signed(alg))) !== null).toBe(counts);
  });

  test('is not spelt in another way that means the same bytes', async () => {
    const token = await signed();
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    // 256 bytes leave four bits of the last letter without a meaning.
    const last = letters[letters.indexOf(token.at(-1) ?? '') + 1] ?? '';
    const other = token.slice(0, -1) + last;

    const bytes = (text: string): Buffer => Buffer.from(text.split('.')[2] ?? '', 'base64url');
    expect(bytes(other).equals(bytes(token))).toBe(true);
    expect(await verifier().verify(token)).not.toBeNull();
    for (const spelling of [other, `${token}=`, `${token}\n`, ` ${token}`])
      expect(await verifier().verify(spelling)).toBeNull();
  });

  test.each([
    ['b64', { b64: true }],
    ['zip', { zip: 'DEF' }],
    ['an unknown crit', { crit: ['x'], x: 1 }],
    ['no type', { typ: undefined }],
  ])('with %s in its header is refused', async (_name, header) => {
    const sign = signed('RS256', header).catch(() => 'the library does not even make one');

    expect(await verifier().verify(await sign)).toBeNull();
  });

  test('that is not valid yet is refused', async () => {
    expect(await verifier().verify(await signed('RS256', {}, { nbf: start + 3600 }))).toBeNull();
  });

  test.each<[string[], boolean]>([
    [['account', 'a'], true],
    [['account'], false],
    [[], false],
  ])('for %j counts: %s', async (aud, counts) => {
    const token = await signed('RS256', {}, { aud: [...aud] });

    expect((await verifier().verify(token)) !== null).toBe(counts);
  });

  test('that was good before ends all the same', async () => {
    const once = verifier();
    const token = await signed();
    expect(await once.verify(token)).not.toBeNull();

    at = start + 61;
    const later = await once.verify(token);
    at = start;

    expect(later).toBeNull();
  });

  test.each([
    ['a text', 'customer:self'],
    ['numbers', [1]],
    ['nothing', null],
  ])('whose roles are %s has none', async (_name, roles) => {
    const found = await verifier().verify(await signed('RS256', {}, { resource_access: { a: { roles } } }));

    expect(found?.permissions).toEqual([]);
  });
});

describe('the second opinion in the service', () => {
  let edge: EdgeWorld;
  beforeAll(async () => {
    edge = await openEdge();
  });
  afterAll(() => edge.stop());

  test('is asked for about tokens that reach others’ records, and about no others', async () => {
    const ask = async (roles: string[]): Promise<number> => {
      const change = { acr: '2', resource_access: { 'customer-api': { roles } } };
      const authorization = `Bearer ${await edge.token(randomUUID(), { claims: change })}`;
      return (await edge.ask({ query: '{ __typename }' }, { authorization })).status;
    };

    expect([await ask([]), edge.keyFetches()]).toEqual([200, 1]);
    expect([await ask(['customer:read']), edge.keyFetches()]).toEqual([200, 2]);
  });
});
