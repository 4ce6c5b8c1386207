import type { Parts } from '../../context.ts';
import type { Task } from '../../messaging/work.ts';
import { endAtProviderTask } from './session-service.ts';

/** What signing out does later: the session that Keycloak was too busy to end is ended there too. */
export function authenticationTasks({ keycloak }: Pick<Parts, 'keycloak'>): Task[] {
  return [{ name: endAtProviderTask, run: async (sid) => void (await keycloak.endSession(sid)) }];
}
