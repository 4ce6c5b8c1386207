import type { EntityManager } from '@mikro-orm/postgresql';
import type { Device } from '../../domain/device.ts';

/** What stands for a word that we do not know; `ZZ` is nobody's country (ISO 3166-1, user-assigned). */
const unknown = { word: '?', country: 'ZZ' };

/**
 * Notes that a customer signed in with a device.
 *
 * @returns whether she never did before, or it was forgotten since; false for her first device at all
 */
export async function noteDevice(
  em: EntityManager,
  { customerId, device, at }: { readonly customerId: string; readonly device: Device; readonly at: Date },
): Promise<boolean> {
  const { browser = unknown.word, system = unknown.word, country = unknown.country } = device;
  const [row]: { isNew: boolean }[] = await em.execute(
    `insert into known_device as d (customer_id, browser, system, country, first_seen_at, last_seen_at)
     values (?, ?, ?, ?, ?, ?)
     on conflict on constraint known_device_pkey do update
       set last_seen_at = excluded.last_seen_at, forgotten_at = null,
         first_seen_at = case when d.forgotten_at is null then d.first_seen_at else excluded.first_seen_at end
     returning (old.customer_id is null or old.forgotten_at is not null)
       and exists (select from known_device o where o.customer_id = d.customer_id) as "isNew"`,
    [customerId, browser, system, country, at, at],
  );
  return row?.isNew === true;
}

/** Forgets all devices of a customer: the next sign-in with any of them is told to her. */
export async function forgetDevices(em: EntityManager, customerId: string, at: Date): Promise<void> {
  await em.execute(
    'update known_device set forgotten_at = ? where customer_id = ? and forgotten_at is null',
    [at, customerId],
    { method: 'run' },
  );
}
