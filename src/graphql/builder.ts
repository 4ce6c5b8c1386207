import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import ErrorsPlugin from '@pothos/plugin-errors';
import FederationPlugin from '@pothos/plugin-federation';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import ValidationPlugin from '@pothos/plugin-validation';
import type { Ctx } from '../context.ts';
import { may, type Permission } from '../domain/access.ts';
import { Forbidden, Unauthenticated, ValidationFailed } from '../domain/errors.ts';

/** What resolvers get. One member deep, since the server merges the context of the transport into the same object. */
export interface GraphContext {
  readonly app: Ctx;
}

/** A value that travels as text; the service reads it by the domain's parser, so that a bad one is an answer, not a crash. */
interface Text {
  Input: string;
  Output: string;
}

/**
 * The builder of the subgraph. The order of the plugins counts: errors first, so that what authorization, validation
 * and resolvers throw can become an answer.
 */
export const builder = new SchemaBuilder<{
  Context: GraphContext;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: string; Output: Date };
    Date: Text;
    EmailAddress: Text;
    PhoneNumber: Text;
    CountryCode: Text;
    LocaleTag: Text;
    UUID: Text;
  };
  AuthScopes: { signedIn: boolean; permission: Permission };
  FederationScopes: Permission;
}>({
  plugins: [ErrorsPlugin, ScopeAuthPlugin, ValidationPlugin, DirectivesPlugin, FederationPlugin],
  defaultFieldNullability: false,
  errors: { directResult: true, unsafelyHandleInputErrors: true },
  scopeAuth: {
    authorizeOnSubscribe: true,
    authScopes: ({ app }) => ({
      signedIn: app.actor.kind !== 'nobody',
      permission: (permission) => may(app.actor, permission),
    }),
    unauthorizedError: (_root, { app }) => refusal(app),
  },
  validation: {
    validationError: ({ issues }) =>
      new ValidationFailed(
        issues.map(({ path = [], message }) => ({
          path: path
            .map((part) => String(typeof part === 'object' ? part.key : part))
            .filter((part) => part !== 'input'),
          rule: 'format',
          message,
        })),
      ),
  },
});

builder.queryType({ description: 'What can be asked.' });
builder.mutationType({ description: 'What can be changed. Expected refusals are members of the result, not errors.' });
builder.subscriptionType({ description: 'What can be followed.' });

function refusal({ actor }: Ctx): Error {
  return actor.kind === 'nobody' ? new Unauthenticated() : new Forbidden();
}

/** The mark of a field that says who may ask for it; a root field without it is not built (`subgraph.ts`). */
export const guarded = { guarded: true } as const;

/** Directive and check in one: whoever is signed in. The service looks at the rest. */
export const signedIn = { authenticated: true, authScopes: { signedIn: true }, extensions: guarded } as const;

/** Open to everybody, on purpose. */
export const forEverybody = { extensions: guarded } as const;

/** Directive and check in one: whoever holds the permission. */
export function permitted(permission: Permission) {
  return { requiresScopes: [[permission]], authScopes: { permission }, extensions: guarded };
}
