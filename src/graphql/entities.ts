import { type GraphQLFieldResolver, type GraphQLSchema, isUnionType } from 'graphql';
import { Forbidden, invalid } from '../domain/errors.ts';
import type { CustomerRow, CustomerWanted } from '../read-model/customers.ts';
import type { GraphContext } from './builder.ts';

/** Representations in one request; a router that asks for more is asked to ask twice. */
const most = 1000;

type Representation = Record<string, unknown>;

/** What a representation asks for; undefined when it names nobody, which is answered like somebody unknown. */
function wantedOf(representation: Representation): CustomerWanted | undefined {
  const { id, emailLookup, identity } = representation;
  if (typeof id === 'string') return { by: 'id', id };
  if (typeof emailLookup === 'string') return { by: 'email', email: emailLookup };
  const { issuer, subject } = (identity ?? {}) as Representation;
  if (typeof issuer === 'string' && typeof subject === 'string') return { by: 'identity', issuer, subject };
  return undefined;
}

/**
 * By id a stranger gets the public part. By address or identity one gets oneself, or anyone with `customer:read`, else
 * nothing, as if unknown: an order placed with somebody's address is no oracle (design, decision 24).
 */
function answerOf(wanted: CustomerWanted | undefined, row: CustomerRow | null) {
  if (!row || (wanted?.by !== 'id' && row.view === 'public')) return null;
  return row;
}

function mustBeRouter({ app }: GraphContext): void {
  if (!app.request.router) throw new Forbidden();
}

/** @throws ValidationFailed for too many, or for a type that is not ours */
function check(representations: readonly Representation[]): void {
  if (representations.length > most) {
    throw invalid('representations', 'max_items', `At most ${most} representations at a time.`);
  }
  if (representations.some(({ __typename }) => __typename !== 'Customer')) {
    throw invalid('representations', 'type', 'Only a Customer can be asked for.');
  }
}

/** Answers representations in their order; all of one request, whatever their keys, in one statement. */
const entities: GraphQLFieldResolver<unknown, GraphContext, { representations: readonly Representation[] }> = async (
  _root,
  { representations },
  context,
) => {
  mustBeRouter(context);
  check(representations);
  const wanted = representations.map(wantedOf);
  const rows = await Promise.all(wanted.map((one) => (one ? context.app.customers.find(one) : Promise.resolve(null))));
  return rows.map((row, at) => answerOf(wanted[at], row));
};

/** Puts our own resolvers in the place of the library's, which ask for one entity at a time and answer everybody. */
export function answerEntities(schema: GraphQLSchema, sdl: string): void {
  const { _entities, _service } = schema.getQueryType()?.getFields() ?? {};
  const entity = schema.getType('_Entity');
  if (!_entities || !_service || !isUnionType(entity)) throw new Error('The schema is not a subgraph.');
  entity.resolveType = () => 'Customer';
  _entities.resolve = entities as GraphQLFieldResolver<unknown, unknown>;
  _service.resolve = (_root, _args, context) => {
    mustBeRouter(context as GraphContext);
    return { sdl };
  };
}
