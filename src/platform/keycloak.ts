import { z } from 'zod';
import type { Clock } from './clock.ts';
import { KeycloakSignIns } from './keycloak-sign-ins.ts';
import { KeycloakContacts } from './keycloak-contacts.ts';
import { type AdminCall, AdminCalls, type KeycloakAccess, sessionPath, userPath } from './keycloak-calls.ts';
import { writeUser } from './keycloak-write.ts';
import { credentialsOf, isProof, type KeycloakProof } from './keycloak-credentials.ts';

const representation = z.object({
  id: z.string(),
  username: z.string().default(''),
  email: z.string().optional(),
  emailVerified: z.boolean().default(false),
  enabled: z.boolean().default(false),
  firstName: z.string().optional(),
  lastName: z.string().optional(),
  createdTimestamp: z.number().optional(),
  serviceAccountClientId: z.string().optional(),
  attributes: z.record(z.string(), z.array(z.string())).default({}),
});

/** A user as Keycloak knows it: the part we keep a projection of. */
export interface KeycloakUser {
  readonly id: string;
  readonly email?: string;
  readonly emailVerified: boolean;
  readonly enabled: boolean;
  readonly givenName?: string;
  readonly familyName?: string;
  readonly locale?: string;
  /** In attributes that only admins see and change, as is whether it is proven. */
  readonly phone?: string;
  readonly phoneVerified?: boolean;
  /** Our id, in an attribute that only admins see and change. */
  readonly customerId?: string;
  readonly createdAt?: Date;
  /** A client's own account, which is never a customer. */
  readonly serviceAccount: boolean;
}

const roleNames = z.array(z.object({ name: z.string() })).transform((roles) => roles.map(({ name }) => name));
/** What of a user's profile we write. Absent: left as it is; null: emptied. */
export interface KeycloakProfile {
  readonly givenName?: string | null;
  readonly familyName?: string | null;
  readonly locale?: string | null;
  readonly customerId?: string;
}

/** What came of writing a profile. */
export interface WrittenProfile {
  /** The user as she was left. */
  readonly user: KeycloakUser;
  /** The fields that Keycloak's rules kept from being written, and those it complained of; by name, never a value. */
  readonly refused: readonly string[];
}

const written = ['givenName', 'familyName', 'locale'] as const satisfies readonly (keyof KeycloakProfile)[];

const proofAndPassword = ['VERIFY_EMAIL', 'UPDATE_PASSWORD'];

/** Names of people are their addresses here, so none can look like a client's account. */
export const isClientsAccount = (username: string): boolean => /^service-account-[^@]*$/.test(username);

function userOf(given: z.infer<typeof representation>): KeycloakUser {
  const { attributes, createdTimestamp: created } = given;
  const optional = {
    email: given.email,
    givenName: given.firstName,
    familyName: given.lastName,
    locale: attributes['locale']?.[0],
    customerId: attributes['customerId']?.[0],
    phone: attributes['phoneNumber']?.[0],
    phoneVerified: attributes['phoneNumberVerified']?.[0] === 'true',
    createdAt: created === undefined ? undefined : new Date(created),
  };
  return {
    id: given.id,
    emailVerified: given.emailVerified,
    enabled: given.enabled,
    serviceAccount: given.serviceAccountClientId !== undefined || isClientsAccount(given.username),
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value)) as Partial<KeycloakUser>),
  };
}

/** What is written for a profile: the whole of it, since Keycloak takes what is left out for emptied; never `enabled` or proof. */
function profileBody(now: z.infer<typeof representation>, profile: KeycloakProfile) {
  const attributes = { ...now.attributes };
  for (const name of ['locale', 'customerId'] as const) {
    const value = profile[name];
    if (value) attributes[name] = [value];
    else if (value === null) delete attributes[name];
  }
  const chosen = (wanted: string | null | undefined, was: string | undefined) =>
    wanted === undefined ? (was ?? '') : (wanted ?? '');
  return {
    username: now.username,
    email: now.email,
    firstName: chosen(profile.givenName, now.firstName),
    lastName: chosen(profile.familyName, now.lastName),
    attributes,
  };
}

const complaint = z.object({ field: z.string().regex(/^[\w.-]{1,64}$/) });
const complaints = z.union([
  complaint.transform((one) => [one]),
  z.object({ errors: z.array(complaint) }).transform((all) => all.errors),
]);
const ourNames: Readonly<Record<string, string>> = { firstName: 'givenName', lastName: 'familyName' };

/** The fields of which a refusal complains, by our names for ours. Keycloak's words are left out: they may repeat a value. */
function complainedOf(text: string): string[] {
  try {
    return complaints.parse(JSON.parse(text)).map(({ field }) => ourNames[field] ?? field);
  } catch {
    return [];
  }
}

/** The fields of a profile that the user has otherwise. */
function missingAt(user: KeycloakUser, profile: KeycloakProfile): (keyof KeycloakProfile)[] {
  const names = Object.keys(profile) as (keyof KeycloakProfile)[];
  return names.filter((name) => profile[name] !== undefined && (profile[name] ?? undefined) !== user[name]);
}

/**
 * Users of the realm, reached as our service account. Every call ends within the timeout; when Keycloak is down or hung
 * it throws what `unavailable` makes.
 */
export class KeycloakUsers {
  readonly #calls: AdminCalls;
  readonly #clientId: string;
  /** What users sign in with, and their sessions. */
  readonly signIns: KeycloakSignIns;
  /** Contacts, and what users sign in with. */
  readonly contacts: KeycloakContacts;

