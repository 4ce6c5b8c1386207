import type { Parts } from '../../context.ts';
import type { KeycloakRoles } from '../../platform/keycloak.ts';
import type { Delivery } from './deliveries.ts';

/** A role of staff that somebody was given. */
export interface RoleGrant {
  readonly to: 'person' | 'service';
  readonly by: Delivery['actor']['type'];
}

type GrantParts = Pick<Parts, 'config' | 'keycloak' | 'log' | 'pool'>;

/** What gives somebody a role; a group may bring some. */
const gives = /^((REALM|CLIENT)_ROLE_MAPPING|GROUP_MEMBERSHIP)_CREATE$/;
/** Roles of everybody. Any other is one of staff until it stands here: roles can be made in the console. */
const ofEverybody =
  /^(customer|default-roles-.*|offline_access|uma_authorization|account\/.*|customer-api\/customer:self)$/;
/** Made for programs (contracts: access). A program that gets one is what it should be; a person is not. */
const ofServices: ReadonlySet<string> = new Set(['service', 'checkout', 'login-service', 'notifications']);

/** The roles that make somebody staff: realm roles by name, those of clients as `client/role`. */
export function staffRolesOf({ realm, clients }: KeycloakRoles, to: RoleGrant['to']): string[] {
  const ofClients = Object.entries(clients).flatMap(([client, roles]) => roles.map((role) => `${client}/${role}`));
  return [...realm, ...ofClients]
    .filter((role) => !ofEverybody.test(role) && !(to === 'service' && ofServices.has(role)))
    .toSorted();
}

const kept = `insert into role_grant (event_id, at, issuer, subject, granted_to, granted_by, actor_id, roles)
  values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (event_id) do nothing`;

/**
 * Raises the alarm when one of these changes gave the user a role and she holds one of staff now. The provider's events
 * say that a role was given and not which: whoever is staff already and gets another role is told as well.
 *
 * @param told  hears of each grant once, however often its event comes
 * @throws Unavailable  while the provider does not answer
 */
export async function noteGrants(
  { config, keycloak, log, pool }: GrantParts,
  subject: string,
  events: readonly Delivery[],
  told: (grant: RoleGrant) => void,
): Promise<void> {
  const given = events.filter(({ type }) => gives.test(type));
  const user = given.length ? await keycloak.findById(subject) : null;
  const held = user && (await keycloak.rolesOf(subject));
  if (!held) return;
  const to = user.serviceAccount ? 'service' : 'person';
  const roles = staffRolesOf(held, to);
  for (const { id, time, actor } of roles.length ? given : []) {
    const values = [id, new Date(time), config.keycloak.issuer, subject, to, actor.type, actor.id, roles];
    const { rowCount } = await pool.query({ name: 'role-grant', text: kept, values });
    if (!rowCount) continue;
    told({ to, by: actor.type });
    const who = { alarm: 'staff-role-granted', eventId: id, subject, to, by: actor.type, actorId: actor.id, roles };
    log.warn(who, 'a staff role was granted');
  }
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
