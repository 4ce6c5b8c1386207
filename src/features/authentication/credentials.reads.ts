import type { Ctx } from '../../context.ts';
import type { View } from '../../domain/access.ts';
import type { Credential } from '../../domain/credential.ts';

const subjects = `select subject from identity_link where customer_id = $1 and issuer = $2 order by linked_at, subject`;

/**
 * What a customer can prove with who she is, as Keycloak has it now. What she calls a thing is for herself and for whoever
 * sees personal fields.
 *
 * @throws Unavailable  while Keycloak does not answer
 */
export async function credentialsOf(
  { pool, config, keycloak }: Pick<Ctx, 'pool' | 'config' | 'keycloak'>,
  customer: { readonly id: string; readonly view: View },
): Promise<Credential[]> {
  const values = [customer.id, config.keycloak.issuer];
  const { rows } = await pool.query<{ subject: string }>({ name: 'credential-subjects', text: subjects, values });
  const found = await Promise.all(rows.map(({ subject }) => keycloak.credentialsOf(subject)));
  return found.flat().map((one) => (customer.view === 'record' ? { ...one, label: null } : one));
}