  /**
   * @param access       its `bff` is the client whose name and addresses the mails use
   * @param unavailable  makes the error for a Keycloak that is down or hung
   */
  constructor(
    access: KeycloakAccess & { readonly bff: { readonly id: string } },
    clock: Clock,
    unavailable: (retryAfterSeconds: number) => Error,
  ) {
    this.#calls = new AdminCalls(access, clock, unavailable);
    this.#clientId = access.bff.id;
    this.signIns = new KeycloakSignIns(this.#calls);
    this.contacts = new KeycloakContacts(this.#calls);
  }

  /** Makes a user who has no password, no name and no proof; Keycloak asks for proof and password at the mail's link. */
  async createUser(input: {
    email: string;
    customerId: string;
    locale: string;
  }): Promise<{ id: string } | 'conflict' | 'invalid'> {
    const { email, customerId, locale } = input;
    const body = {
      username: email,
      email,
      emailVerified: false,
      enabled: true,
      requiredActions: proofAndPassword,
      attributes: { customerId: [customerId], locale: [locale] },
    };
    const answer = await this.#calls.expect({ method: 'POST', path: '/users', body }, 201, 400, 409);
    if (answer.status !== 201) return answer.status === 409 ? 'conflict' : 'invalid';
    return { id: answer.headers.get('location')?.split('/').at(-1) ?? '' };
  }

  /** The user as she is now; null without such a user. */
  async findById(id: string): Promise<KeycloakUser | null> {
    const found = await this.#read(id);
    return found && userOf(found);
  }

  /**
   * The realm's roles that a user holds, with those that they consist of and that groups bring. Roles of clients our
   * account may not see (403, contracts: access). Null without such a user.
   */
  realmRolesOf(id: string): Promise<string[] | null> {
    return this.#calls.read(`${userPath(id)}/role-mappings/realm/composite`, roleNames);
  }

  /** By the address as Keycloak compares it, which is less than we do: it only ignores case. */
  async findByEmail(email: string): Promise<KeycloakUser | null> {
    return (await this.#many({ email, exact: 'true', max: '1' }))[0] ?? null;
  }

  /** A page of all users but clients' accounts, in Keycloak's own order. */
  list(first: number, max: number): Promise<KeycloakUser[]> {
    return this.#many({ first: String(first), max: String(max) });
  }

  /**
   * Reads, changes and writes the whole profile, if nobody else has changed it meanwhile.
   *
   * @param seen  what the wish rests on: whoever was changed since is left alone
   * @returns what came of it; null without such a user
   */
  async updateProfile(
    id: string,
    profile: KeycloakProfile,
    seen?: KeycloakUser,
  ): Promise<WrittenProfile | 'changed' | null> {
    const now = await this.#read(id);
    if (!now) return null;
    const user = userOf(now);
    if (seen && written.some((field) => user[field] !== seen[field])) return 'changed';
    return this.#write(now, profile);
  }

  /** Keycloak takes a profile whole or not at all: what it complains of is left out then, so that the rest gets there. */
  async #write(
    now: z.infer<typeof representation>,
    profile: KeycloakProfile,
  ): Promise<WrittenProfile | 'changed' | null> {
    const user = userOf(now);
    const refused = new Set<string>();
    for (let wanted = profile; ;) {
      const body = profileBody(now, wanted);
      const answer = await writeUser(this.#calls, now.id, { seen: now, wanted: body });
      if (answer === null || answer === 'changed') return answer;
      if (answer.status === 204) return { user: userOf({ ...now, ...body }), refused: [...refused] };
      for (const field of complainedOf(answer.text)) refused.add(field);
      const left = missingAt(user, wanted).filter((field) => !refused.has(field));
      // A write that changes nothing would make an event, which would lead here again.
      if (!left.length || left.length === missingAt(user, wanted).length)
        return { user, refused: [...new Set([...refused, ...left])] };
      wanted = Object.fromEntries(left.map((field) => [field, wanted[field]]));
    }
  }

  /** What she can prove with who she is; empty without such a user. */
  async credentialsOf(id: string): Promise<KeycloakProof[]> {
    return ((await credentialsOf(this.#calls, id)) ?? []).filter(isProof);
  }

  /** Whether there was such a user. */
  setEnabled(id: string, enabled: boolean): Promise<boolean> {
    return this.#done({ method: 'PUT', path: userPath(id), body: { enabled } });
  }

  /** Whether there was such a user. */
  deleteUser(id: string): Promise<boolean> {
    return this.#done({ method: 'DELETE', path: userPath(id) });
  }

  /** Ends all sessions of a user. Whether there was such a user. */
  logoutUser(id: string): Promise<boolean> {
    return this.#done({ method: 'POST', path: `${userPath(id)}/logout` });
  }

  /** Ends one session. Whether there was such a session. */
  endSession(sid: string): Promise<boolean> {
    return this.#done({ method: 'DELETE', path: sessionPath(sid) });
  }

  /**
   * Keycloak mails a link that proves the address, asks for a password unless said otherwise, and leads back to
   * `returnTo`. Whether there was such a user.
   */
  sendActionsMail(id: string, returnTo: string, actions: readonly string[] = proofAndPassword): Promise<boolean> {
    const query = { client_id: this.#clientId, redirect_uri: returnTo };
    return this.#done({
      method: 'PUT',
      path: `${userPath(id)}/execute-actions-email`,
      query,
      body: actions,
    });
  }

  async #done(call: AdminCall): Promise<boolean> {
    return (await this.#calls.expect(call, 200, 204, 404)).status !== 404;
  }

  #read(id: string): Promise<z.infer<typeof representation> | null> {
    return this.#calls.read(userPath(id), representation);
  }

  async #many(query: Record<string, string>): Promise<KeycloakUser[]> {
    const call = { path: '/users', query: { ...query, briefRepresentation: 'false' } };
    return z
      .array(representation)
      .parse(JSON.parse((await this.#calls.expect(call, 200)).text))
      .map(userOf);
  }
}
