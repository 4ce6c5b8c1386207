import type { Parts } from '../../context.ts';
import type { Task } from '../../messaging/work.ts';
import { tellProviderTask, tellStatusTask } from '../../messaging/shared-tasks.ts';

import { sweepAny } from './sweep-rows.ts';
import { tellProvider, tellStatus } from './tell-provider.ts';

/** What the seam with Keycloak does later. */
export function identityTasks(parts: Parts): Task[] {
  return [
    { name: tellProviderTask, run: (customerId) => tellProvider(parts, customerId) },
    { name: tellStatusTask, run: (customerId) => tellStatus(parts, customerId) },
    { name: 'identity.sweep', run: () => sweepAny(parts).then(() => undefined) },
  ];
}
