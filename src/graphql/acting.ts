import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import { mayAsk } from '../domain/access.ts';
import { Forbidden } from '../domain/errors.ts';
import type { GraphContext } from './builder.ts';

type Resolver = GraphQLFieldResolver<unknown, unknown>;

/**
 * Refuses whoever acts for a customer every root field that is not listed for it (`domain/access.ts`), before anything of
 * the field runs: a new one is refused until somebody lists it. To be called when every field has its resolver.
 */
export function refuseWhileActing(schema: GraphQLSchema): void {
  const roots = {
    Query: schema.getQueryType(),
    Mutation: schema.getMutationType(),
    Subscription: schema.getSubscriptionType(),
  };
  for (const type of ['Query', 'Mutation', 'Subscription'] as const) {
    for (const field of Object.values(roots[type]?.getFields() ?? {})) {
      const checked =
        (resolver: Resolver): Resolver =>
        (root, args, context, info) => {
          if (!mayAsk((context as GraphContext).app.actor, type, field.name)) throw new Forbidden();
          return resolver(root, args, context, info);
        };
      field.resolve = checked(field.resolve ?? defaultFieldResolver);
      if (field.subscribe) field.subscribe = checked(field.subscribe);
    }
  }
}
