import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Browser } from '../../support/browser.ts';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
beforeAll(() => world.start());
beforeEach(() => world.reset());
afterAll(() => world.stop());

const event = 'http://schemas.openid.net/event/backchannel-logout';
const tell = async (token: string, type = 'application/x-www-form-urlencoded'): Promise<number> => {
  const body = new URLSearchParams({ logout_token: token }).toString();
  const provider = new Browser(world.origin);
  const init = { method: 'POST', headers: { 'content-type': type }, body };
  return (await provider.request(world.replica(1), '/auth/backchannel-logout', init)).status;
};

describe('the provider says that a session is over (FR-2, ASVS 10.5.5)', () => {
  test('it is over on every replica, and its tokens are refused', async () => {
    const browser = await world.signedIn();

    expect(await tell(await world.provider.logoutToken(world.sid))).toBe(200);

    expect((await browser.post(world.replica(0), '/auth/refresh')).status).toBe(401);
    expect(await world.revoked()).toEqual([world.sid]);
  });

  test('a token counts once', async () => {
    const token = await world.provider.logoutToken('a-session', { jti: 'once' });

    expect(await tell(token)).toBe(200);
    expect(await tell(token)).toBe(400);
    expect(await world.revoked()).toEqual(['a-session']);
  });

  test('without a session it names a subject, whose sessions all end', async () => {
    const browser = await world.signedIn();

    expect(await tell(await world.provider.logoutToken('', { sid: undefined }))).toBe(200);

    expect((await browser.post(world.replica(0), '/auth/refresh')).status).toBe(401);
  });

  const now = Math.floor(Date.now() / 1000);
  test.each<[string, Record<string, unknown>, string?]>([
    ['an access token’s type', {}, 'JWT'],
    ['no event', { events: undefined }],
    ['another event', { events: { 'http://example.org/other': {} } }],
    ['an event that is no object', { events: { [event]: 'yes' } }],
    ['a nonce', { nonce: 'n' }],
    ['another audience', { aud: 'customer-login' }],
    ['no audience', { aud: undefined }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['no id', { jti: undefined }],
    ['neither session nor subject', { sid: undefined, sub: undefined }],
    ['a session that is no text', { sid: 5 }],
    ['no time', { iat: undefined }],
    ['an old time', { iat: now - 3600 }],
    ['an end in the past', { exp: now - 60 }],
  ])('a token with %s is refused', async (_name, over, typ) => {
    expect(await tell(await world.provider.logoutToken('a-session', over, typ))).toBe(400);
    expect(await world.revoked()).toEqual([]);
  });

  test('a token signed by somebody else, not signed, or no token at all is refused', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const claims = {
      iss: world.provider.issuer,
      aud: 'customer-bff',
      sid: 'a-session',
      events: { [event]: {} },
      jti: 'x',
    };
    const header = { alg: 'RS256', typ: 'logout+jwt', kid: 'double' };
    const foreign = await new SignJWT(claims).setProtectedHeader(header).setIssuedAt().sign(privateKey);
    const [, payload = ''] = foreign.split('.');
    const unsigned = `${Buffer.from('{"alg":"none","typ":"logout+jwt"}').toString('base64url')}.${payload}.`;

    for (const bad of [foreign, unsigned, 'x.y.z', '', 'x'.repeat(20_000)]) expect(await tell(bad)).toBe(400);

    expect(await world.revoked()).toEqual([]);
  });

  test('only a form carries it', async () => {
    expect(await tell(await world.provider.logoutToken('a-session'), 'application/json')).toBe(400);
  });
});
