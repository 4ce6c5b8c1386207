import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { compact, type Signature, type TokenIssuer } from './token-issuer.ts';

/** What a member of the header must not be; undefined takes it away (ASVS 9.1.3, RFC 8725 §3.1). Signed well. */
export const wrongHeaders: Record<string, readonly unknown[]> = {
  alg: [
    undefined,
    null,
    '',
    1,
    true,
    [],
    ['RS256'],
    {},
    'rs256',
    'RS256 ',
    ' RS256',
    'RSA-OAEP',
    'RS1',
    'dir',
    '__proto__',
  ],
  typ: [
    undefined,
    null,
    '',
    1,
    [],
    ['JWT'],
    {},
    'JWE',
    'JOSE',
    'JWT ',
    'logout+jwt',
    'id+jwt',
    'dpop+jwt',
    'secevent+jwt',
  ],
  kid: [
    undefined,
    null,
    '',
    1,
    true,
    [],
    ['test-1'],
    {},
    'nobody',
    'TEST-1',
    'test-1 ',
    'test-1\u0000',
    '../../../dev/null',
    `x' union select 'y`,
    'http://127.0.0.1:1/keys',
    '__proto__',
    'constructor',
    'x'.repeat(2000),
  ],
  crit: [['b64'], ['exp'], ['x'], [], 'exp', [1], {}, null],
  b64: [true, false],
  zip: ['DEF', 'GZIP', null],
  cty: ['JWT', 'jwt', 'application/json'],
  enc: ['A256GCM'],
};

/** Headers that are no object, or no JSON. */
export const wrongHeads: readonly (string | Buffer)[] = [
  '',
  '{',
  '[]',
  'null',
  '1',
  '"x"',
  '[{"alg":"RS256","typ":"JWT","kid":"test-1"}]',
  '{"__proto__":{"alg":"RS256","typ":"JWT","kid":"test-1"}}',
  '{"alg":"RS256","typ":"JWT","kid":"test-1"}x',
  `${'['.repeat(2000)}${']'.repeat(2000)}`,
  Buffer.from('{"alg":"RS256","typ":"JWT","kid":"test-1"}', 'utf16le'),
  Buffer.from([0xff, 0xfe, 0x80]),
];

const nones = ['none', 'None', 'NONE', 'nOnE', 'none ', 'null'];
const macs = [
  ['HS256', 'sha256'],
  ['HS384', 'sha384'],
  ['HS512', 'sha512'],
] as const;
const others: readonly (readonly [string, Signature])[] = [
  ['RS384', { hash: 'sha384' }],
  ['RS512', { hash: 'sha512' }],
  ['PS256', { pss: true }],
  ['PS384', { pss: true, hash: 'sha384' }],
  ['PS512', { pss: true, hash: 'sha512' }],
  ['RS256', { hash: 'sha384' }],
  ['RS256', { pss: true }],
];

const head = (alg: string, more: object = {}): string => JSON.stringify({ alg, typ: 'JWT', kid: 'test-1', ...more });

/** A secret of HMAC that everybody can have: the public key in each of its spellings, and what people choose. */
function knownSecrets(key: KeyObject): (string | Buffer)[] {
  const jwk = key.export({ format: 'jwk' });
  const pem = key.export({ type: 'spki', format: 'pem' }).toString();
  const texts = [pem, pem.trim(), pem.replaceAll('\n', ''), JSON.stringify(jwk), String(jwk.n), '', 'secret', 'test-1'];
  return [...texts, key.export({ type: 'spki', format: 'der' }), key.export({ type: 'pkcs1', format: 'der' })];
}

/** Good claims under an algorithm that is not the issuer's, with the signature that it wants (RFC 8725 §2.1, §3.1). */
export function wrongAlgorithms(issuer: Pick<TokenIssuer, 'publicKey' | 'signed'>, body: string): [string, string][] {
  const unsigned = nones.flatMap((alg): [string, string][] => [
    [`alg ${alg}, unsigned`, compact(head(alg), body, () => Buffer.alloc(0))],
    [`alg ${alg}, signed`, issuer.signed(head(alg), body)],
  ]);
  const keyed = macs.flatMap(([alg, hash]) =>
    knownSecrets(issuer.publicKey()).map((secret, n): [string, string] => [
      `${alg} with secret ${n}`,
      compact(head(alg), body, (input) => createHmac(hash, secret).update(input).digest()),
    ]),
  );
  const otherwise = others.map(([alg, how]): [string, string] => [
    `${alg} by ${JSON.stringify(how)}`,
    issuer.signed(head(alg), body, how),
  ]);
  return [...unsigned, ...keyed, ...otherwise];
}

/** Good claims signed by a stranger who brings the key, or says where it is; `where` counts who comes for it. */
export function foreignKeys(issuer: Pick<TokenIssuer, 'signed'>, body: string, where: string): [string, string][] {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const edwards = generateKeyPairSync('ed25519');
  const jwk = { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'test-1', alg: 'RS256', use: 'sig' };
  const der = rsa.publicKey.export({ type: 'spki', format: 'der' });
  const told: [string, object][] = [
    ['nothing else', {}],
    ['jwk', { jwk }],
    ['jku', { jku: where }],
    ['jku and an unknown kid', { jku: where, kid: 'mine' }],
    ['jku with the issuer as its user', { jku: where.replace('//', '//issuer.example@') }],
    ['x5u', { x5u: where }],
    ['x5u and an unknown kid', { x5u: where, kid: 'mine' }],
    ['x5c', { x5c: [der.toString('base64')] }],
    ['x5t', { 'x5t#S256': createHash('sha256').update(der).digest('base64url') }],
    ['kid that is an address', { kid: where }],
    ['jwk in place of kid', { jwk, kid: undefined }],
  ];
  const ecHead = head('ES256', { jwk: elliptic.publicKey.export({ format: 'jwk' }) });
  const edHead = head('EdDSA', { jwk: edwards.publicKey.export({ format: 'jwk' }) });
  return [
    ...told.map(([name, more]): [string, string] => [
      `a stranger’s, with ${name}`,
      issuer.signed(head('RS256', more), body, { key: rsa.privateKey }),
    ]),
    [
      'ES256 with its key',
      compact(ecHead, body, (input) => sign('sha256', input, { key: elliptic.privateKey, dsaEncoding: 'ieee-p1363' })),
    ],
    ['ES256 of zeros', compact(head('ES256'), body, () => Buffer.alloc(64))],
    ['EdDSA with its key', compact(edHead, body, (input) => sign(null, input, edwards.privateKey))],
  ];
}
