import type pg from 'pg';
import { isClientsAccount, type KeycloakUser } from './keycloak.ts';

interface Row {
  readonly id: string;
  readonly username: string | null;
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly enabled: boolean;
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly client: string | null;
  readonly createdAt: string | null;
  readonly locale: string | null;
  readonly customerId: string | null;
  readonly phone: string | null;
  readonly phoneVerified: string | null;
}

function userOf(row: Row): KeycloakUser {
  const { id, email, emailVerified, enabled, givenName, familyName, locale, customerId, phone } = row;
  const createdAt = row.createdAt === null ? null : new Date(Number(row.createdAt));
  const phoneVerified = row.phoneVerified === 'true';
  const known = { email, givenName, familyName, locale, customerId, createdAt, phone, phoneVerified };
  return {
    id,
    emailVerified,
    enabled,
    serviceAccount: row.client !== null || isClientsAccount(row.username ?? ''),
    ...(Object.fromEntries(Object.entries(known).filter(([, value]) => value)) as Partial<KeycloakUser>),
  };
}

/**
 * Users as they stand in Keycloak's own database, read by a role that sees nothing but them (`keycloak/reader.sql`). Over
 * HTTP a page of users costs Keycloak a statement per user and attribute, and more the later it comes; here a million
 * pass in minutes.
 */
export class KeycloakRows {
  readonly #pool: pg.Pool;
  readonly #realm: string;

  constructor(pool: pg.Pool, realm: string) {
    this.#pool = pool;
    this.#realm = realm;
  }

  /** The next users by id, as many as `count` if there are; `''` begins. */
  async after(id: string, count: number): Promise<KeycloakUser[]> {
    const { rows } = await this.#pool.query<Row>({
      name: 'users-after',
      text: `select u.id, u.username, u.email, coalesce(u.email_verified, false) as "emailVerified",
          coalesce(u.enabled, false) as enabled, u.first_name as "givenName", u.last_name as "familyName",
          u.service_account_client_link as client, u.created_timestamp as "createdAt", a.*
        from user_entity u
        left join lateral (select
            min(value) filter (where name = 'locale') as locale,
            min(value) filter (where name = 'customerId') as "customerId",
            min(value) filter (where name = 'phoneNumber') as phone,
            min(value) filter (where name = 'phoneNumberVerified') as "phoneVerified"
          from user_attribute where user_id = u.id) a on true
        where u.realm_id = (select id from realm where name = $1) and u.id > $2
        order by u.id limit $3`,
      values: [this.#realm, id, count],
    });
    return rows.map(userOf);
  }
}
