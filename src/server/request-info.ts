import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import { v7 } from 'uuid';
import type { RequestInfo } from '../context.ts';
import type { Config } from '../platform/config.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares in the same time whatever differs, also the length. */
function isOneOf(given: string, secrets: readonly string[]): boolean {
  const hashed = digest(given);
  return secrets.map((secret) => timingSafeEqual(hashed, digest(secret))).includes(true);
}

const isAddress = (text: string): boolean => ipaddr.isValid(text);

function isTrusted(address: string, proxies: readonly string[]): boolean {
  if (!isAddress(address)) return false;
  const ip = ipaddr.process(address);
  return proxies.some((proxy) => {
    const [network, bits] = ipaddr.isValidCIDR(proxy)
      ? ipaddr.parseCIDR(proxy)
      : [ipaddr.process(proxy), ipaddr.process(proxy).kind() === 'ipv6' ? 128 : 32];
    return ip.kind() === network.kind() && ip.match(network, bits);
  });
}

/** The nearest address that is not one of our proxies (ASVS 4.1.3): what somebody writes into the header himself never counts. */
function addressOf(req: IncomingMessage, proxies: readonly string[]): string {
  const peer = req.socket.remoteAddress ?? '';
  const forwarded = req.headers['x-forwarded-for'];
  const hops = [...(typeof forwarded === 'string' ? forwarded.split(',').map((hop) => hop.trim()) : []), peer];
  const nearest = hops.findLast((hop, at) => at === 0 || !isTrusted(hop, proxies)) ?? peer;
  const counts = isAddress(nearest) ? nearest : peer;
  return isAddress(counts) ? ipaddr.process(counts).toString() : '0.0.0.0';
}

/** Where a request comes from. */
export function requestInfo(req: IncomingMessage, { server }: Pick<Config, 'server'>): RequestInfo {
  const secret = req.headers['x-router-secret'];
  const language = /^\s*de\b/i.test(req.headers['accept-language'] ?? '') ? 'de' : 'en';
  return {
    id: v7(),
    ip: addressOf(req, server.trustedProxies),
    language,
    userAgent: (req.headers['user-agent'] ?? '').slice(0, 500),
    router: typeof secret === 'string' && isOneOf(secret, server.routerSecrets),
  };
}

/** Of two of these a proxy may read the one and we the other (ASVS 4.2). */
const once = new Set([
  'host',
  'authorization',
  'content-length',
  'content-type',
  'cookie',
  'origin',
  'x-acting',
  'x-router-secret',
]);

/** Whether a header that counts stands twice. */
export function isTwice(req: IncomingMessage): boolean {
  const names = req.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  return names.some((name, at) => once.has(name) && names.indexOf(name) !== at);
}
