import type { EntityManager } from '@mikro-orm/postgresql';

/**
 * Writes what has changed so far in the open transaction, with its audit and its facts. Only for what later statements of
 * the same transaction stand on: a row they refer to, an address that must be free. Everything else is written at its end.
 */
export function writeNow(em: EntityManager): Promise<void> {
  return em.flush();
}
