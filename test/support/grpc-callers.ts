import { randomUUID } from 'node:crypto';
import type { EdgeWorld } from './edge-world.ts';

/** The token of a service account that holds these permissions. */
export function serviceToken(edge: Pick<EdgeWorld, 'token'>, ...roles: string[]): Promise<string> {
  const claims = { sid: undefined, auth_time: undefined, client_id: 'customer-cli' };
  const access = { resource_access: { 'customer-api': { roles } } };
  return edge.token(randomUUID(), { claims: { ...claims, ...access } });
}
