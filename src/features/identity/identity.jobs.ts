import type { Parts } from '../../context.ts';
import type { Task } from '../../messaging/work.ts';
import { tellProviderTask, tellStatusTask } from './converge.ts';
import { sweep } from './sweep.ts';
import { tellProvider, tellStatus } from './tell-provider.ts';

/** What the seam with Keycloak does later and by the clock. */
export function identityTasks(parts: Parts): Task[] {
  return [
    { name: tellProviderTask, run: (customerId) => tellProvider(parts, customerId) },
    { name: tellStatusTask, run: (customerId) => tellStatus(parts, customerId) },
    { name: 'identity.sweep', cron: '* * * * *', run: () => sweep(parts).then(() => undefined) },
  ];
}
