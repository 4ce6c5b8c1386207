import DataLoader from 'dataloader';
import type { Ctx } from '../../context.ts';
import type { Credential } from '../../domain/credential.ts';
import { isProof } from '../../platform/keycloak-credentials.ts';
import type { CustomerRow } from '../../read-model/customers.ts';

type ReadsCtx = Pick<Ctx, 'pool' | 'config' | 'keycloak' | 'customers'>;

const subjects = `select customer_id as id, array_agg(subject order by linked_at, subject) as subjects,
  min(linked_at) as since from identity_link
  where customer_id = any($1::uuid[]) and issuer = $2 group by customer_id`;

/** Customers whose credentials are asked for at the same time: Keycloak lists one user's in a call. */
const atOnce = 8;

interface Held {
  readonly id: string;
  readonly subjects: string[];
  /** When she was first linked with Keycloak. */
  readonly since: Date;
}

/**
 * What one customer has: what Keycloak calls credentials, and the accounts elsewhere that sign her in. Keycloak does not
 * keep when those were linked; what is said of it is when she was first known there.
 */
function listOne(keycloak: ReadsCtx['keycloak'], held: Held | undefined): Promise<Credential[]>[] {
  return (held?.subjects ?? []).map(async (subject) => {
    const means = await keycloak.contacts.meansOf(subject);
    const links = (means?.links ?? []).map(({ provider }): Credential => {
      const shown = { label: null, createdAt: new Date(held?.since ?? 0) };
      return { id: `social-${provider}`, kind: 'SOCIAL', ...shown };
    });
    return [...(means?.credentials ?? []).filter(isProof), ...links];
  });
}

async function listAll(
  { pool, config, keycloak }: ReadsCtx,
  ids: readonly string[],
): Promise<(Credential[] | Error)[]> {
  const values = [ids, config.keycloak.issuer];
  const { rows } = await pool.query<Held>({
    name: 'credential-subjects',
    text: subjects,
    values,
  });
  const known = new Map(rows.map((row) => [row.id, row]));
  const found = new Map<string, Credential[] | Error>();
  const waiting = [...ids];
  const list = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      const own = listOne(keycloak, known.get(id));
      found.set(
        id,
        await Promise.all(own).then(
          (all) => all.flat(),
          (error: unknown) => error as Error,
        ),
      );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, list));
  return ids.map((id) => found.get(id) ?? []);
}

/** One for a request: what its customers are asked for in the same turn is one statement. */
const loaders = new WeakMap<object, DataLoader<string, Credential[]>>();

function loaderOf(ctx: ReadsCtx): DataLoader<string, Credential[]> {
  const there = loaders.get(ctx.customers);
  if (there) return there;
  const made = new DataLoader<string, Credential[]>((ids) => listAll(ctx, ids), { cache: false });
  loaders.set(ctx.customers, made);
  return made;
}

/**
 * What a customer can prove with who she is, as Keycloak has it now. What she calls a thing is for herself, and for staff
 * who see personal fields, which leaves its trace.
 *
 * @throws Unavailable  while Keycloak does not answer
 */
export async function credentialsOf(ctx: ReadsCtx, customer: CustomerRow): Promise<Credential[]> {
  const found = await loaderOf(ctx).load(customer.id);
  if (customer.view === 'record') return found.map((one) => ({ ...one, label: null }));
  if (found.some(({ label }) => label !== null)) await ctx.customers.noted(customer);
  return found;
}
