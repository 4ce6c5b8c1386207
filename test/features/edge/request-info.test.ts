import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { guardText } from '../../../src/server/document-gate.ts';
import { requestInfo } from '../../../src/server/request-info.ts';

const secrets = ['r'.repeat(40), 's'.repeat(40)];
function info(peer: string | undefined, headers: Record<string, string> = {}, trustedProxies: string[] = []) {
  const req = { headers, socket: { remoteAddress: peer } } as unknown as IncomingMessage;
  return requestInfo(req, { server: { routerSecrets: secrets, trustedProxies } } as never);
}

describe('where a request comes from (ASVS 4.1.3)', () => {
  test.each([
    ['a stranger who claims another address', '203.0.113.5', '198.51.100.1', [], '203.0.113.5'],
    ['somebody behind our proxy', '10.0.0.1', '198.51.100.1', ['10.0.0.0/8'], '198.51.100.1'],
    [
      'somebody who wrote an address before our proxy did',
      '10.0.0.1',
      '1.1.1.1, 198.51.100.1',
      ['10.0.0.1'],
      '198.51.100.1',
    ],
    ['two proxies of ours', '10.0.0.1', '198.51.100.1, 10.0.0.2', ['10.0.0.0/8'], '198.51.100.1'],
    ['nonsense behind our proxy', '10.0.0.1', 'nobody', ['10.0.0.0/8'], '10.0.0.1'],
    ['an IPv4 address in IPv6', '::ffff:203.0.113.5', '', [], '203.0.113.5'],
    ['IPv6 through a proxy of IPv6', '2001:db8::1', '2001:db8::2', ['2001:db8::1'], '2001:db8::2'],
    ['only proxies', '10.0.0.1', '10.0.0.2', ['10.0.0.0/8'], '10.0.0.2'],
  ])('%s', (_name, peer, forwarded, proxies, ip) => {
    expect(info(peer, forwarded ? { 'x-forwarded-for': forwarded } : {}, proxies).ip).toBe(ip);
  });

  test('a connection without an address has none', () => {
    expect(info(undefined).ip).toBe('0.0.0.0');
  });

  test('both credentials of the router count, nothing else does', () => {
    const given = [...secrets, 'x'.repeat(40), '', undefined];

    const counts = given.map((secret) => info('::1', secret === undefined ? {} : { 'x-router-secret': secret }).router);

    expect(counts).toEqual([true, true, false, false, false]);
  });

  test('German is heard first or not at all', () => {
    const languages = ['de-AT,en', 'en,de', 'deu', ''].map(
      (accept) => info('::1', { 'accept-language': accept }).language,
    );

    expect(languages).toEqual(['de', 'en', 'en', 'en']);
  });
});

describe('documents before they are parsed', () => {
  test.each([
    ['brackets in strings', `{ a(b: "${'{'.repeat(100)}\\"${'['.repeat(50)}") }`],
    ['brackets in block strings', `{ a(b: """${'{'.repeat(100)} " @@ """) }`],
    ['brackets in comments', `# ${'{'.repeat(100)}\n{ a }`],
    ['a comment at the end', '{ a } # end'],
    ['an unfinished block string', '{ a(b: """x'],
    ['an unfinished string', '{ a(b: "x\n) }'],
  ])('%s do not count', (_name, text) => {
    expect(() => guardText(text)).not.toThrow();
  });

  test.each([
    ['nesting after a string', `{ a(b: "x") ${'{'.repeat(30)}`],
    ['directives', `{ a ${'@b '.repeat(21)} }`],
    ['length', ' '.repeat(20_000)],
  ])('%s counts', (_name, text) => {
    expect(() => guardText(text)).toThrow('refused');
  });
});
