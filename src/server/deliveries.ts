import type { Parts } from '../context.ts';
import { receiveDeliveries } from '../features/identity/identity.events.ts';

/** The door of Keycloak's deliveries: committed to the inbox when it resolves. */
export function deliveriesInto(parts: Parts): (events: readonly unknown[]) => Promise<void> {
  return (events) => receiveDeliveries(parts, events);
}
