import type { Schedule } from '../messaging/work.ts';

/** What runs by itself, and when: minute, hour, day, month, weekday in UTC. */
export const schedule: Schedule = {
  'identity.sweep': '* * * * *',
  'contacts.drop-over': '*/10 * * * *',
  'registration.drop-unproven': '17 * * * *',
  'keys.upkeep': '11 2 * * *',
  'retention.outdated': '41 3 * * *',
};
