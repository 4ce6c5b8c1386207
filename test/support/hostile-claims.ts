import { randomUUID } from 'node:crypto';

const now = (): number => Math.floor(Date.now() / 1000);
const soon = (): number => now() + 300;

/** Values by the claim; undefined takes it away. */
type Wrong = Record<string, readonly unknown[]>;

const nobody = [undefined, null, '', 1, true, [], {}] as const;

function issuers(issuer: string): Wrong {
  return {
    iss: [
      ...nobody,
      'http://elsewhere.example/realms/customer',
      `${issuer}/`,
      `${issuer}?`,
      `${issuer}#`,
      `${issuer} `,
      ` ${issuer}`,
      `${issuer}\u0000`,
      issuer.toUpperCase(),
      issuer.replace('http:', 'https:'),
      issuer.replace('customer', 'master'),
      issuer.replace('/realms/customer', ''),
      `${issuer},${issuer}`,
      [issuer],
      { [issuer]: issuer },
    ],
  };
}

function subjects(subject: string): Wrong {
  return {
    sub: [
      ...nobody,
      'ada',
      'ada@shop.example',
      'service-account-customer-service',
      ` ${subject}`,
      `${subject} `,
      `{${subject}}`,
      subject.replaceAll('-', ''),
      `${subject}\u0000`,
      `${subject},${randomUUID()}`,
      `' or '1'='1`,
      '../../users',
      '__proto__',
      'x'.repeat(300),
      [subject],
      { id: subject },
    ],
  };
}

function audiences(issuer: string): Wrong {
  return {
    aud: [
      ...nobody,
      'account',
      'customer-bff',
      'customer-apis',
      'customer-ap',
      'Customer-API',
      ' customer-api',
      'customer-api ',
      'customer-api,account',
      '*',
      issuer,
      ['account'],
      ['account', 'customer-bff'],
      ['CUSTOMER-API'],
      [null],
      [1, 'customer-api'],
      [['customer-api']],
      { 'customer-api': true },
    ],
  };
}

function clientsAndTypes(): Wrong {
  return {
    azp: [
      ...nobody,
      'somebody',
      'customer-api',
      'admin-cli',
      'account-console',
      'security-admin-console',
      'Customer-BFF',
      'customer-bff ',
      ' customer-bff',
      'customer-bff,customer-cli',
      '*',
      '__proto__',
      'constructor',
      ['customer-bff'],
    ],
    typ: [
      ...nobody,
      'ID',
      'Refresh',
      'Offline',
      'Logout',
      'DPoP',
      'JWT',
      'Access',
      'Serialized-ID',
      'bearer',
      'BEARER',
      'Bearer ',
      'Bearer,ID',
      ['Bearer'],
    ],
  };
}

function timesAndOthers(): Wrong {
  return {
    exp: [
      undefined,
      null,
      '',
      'soon',
      String(soon()),
      true,
      [],
      [soon()],
      {},
      0,
      -1,
      now() - 60,
      now() + 200_000,
      1e300,
    ],
    iat: [undefined, null, '', 'now', String(now()), true, [], [now()], {}, now() + 3600, 1e300, 0, now() - 200_000],
    nbf: [null, '', 'later', String(now()), true, [], {}, now() + 3600, 1e300],
    sid: [undefined, null, '', 1, true, [], {}, 'x'.repeat(256), [randomUUID()]],
    events: [{}, null, [], 'x', { 'http://schemas.openid.net/event/backchannel-logout': {} }],
    nonce: ['x', '', null, 1],
    cnf: [{ jkt: 'x' }, { 'x5t#S256': 'x' }, {}, null],
    padding: ['x'.repeat(9000)],
  };
}

/** What each claim of an access token must not be, by the claim; undefined takes it away (ASVS 9.2, RFC 8725 §3.8). */
export function wrongClaims(issuer: string, subject: string): Wrong {
  const [who, whom] = [
    { ...issuers(issuer), ...subjects(subject) },
    { ...audiences(issuer), ...clientsAndTypes() },
  ];
  return { ...who, ...whom, ...timesAndOthers() };
}

/** Bodies that are no set of claims, or no JSON; `good` is the text of one that is. */
export function wrongBodies(good: string): readonly (string | Buffer)[] {
  return [
    '',
    '{',
    '[]',
    'null',
    'true',
    '1',
    '"x"',
    '{}',
    `[${good}]`,
    `"${good.replaceAll('"', String.raw`\"`)}"`,
    `${good}x`,
    `${good}${good}`,
    `\uFEFF${good.slice(1)}`,
    good.slice(0, -1),
    `{"__proto__":${good}}`,
    `{"constructor":{"prototype":${good}}}`,
    good.replace(/"exp":\d+/, '"exp":1e999'),
    good.replace(/"exp":\d+/, '"exp":NaN'),
    good.replace(/"iat":\d+/, '"iat":1e999'),
    `${'['.repeat(2000)}${']'.repeat(2000)}`,
    `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`,
    Buffer.from(good, 'utf16le'),
    Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  ];
}
