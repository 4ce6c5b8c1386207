import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createGrantVerifier } from '../../../src/platform/keycloak-connect-verifier.ts';
import { type Claims, createTokenVerifier, type TokenVerifier } from '../../../src/platform/token-verifier.ts';
import { guardText } from '../../../src/server/document-gate.ts';
import { type EdgeWorld, linkedCustomer, openEdge } from '../../support/edge-world.ts';

const seconds = (): number => Math.floor(Date.now() / 1000);
const clock = { now: () => new Date() };

/** An issuer that can fall silent. */
async function openIssuer() {
  const [own, foreign] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')];
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'k', use: 'sig', alg: 'RS256' };
  const issuer = { away: false };
  const server: Server = createServer((_req, res) => {
    res.writeHead(issuer.away ? 503 : 200, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sign = (claims: JWTPayload = {}, key = own.privateKey): Promise<string> =>
    new SignJWT({
      typ: 'Bearer',
      sub: randomUUID(),
      azp: 'c',
      sid: 's',
      aud: 'a',
      iss: 'https://public.example/realms/r',
      iat: seconds(),
      exp: seconds() + 60,
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'k' })
      .sign(key);
  return { url, sign, foreign: foreign.privateKey, issuer, stop: () => server.close() };
}

const access = (keysUrl: string) => ({
  issuer: 'https://public.example/realms/r',
  keysUrl,
  audience: 'a',
  clients: ['c'],
});

describe('keys of the issuer (ASVS 15.2.2)', () => {
  test('that were read once count through an outage, however long', async () => {
    const { url, sign, issuer, stop } = await openIssuer();
    const verifier = createTokenVerifier(access(url), clock);
    expect(await verifier.verify(await sign())).not.toBeNull();

    issuer.away = true;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    const later = await verifier.verify(await sign()).finally(() => vi.useRealTimers());

    expect(later).toMatchObject({ clientId: 'c' });
    stop();
  });

  test('that nobody serves are an outage, not a bad token', async () => {
    const { sign, stop } = await openIssuer();

    const verifier = createTokenVerifier(access('http://127.0.0.1:1/certs'), clock);

    await expect(verifier.verify(await sign())).rejects.toMatchObject({ name: 'KeysUnavailable' });
    stop();
  });
});

describe('the second opinion', () => {
  const claims: Claims = {
    issuer: 'i',
    subject: 's',
    permissions: ['customer:read'],
    clientId: 'c',
    service: false,
    expiresAt: seconds() + 60,
    issuedAt: seconds(),
  };
  // Accepts everything, so that what is refused is keycloak-connect's doing.
  const credulous: TokenVerifier = { verify: () => Promise.resolve(claims), forget: () => undefined };

  test('refuses on its own, also where Keycloak is reached under another address than browsers use', async () => {
    const { url, sign, foreign, stop } = await openIssuer();
    const rest = { realm: 'r', audience: 'a', client: { id: 'c', secret: 's' } };
    const verifier = createGrantVerifier(credulous, { url, issuer: access(url).issuer, ...rest }, () => true);
    const verdict = async (token: Promise<string>): Promise<boolean> => (await verifier.verify(await token)) !== null;

    expect(await verdict(sign())).toBe(true);
    expect(await verdict(sign({}, foreign))).toBe(false);
    expect(await verdict(sign({ iss: 'https://elsewhere.example' }))).toBe(false);
    expect(await verdict(sign({ typ: 'ID' }))).toBe(false);
    expect(await verdict(sign({ exp: seconds() - 60 }))).toBe(false);
    expect(await verdict(sign({ aud: 'account' }))).toBe(false);
    stop();
  });

  test('is not waited for while Keycloak is away', async () => {
    const { sign, stop } = await openIssuer();
    const rest = { realm: 'r', audience: 'a', client: { id: 'c', secret: 's' } };
    const away = { url: 'http://127.0.0.1:1', issuer: access('').issuer, ...rest };

    expect(await createGrantVerifier(credulous, away, () => true).verify(await sign())).toBe(claims);
    stop();
  });
});

describe('documents, further (ASVS 4.3.1)', () => {
  const directives = `{ me { id ${'@skip(if: false) '.repeat(100)} } }`;

  test.each([
    ['a comment that a carriage return ends', `#\r${directives}`],
    ['a string that a carriage return ends', `"\r${directives}`],
    ['a block with an escaped end', `{ a(x: """ \\""" """) } ${directives}`],
    ['a block with an escaped end and a quote', `{ a(x: """ \\"""" """) } ${directives}`],
  ])('%s hides nothing behind it', (_name, text) => {
    expect(() => guardText(text)).toThrow('too many directives');
  });

  test('what stands in comments and strings is not counted', () => {
    expect(() =>
      guardText(`#${'@'.repeat(50)}\n{ a(x: """ \\""" ${'{'.repeat(50)} """, y: "${'['.repeat(50)}") }`),
    ).not.toThrow();
  });
});

describe('live answers and refusals, further', () => {
  let edge: EdgeWorld;
  const subject = randomUUID();
  beforeAll(async () => {
    edge = await openEdge();
    await linkedCustomer(edge, subject);
  });
  afterAll(() => edge.stop());

  const follow = { query: 'subscription { customerChanged { snapshot } }' };

  test.each(['*/*', 'text/*', '*/event-stream', 'application/json'])(
    'nobody gets one by accepting %s, since it would be neither counted nor ended',
    async (accept) => {
      const answer = await edge.ask(follow, { authorization: `Bearer ${await edge.token(subject)}`, accept });

      expect(answer.status).toBe(406);
    },
  );

  test.each(['text/event-stream', 'Text / Event-Stream', 'application/json, text/event-stream;q=0.9'])(
    'one asked for as %s ends when its session is revoked',
    async (accept) => {
      const sid = randomUUID();
      const token = await edge.token(subject, { claims: { sid } });
      const answer = await edge.ask(follow, { authorization: `Bearer ${token}`, accept });
      expect(answer.headers.get('content-type')).toContain('text/event-stream');

      await edge.running.parts.pool.query(
        `insert into revocation (issuer, sid, expires_at) values ($1, $2, now() + interval '1 hour')`,
        [edge.issuer, sid],
      );
      const began = performance.now();
      await answer.text().catch(() => 'cut');

      expect(performance.now() - began).toBeLessThan(2000);
    },
  );

  test('a client has twenty at most', async () => {
    const [who, headers] = [randomUUID(), { accept: 'text/event-stream' }];
    await linkedCustomer(edge, who);
    const authorization = `Bearer ${await edge.token(who)}`;

    const answers = await Promise.all(
      Array.from({ length: 21 }, () => edge.ask(follow, { ...headers, authorization })),
    );

    expect(answers.filter(({ status }) => status === 429)).toHaveLength(1);
    for (const { body } of answers) await body?.cancel();
  });

  test('pages by a variable cost as much as the largest', async () => {
    const roles = { resource_access: { 'customer-api': { roles: ['customer:read'] } }, acr: '2' };
    const authorization = `Bearer ${await edge.token(subject, { claims: roles })}`;
    const list = 'customers(first: $n) { edges { cursor node { id status version createdAt locale country } } }';
    const many = Array.from({ length: 12 }, (_, at) => `a${at}: ${list}`).join(' ');

    const [one, all] = await Promise.all(
      [list, many].map(async (fields) =>
        (await edge.ask({ query: `query ($n: Int!) { ${fields} }`, variables: { n: 1 } }, { authorization })).text(),
      ),
    );

    expect(one).toContain('"data":{"customers"');
    expect(all).toContain('it costs too much');
  });

  test.each([
    ['no HTTP', 'GARBAGE\r\n\r\n', 400],
    ['too many headers', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('what is %s is refused with the headers of every answer', async (_name, text, status) => {
    const { hostname, port } = new URL(edge.url);

    const answer = await new Promise<string>((resolve) => {
      let all = '';
      const socket = connect(Number(port), hostname, () => socket.write(text));
      socket.on('data', (data) => (all += String(data))).on('error', () => undefined);
      socket.on('close', () => resolve(all));
    });

    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('x-content-type-options: nosniff');
    expect(answer).toContain("frame-ancestors 'none'");
  });
});
