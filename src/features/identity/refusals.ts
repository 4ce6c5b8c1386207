import type { EntityManager } from '@mikro-orm/postgresql';
import type { Ctx } from '../../context.ts';
import type { Identity } from '../../domain/access.ts';

/** A customer of whom Keycloak does not take everything. */
export interface Refusal {
  readonly customerId: string;
  /** Names of fields, ours or such as Keycloak demands; never a value. */
  readonly fields: readonly string[];
}

/** Notes which fields could not be written; none, when all of them were. */
export async function noteRefusal(
  { pool }: Pick<Ctx, 'pool'>,
  { issuer, subject }: Identity,
  fields: readonly string[],
): Promise<void> {
  await pool.query({
    name: 'refusal-note',
    text: `update identity_link set refused = nullif($3::text[], '{}')
      where issuer = $1 and subject = $2 and refused is distinct from nullif($3::text[], '{}')`,
    values: [issuer, subject, fields],
  });
}

/** Notes that both sides agree: whatever was refused no longer counts. */
export async function forgetRefusal(em: EntityManager, { issuer, subject }: Identity): Promise<void> {
  const text = 'update identity_link set refused = null where issuer = ? and subject = ? and refused is not null';
  await em.execute(text, [issuer, subject]);
}

/** Whether Keycloak refused all of these fields when we last tried. */
export async function wasRefused(
  em: EntityManager,
  { issuer, subject }: Identity,
  fields: readonly string[],
): Promise<boolean> {
  const text = 'select refused from identity_link where issuer = ? and subject = ?';
  const [row] = await em.execute<{ refused: string[] | null }[]>(text, [issuer, subject]);
  return fields.every((field) => row?.refused?.includes(field));
}

/** Every customer of whom something is refused, the oldest first. */
export async function refusals({ pool, config }: Pick<Ctx, 'pool' | 'config'>): Promise<Refusal[]> {
  const { rows } = await pool.query<Refusal>({
    name: 'refusals',
    text: `select l.customer_id as "customerId", l.refused as fields from identity_link l
      join customer c on c.id = l.customer_id
      where l.issuer = $1 and l.refused is not null and c.status not in ('ERASING','ERASED','MERGED')
      order by l.customer_id`,
    values: [config.keycloak.issuer],
  });
  return rows;
}
