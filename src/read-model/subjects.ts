import type pg from 'pg';

/** Whom Keycloak knows the customer as, her first link first; a user who is missing there is nobody. */
export async function subjectsOf(
  { pool, config }: { readonly pool: pg.Pool; readonly config: { readonly keycloak: { readonly issuer: string } } },
  customerId: string,
): Promise<string[]> {
  const { rows } = await pool.query<{ subject: string }>({
    name: 'subjects-of-customer',
    text: `select subject from identity_link where issuer = $1 and customer_id = $2 and missing_since is null
      order by linked_at, subject`,
    values: [config.keycloak.issuer, customerId],
  });
  return rows.map(({ subject }) => subject);
}
