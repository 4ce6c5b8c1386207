import { z } from 'zod';
import type { Answer } from './http-client.ts';
import { type AdminCall, KeycloakRefused } from './keycloak-calls.ts';

const userFields = z.object({
  email: z.string().optional(),
  firstName: z.string().optional(),
  lastName: z.string().optional(),
  requiredActions: z.array(z.string()).default([]),
  attributes: z.record(z.string(), z.array(z.string())).default({}),
});
type UserFields = z.infer<typeof userFields>;

const credentialList = z.array(z.object({ id: z.string(), type: z.string(), createdDate: z.number().default(0) }));
const linkList = z.array(z.object({ identityProvider: z.string(), userId: z.string().default('') }));

/** Something a user signs in with, as Keycloak keeps it. */
export interface KeycloakCredential {
  readonly id: string;
  /** `password`, `otp`, `webauthn` and so on. */
  readonly type: string;
  /** When it was set up or last replaced. */
  readonly createdAt: Date;
}

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

const segment = encodeURIComponent;

function expect(answer: Answer, ...statuses: number[]): Answer {
  if (!statuses.includes(answer.status)) throw new KeycloakRefused(answer.status);
  return answer;
}

/** Contacts of users, and what they sign in with. Every call ends in time, as those of `KeycloakUsers` do. */
export class KeycloakContacts {
  readonly #call: (call: AdminCall) => Promise<Answer>;

  constructor(call: (call: AdminCall) => Promise<Answer>) {
    this.#call = call;
  }

  /**
   * Gives a user an address that is proven; it is her name for signing in, too.
   *
   * @returns `conflict` when another user has it, `refused` when Keycloak's rules forbid it, null without such a user
   */
  setEmail(id: string, email: string): Promise<'done' | 'conflict' | 'refused' | null> {
    return this.#write(id, ({ requiredActions, attributes: { [askedThere]: _voided, ...attributes } }) => ({
      username: email,
      email,
      emailVerified: true,
      requiredActions: requiredActions.filter((action) => !aboutAddresses.has(action)),
      attributes,
    }));
  }

  /** Gives a user a number that is proven, or takes the one she has away. */
  setPhone(id: string, phone: string | null): Promise<'done' | 'conflict' | 'refused' | null> {
    return this.#write(id, ({ attributes: { phoneNumber: _number, phoneNumberVerified: _proof, ...others } }) => ({
      attributes: phone === null ? others : { ...others, phoneNumber: [phone], phoneNumberVerified: ['true'] },
    }));
  }

  /** Bars a user from a new password by mail, or lets her again. False without such a user. */
  async setLock(id: string, locked: boolean): Promise<boolean> {
    const outcome = await this.#write(id, ({ requiredActions, attributes }) => {
      const { [lockAttribute]: _lock, [askedThere]: _voided, ...others } = attributes;
      return {
        requiredActions: requiredActions.filter((action) => action !== 'UPDATE_EMAIL'),
        attributes: locked ? { ...others, [lockAttribute]: ['true'] } : others,
      };
    });
    return outcome === 'done';
  }

  /** What a user signs in with; null without such a user. */
  async meansOf(id: string): Promise<KeycloakMeans | null> {
    const path = `/users/${segment(id)}`;
    const credentials = expect(await this.#call({ path: `${path}/credentials` }), 200, 404);
    if (credentials.status === 404) return null;
    const links = expect(await this.#call({ path: `${path}/federated-identity` }), 200, 404);
    if (links.status === 404) return null;
    return {
      credentials: credentialList
        .parse(JSON.parse(credentials.text))
        .map(({ id: credential, type, createdDate }) => ({ id: credential, type, createdAt: new Date(createdDate) })),
      links: linkList
        .parse(JSON.parse(links.text))
        .map(({ identityProvider: provider, userId }) => ({ provider, userId })),
    };
  }

  /** Takes a credential away. One that is gone already is gone. */
  async removeCredential(id: string, credential: string): Promise<void> {
    const path = `/users/${segment(id)}/credentials/${segment(credential)}`;
    expect(await this.#call({ method: 'DELETE', path }), 204, 404);
  }

  /** Unlinks a foreign identity. One that is gone already is gone. */
  async removeLink(id: string, provider: string): Promise<void> {
    const path = `/users/${segment(id)}/federated-identity/${segment(provider)}`;
    expect(await this.#call({ method: 'DELETE', path }), 204, 404);
  }

  async #read(id: string): Promise<UserFields | null> {
    const answer = expect(await this.#call({ path: `/users/${segment(id)}` }), 200, 404);
    return answer.status === 404 ? null : userFields.parse(JSON.parse(answer.text));
  }

  /** Writes the whole profile, since Keycloak takes what is left out for emptied. */
  async #write(
    id: string,
    change: (now: UserFields) => Record<string, unknown>,
  ): Promise<'done' | 'conflict' | 'refused' | null> {
    const now = await this.#read(id);
    if (!now) return null;
    const { email, firstName = '', lastName = '', attributes } = now;
    const body = { email, firstName, lastName, attributes, ...change(now) };
    const path = `/users/${segment(id)}`;
    const { status } = expect(await this.#call({ method: 'PUT', path, body }), 204, 400, 404, 409);
    if (status === 204) return 'done';
    return status === 404 ? null : status === 409 ? 'conflict' : 'refused';
  }
}
