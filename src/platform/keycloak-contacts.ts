import { z } from 'zod';
import { type AdminCalls, KeycloakRefused, userPath } from './keycloak-calls.ts';
import { writeUser } from './keycloak-write.ts';
import { credentialsOf, type KeycloakCredential, removeCredential } from './keycloak-credentials.ts';

const userFields = z.object({
  username: z.string().default(''),
  email: z.string().optional(),
  emailVerified: z.boolean().default(false),
  firstName: z.string().optional(),
  lastName: z.string().optional(),
  requiredActions: z.array(z.string()).default([]),
  attributes: z.record(z.string(), z.array(z.string())).default({}),
});
type UserFields = z.infer<typeof userFields>;

const linkList = z.array(
  z
    .object({ identityProvider: z.string(), userId: z.string().default('') })
    .transform(({ identityProvider: provider, userId }): KeycloakLink => ({ provider, userId })),
);

/** A foreign identity that a user is linked with. */
export interface KeycloakLink {
  /** The alias of the identity provider. */
  readonly provider: string;
  readonly userId: string;
}

/** All that a user signs in with. */
export interface KeycloakMeans {
  readonly credentials: readonly KeycloakCredential[];
  readonly links: readonly KeycloakLink[];
}

/** What the attribute is called that bars a user from a new password by mail. Only admins see and change it. */
const lockAttribute = 'contactLock';
/** What Keycloak asks of a user whose address is not proven, or is being changed there. */
const aboutAddresses = new Set(['VERIFY_EMAIL', 'UPDATE_EMAIL']);
/** Keycloak's own note of an address that somebody asked for in its console; with it goes the link that was mailed. */
const askedThere = 'kc.email.pending';

const attempts = 5;
const outcomes: Readonly<Record<number, 'done' | 'conflict'>> = { 204: 'done', 409: 'conflict' };

/**
 * Without that note. Keycloak takes it for read-only while it has no value, so leaving it out leaves it there; an empty
 * text is a value, and takes it away.
 */
const voided = (attributes: UserFields['attributes']): UserFields['attributes'] =>
  attributes[askedThere] ? { ...attributes, [askedThere]: [''] } : attributes;

/** Contacts of users, and what they sign in with. Every call ends in time, as those of `KeycloakUsers` do. */
export class KeycloakContacts {
  readonly #calls: AdminCalls;

  constructor(calls: AdminCalls) {
    this.#calls = calls;
  }

  /**
   * Gives a user an address that is proven; it is her name for signing in, too.
   *
   * @returns `conflict` when another user has it, `refused` when Keycloak's rules forbid it, null without such a user
   */
  setEmail(id: string, email: string): Promise<'done' | 'conflict' | 'refused' | null> {
    return this.#write(id, ({ requiredActions, attributes }) => ({
      username: email,
      email,
      emailVerified: true,
      requiredActions: requiredActions.filter((action) => !aboutAddresses.has(action)),
      attributes: voided(attributes),
    }));
  }

  /** Gives a user a number that is proven, or takes the one she has away. */
  setPhone(id: string, phone: string | null): Promise<'done' | 'conflict' | 'refused' | null> {
    return this.#write(id, ({ attributes: { phoneNumber: _number, phoneNumberVerified: _proof, ...others } }) => ({
      attributes: phone === null ? others : { ...others, phoneNumber: [phone], phoneNumberVerified: ['true'] },
    }));
  }

  /**
   * Voids an address that somebody asked for in Keycloak's own console and that waits there for its link, since another
   * one is asked for now. Writes nothing where none waits: a write is told to us.
   */
  async dropAsked(id: string): Promise<void> {
    const now = await this.#calls.read(userPath(id), userFields);
    if (!now?.attributes[askedThere]) return;
    await this.#write(id, ({ requiredActions, attributes }) => ({
      requiredActions: requiredActions.filter((action) => action !== 'UPDATE_EMAIL'),
      attributes: voided(attributes),
    }));
  }

  /** Bars a user from a new password by mail, or lets her again. False without such a user. */
  async setLock(id: string, locked: boolean): Promise<boolean> {
    const outcome = await this.#write(id, ({ requiredActions, attributes }) => {
      const { [lockAttribute]: _lock, ...others } = voided(attributes);
      return {
        requiredActions: requiredActions.filter((action) => action !== 'UPDATE_EMAIL'),
        attributes: locked ? { ...others, [lockAttribute]: ['true'] } : others,
      };
    });
    return outcome === 'done';
  }

  /** What a user signs in with; null without such a user. */
  async meansOf(id: string): Promise<KeycloakMeans | null> {
    const credentials = await credentialsOf(this.#calls, id);
    const links = credentials && (await this.#calls.read(`${userPath(id)}/federated-identity`, linkList));
    return links && { credentials, links };
  }

  /** Takes a credential away. One that is gone already is gone. */
  removeCredential(id: string, credential: string): Promise<void> {
    return removeCredential(this.#calls, id, credential);
  }

  /** Unlinks a foreign identity. One that is gone already is gone. */
  async removeLink(id: string, provider: string): Promise<void> {
    const path = `${userPath(id)}/federated-identity/${encodeURIComponent(provider)}`;
    await this.#calls.expect({ method: 'DELETE', path }, 204, 404);
  }

  /** Writes the whole profile, since Keycloak takes what is left out for emptied; anew when somebody else was faster. */
  async #write(
    id: string,
    change: (now: UserFields) => Record<string, unknown>,
  ): Promise<'done' | 'conflict' | 'refused' | null> {
    for (let attempt = 1; ; attempt += 1) {
      const seen = await this.#calls.read(userPath(id), userFields);
      if (!seen) return null;
      const { email, firstName = '', lastName = '', attributes } = seen;
      const wanted = { email, firstName, lastName, attributes, ...change(seen) };
      const answer = await writeUser(this.#calls, id, { seen, wanted });
      if (answer === null) return null;
      if (answer !== 'changed') return outcomes[answer.status] ?? 'refused';
      if (attempt === attempts) throw new KeycloakRefused(412);
    }
  }
}
