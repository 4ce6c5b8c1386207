import type { EntityManager } from '@mikro-orm/postgresql';

/** What a registration form left for the customer it makes, as far as it counts before proof: never a name. */
export interface Intent {
  readonly keyId: string;
  readonly locale: string;
  readonly country: string | null;
}

/** The intent whose customer id the user carries; undefined for a user who was made elsewhere. */
export async function intentOf(em: EntityManager, customerId: string): Promise<Intent | undefined> {
  const [row] = await em.execute<Intent[]>(
    'select key_id as "keyId", locale, country from registration_intent where customer_id = ?',
    [customerId],
  );
  return row;
}
