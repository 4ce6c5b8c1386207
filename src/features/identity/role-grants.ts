import type { Parts } from '../../context.ts';
import type { Delivery } from './deliveries.ts';

/** A role of staff that somebody was given; `holders`: a role or a group gives more to all who have it. */
export interface RoleGrant {
  readonly by: Delivery['actor']['type'];
  readonly to: 'person' | 'service' | 'holders';
}

type GrantParts = Pick<Parts, 'config' | 'keycloak' | 'log' | 'pool'>;

/** What gives somebody a role; a group may bring some. */
const gives = /^((REALM|CLIENT)_ROLE_MAPPING|GROUP_MEMBERSHIP)_CREATE$/;
const widens = /_WIDENED$/;
/** Roles of everybody. Any other is one of staff until it stands here: roles can be made in the console. */
const ofEverybody = /^(customer|default-roles-.*|offline_access|uma_authorization)$/;
/** Made for programs (contracts: access). A person who gets one is not what she should be. */
const ofServices: ReadonlySet<string> = new Set(['service', 'checkout', 'login-service', 'notifications']);

/** Those of a user's roles in the realm that make her staff. */
function staffRolesOf(roles: readonly string[], to: RoleGrant['to']): string[] {
  return roles.filter((role) => !ofEverybody.test(role) && !(to === 'service' && ofServices.has(role))).toSorted();
}

const kept = `insert into role_grant (event_id, at, issuer, subject, granted_to, granted_by, actor_id, roles)
  values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (event_id) do nothing`;

interface Kept extends Pick<RoleGrant, 'to'> {
  readonly roles: readonly string[];
  readonly told: (grant: RoleGrant) => void;
}

/** Keeps and tells a grant, once, however often its event comes. */
async function keep({ config, log, pool }: GrantParts, event: Delivery, { to, roles, told }: Kept): Promise<void> {
  const { id, time, actor, userId = null } = event;
  const values = [id, new Date(time), config.keycloak.issuer, userId, to, actor.type, actor.id, roles];
  const { rowCount } = await pool.query({ name: 'role-grant', text: kept, values });
  if (!rowCount) return;
  told({ by: actor.type, to });
  const who = { alarm: 'staff-role-granted', eventId: id, subject: userId, to, by: actor.type, actorId: actor.id };
  log.warn({ ...who, roles }, 'a staff role was granted');
}

/**
 * Raises the alarm when one of these changes gave the user a role and she holds one of staff now. The provider's events
 * say that a role was given and not which: whoever is staff already and gets another role is told as well. A role of a
 * client is told whichever it is: rights come by roles of the realm, and our account may not see those of clients.
 *
 * @param told  hears of each grant once
 * @throws Unavailable  while the provider does not answer
 */
export async function noteGrants(
  parts: GrantParts,
  subject: string,
  events: readonly Delivery[],
  told: (grant: RoleGrant) => void,
): Promise<void> {
  const given = events.filter(({ type }) => gives.test(type));
  const user = given.length ? await parts.keycloak.findById(subject) : null;
  const held = user && (await parts.keycloak.realmRolesOf(subject));
  if (!held) return;
  const to = user.serviceAccount ? 'service' : 'person';
  const ofRealm = staffRolesOf(held, to);
  for (const event of given) {
    const ofClient = event.type.startsWith('CLIENT') ? [`client ${event.roleClientId ?? 'unknown'}`] : [];
    const roles = [...ofClient, ...ofRealm];
    if (roles.length) await keep(parts, event, { to, roles, told });
  }
}

/** Raises the alarm when a role or a group gives more from now on: whoever has it was given that. */
export async function noteWidening(
  parts: GrantParts,
  event: Delivery,
  told: (grant: RoleGrant) => void,
): Promise<void> {
  if (widens.test(event.type)) await keep(parts, event, { to: 'holders', roles: [], told });
}

/** Which alarms stand: for a day, as long as somebody should look. */
export async function grantAlarms({
  pool,
}: Pick<Parts, 'pool'>): Promise<Record<'staff-role-granted' | 'staff-role-of-a-service', boolean>> {
  const { rows } = await pool.query<{ any: boolean; service: boolean }>({
    name: 'role-grant-alarms',
    text: `select count(*) > 0 as any,
        count(*) filter (where granted_to = 'service' or granted_by = 'service') > 0 as service
      from role_grant where at > now() - interval '24 hours'`,
  });
  return { 'staff-role-granted': rows[0]?.any ?? false, 'staff-role-of-a-service': rows[0]?.service ?? false };
}
