import type { Parts } from '../../context.ts';
import { system } from '../../domain/access.ts';
import type { CredentialKind } from '../../domain/credential.ts';
import { findByIdentityForUpdate } from '../../messaging/for-update.ts';
import { kindOfType, trustedDeviceType } from '../../platform/keycloak-credentials.ts';
import { type Delivery, delivery } from './deliveries.ts';

/** The job that mails a customer that what she signs in with was changed; its key is the id of Keycloak's event. */
export const tellCredentialTask = 'identity.tell-credential';

/** What mails are about: what she proves with who she is, or a device that is trusted and proves nothing. */
type ChangedKind = CredentialKind | 'TRUSTED_DEVICE';

/** What a mail says: what was done, and to what; nothing of to what when an admin did it and Keycloak does not tell. */
export interface CredentialChange {
  readonly done: 'set' | 'removed';
  readonly kind: ChangedKind | undefined;
}

/** A change, and whom to tell of it. */
export interface CredentialNotice extends CredentialChange {
  readonly address: string;
  readonly locale: string | null;
  readonly at: Date;
}

const links: Readonly<Record<string, CredentialChange>> = {
  FEDERATED_IDENTITY_LINK: { done: 'set', kind: 'SOCIAL' },
  FEDERATED_IDENTITY_OVERRIDE_LINK: { done: 'set', kind: 'SOCIAL' },
  REMOVE_FEDERATED_IDENTITY: { done: 'removed', kind: 'SOCIAL' },
};

const byAdmins: Readonly<Record<string, CredentialChange>> = {
  USER_RESET_PASSWORD: { done: 'set', kind: 'PASSWORD' },
  USER_FEDERATED_IDENTITY_CREATE: { done: 'set', kind: 'SOCIAL' },
  USER_FEDERATED_IDENTITY_DELETE: { done: 'removed', kind: 'SOCIAL' },
  USER_CREDENTIALS: { done: 'removed', kind: undefined },
  USER_DISABLE_CREDENTIAL_TYPES: { done: 'removed', kind: undefined },
};

/** What a delivery changed of what she signs in with; undefined for any other. */
export function credentialChangeOf({ type, kind, credentialType = '' }: Delivery): CredentialChange | undefined {
  if (kind === 'admin') return Object.hasOwn(byAdmins, type) ? byAdmins[type] : undefined;
  if (Object.hasOwn(links, type)) return links[type];
  const what = credentialType === trustedDeviceType ? 'TRUSTED_DEVICE' : kindOfType(credentialType);
  if (!what || (type !== 'UPDATE_CREDENTIAL' && type !== 'REMOVE_CREDENTIAL')) return undefined;
  return { done: type === 'UPDATE_CREDENTIAL' ? 'set' : 'removed', kind: what };
}

/** Puts the mails of some deliveries aside, each once, however often they are worked off. */
export async function tellCredentials(
  { transactAs, work, clock }: Pick<Parts, 'transactAs' | 'work' | 'clock'>,
  source: string,
  events: readonly Delivery[],
): Promise<void> {
  const told = events.filter((event) => credentialChangeOf(event));
  if (!told.length) return;
  await transactAs({ actor: system(tellCredentialTask), requestId: told[0]?.id ?? '' }, async (em) => {
    for (const { id } of told) {
      const first = await em.execute<unknown[]>(
        'update inbox set told_at = ? where source = ? and message_id = ? and told_at is null returning 1 as one',
        [clock.now(), source, id],
      );
      if (first.length) await work.enqueue(em, tellCredentialTask, id);
    }
  });
}

/** How long after her address was proven a password is still the one that she registered with. */
const registeringMs = 30 * 60_000;

const sessionBefore = 'select 1 from session_token where customer_id = $1 and started_at < $2 limit 1';

/** The first password of all is what she registers for: she has just chosen it, and knows. */
async function isFirstPassword(
  { pool }: Pick<Parts, 'pool'>,
  { id, activatedAt }: { id: string; activatedAt: Date | null },
  { kind, at }: Pick<CredentialNotice, 'kind' | 'at'>,
): Promise<boolean> {
  if (kind !== 'PASSWORD' || (activatedAt && at.getTime() > activatedAt.getTime() + registeringMs)) return false;
  const { rowCount } = await pool.query({ name: 'session-before', text: sessionBefore, values: [id, at] });
  return rowCount === 0;
}

/** Whom to tell what of an event; undefined when there is nobody to tell, or nothing. */
export async function credentialNotice(
  parts: Pick<Parts, 'pool' | 'transactAs' | 'config'>,
  eventId: string,
): Promise<CredentialNotice | undefined> {
  const text = `select payload from inbox where message_id = $1 and told_at is not null`;
  const { rows } = await parts.pool.query<{ payload: unknown }>({ name: 'told-event', text, values: [eventId] });
  const event = delivery.safeParse(rows[0]?.payload).data;
  const change = event && credentialChangeOf(event);
  if (!event?.userId || !change) return undefined;
  const identity = { issuer: parts.config.keycloak.issuer, subject: event.userId };
  const act = { actor: system(tellCredentialTask), requestId: eventId };
  const account = await parts.transactAs(act, async (em) => {
    const found = await findByIdentityForUpdate(em, identity);
    return found?.recipient && { ...found.recipient, id: found.id, activatedAt: found.activatedAt };
  });
  if (!account) return undefined;
  const { address, locale } = account;
  const notice = { ...change, address, locale, at: new Date(event.time) };
  return event.kind === 'user' && (await isFirstPassword(parts, account, notice)) ? undefined : notice;
}
