const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const encode = (bytes: Buffer): string => bytes.toString('base64url');

/** Signatures that are not the one of the text before it. */
function wrongSignatures(signature: Buffer, other: Buffer): Buffer[] {
  const flipped = [0, 1, 31, 127, 254, 255].map((at) => {
    const copy = Buffer.from(signature);
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
    return copy;
  });
  return [
    ...flipped,
    Buffer.alloc(0),
    Buffer.alloc(1),
    Buffer.alloc(256),
    Buffer.alloc(256, 0xff),
    Buffer.alloc(257),
    Buffer.alloc(512, 1),
    signature.subarray(1),
    signature.subarray(0, 255),
    Buffer.concat([signature, Buffer.alloc(1)]),
    Buffer.concat([Buffer.alloc(1), signature]),
    Buffer.concat([signature, signature]),
    Buffer.from(signature).reverse(),
    Buffer.from(encode(signature)),
    other,
  ];
}

/** The body says more than what was signed. */
function wishes(claims: Record<string, unknown>): Record<string, unknown>[] {
  const staff = { 'customer-api': { roles: ['customer:self', 'customer:read', 'customer:pii', 'customer:write'] } };
  return [
    { ...claims, exp: Number(claims['exp']) + 1000 },
    { ...claims, acr: '2' },
    { ...claims, resource_access: staff },
    { ...claims, sub: '00000000-0000-4000-8000-000000000000' },
    { ...claims, azp: 'customer-bff' },
  ];
}

/** One that is good, in other letters. */
function respelled(token: string): string[] {
  const [head = '', body = '', mac = ''] = token.split('.');
  // 256 bytes leave four bits of the last letter without a meaning.
  const same = letters[letters.indexOf(mac.at(-1) ?? '') + 1] ?? '';
  return [
    'a.b.c',
    'null',
    'undefined',
    '[object-Object]',
    `${token}=`,
    `${token}==`,
    `${token.slice(0, -1)}${same}`,
    `${head}=.${body}.${mac}`,
    `${head}.${body}.+${mac.slice(1)}`,
    `${head}.${body}./${mac.slice(1)}`,
    `${head}.${body}.${mac.slice(0, 10)}!${mac.slice(11)}`,
    `${head}%2E${body}%2E${mac}`,
    token.replaceAll('.', ':'),
    token.toLowerCase(),
    token.toUpperCase(),
    token.split('').toReversed().join(''),
    `Bearer_${token}`,
    `${token}${token}`,
    `${token}|${token}`,
    encode(Buffer.from(token)),
    `${encode(Buffer.from('{"alg":"RS256","typ":"JWT","cty":"JWT","kid":"test-1"}'))}.${encode(Buffer.from(token))}.${mac}`,
    'x'.repeat(8193),
    `${'a'.repeat(3000)}.${'b'.repeat(3000)}.${'c'.repeat(2000)}`,
    `${head}.${body}.${'A'.repeat(6000)}`,
    '-.-.-',
    '_._._',
    '0.0.0',
  ];
}

/** Parts of two good ones, or too few or too many of them. */
function mixtures(token: string, other: string): string[] {
  const [head = '', body = '', mac = ''] = token.split('.');
  const [otherHead = '', otherBody = '', otherMac = ''] = other.split('.');
  const mixed = [`${head}.${body}.${otherMac}`, `${head}.${otherBody}.${mac}`, `${otherHead}.${otherBody}.${mac}`];
  const counted = ['.', '..', '...', head, `${head}.${body}`, `${head}.${body}.`, `.${body}.${mac}`, `${head}..${mac}`];
  const longer = [`${token}.`, `.${token}`, `${token}.${mac}`, `${token}..`, `${head}.${head}.${body}.${mac}.${mac}`];
  return [...mixed, ...counted, ...longer];
}

const numbered = (what: string, tokens: readonly string[]): [string, string][] =>
  tokens.map((token, n) => [`${what} ${n}`, token]);

/**
 * Spellings and mixtures of a good token that are not that token. All of them can stand in a header and in a cookie.
 *
 * @param token  a good one
 * @param other  another good one
 */
export function wrongSpellings(token: string, other: string): [string, string][] {
  const [head = '', body = '', mac = ''] = token.split('.');
  const [signature, others] = [mac, other.split('.')[2] ?? ''].map((part) => Buffer.from(part, 'base64url'));
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  const wished = wishes(claims).map((wish) => `${head}.${encode(Buffer.from(JSON.stringify(wish)))}.${mac}`);
  const signed = wrongSignatures(signature as Buffer, others as Buffer).map(
    (bytes) => `${head}.${body}.${encode(bytes)}`,
  );
  return [
    ...numbered('mixture', mixtures(token, other)),
    ...numbered('spelling', respelled(token)),
    ...numbered('wish', wished),
    ...numbered('signature', signed),
  ];
}
