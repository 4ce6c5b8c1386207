import type { Endpoints } from '../../local/endpoints.ts';
import { system } from '../../src/domain/access.ts';
import type { Parts } from '../../src/context.ts';
import { CustomerAccount } from '../../src/domain/customer-account.ts';
import { openAdmin } from './keycloak-admin.ts';
import type { User } from './people.ts';

/** A customer as we hold her, sealed fields opened. */
export interface SeenCustomer {
  readonly id: string;
  readonly status: string;
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly email: string | null;
  readonly verified: boolean;
  readonly locale: string | null;
  readonly version: number;
  readonly sequence: number;
}

/** All customers by the subject they are linked to. */
export async function seenCustomers({
  pool,
  transactAs,
}: Pick<Parts, 'pool' | 'transactAs'>): Promise<Map<string, SeenCustomer>> {
  const accounts = await transactAs({ actor: system('drill'), requestId: 'drill' }, (em) =>
    em.find(CustomerAccount, {}),
  );
  const byId = new Map(
    accounts.map(({ id, status, person, emailVerified: verified, locale, version, sequence }) => {
      const { givenName = null, familyName = null, email } = person ?? {};
      const seen = { id, status, givenName, familyName, email: email?.address ?? null };
      return [id, { ...seen, verified, locale, version, sequence }];
    }),
  );
  const { rows } = await pool.query<{ subject: string; id: string }>(
    'select subject, customer_id as id from identity_link',
  );
  return new Map(
    rows.flatMap(({ subject, id }) => {
      const customer = byId.get(id);
      return customer ? [[subject, customer] as const] : [];
    }),
  );
}

/** What of somebody at Keycloak is not what we hold: names and language, by subject. */
export async function fieldsThatDiffer(
  endpoints: Pick<Endpoints, 'keycloak'>,
  parts: Pick<Parts, 'pool' | 'transactAs'>,
  subjects: readonly string[],
): Promise<string[]> {
  const [admin, customers] = [await openAdmin(endpoints), await seenCustomers(parts)];
  const drift: string[] = [];
  for (const subject of subjects) {
    const { firstName, lastName, attributes } = (await (await admin('GET', `/users/${subject}`)).json()) as User;
    const there = { givenName: firstName, familyName: lastName, locale: attributes?.locale?.[0] };
    const here = customers.get(subject);
    for (const field of ['givenName', 'familyName', 'locale'] as const)
      if ((there[field] ?? null) !== (here?.[field] ?? null)) drift.push(`${subject}: ${field} differs`);
  }
  return drift;
}
