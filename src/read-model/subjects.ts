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

/** Whether an identity is linked with an account whose owner may come in. */
export async function isOpen(
  pool: pg.Pool,
  { issuer, subject }: { readonly issuer: string; readonly subject: string },
): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'identity-is-open',
    text: `select 1 from identity_link l join customer c on c.id = l.customer_id
      where l.issuer = $1 and l.subject = $2 and c.status in ('ACTIVE', 'PENDING_VERIFICATION')`,
    values: [issuer, subject],
  });
  return rowCount === 1;
}
