import { type GraphQLFieldResolver, type GraphQLSchema, isUnionType } from 'graphql';
import { Forbidden, invalid } from '../domain/errors.ts';
import type { CustomerRow, CustomerWanted } from '../read-model/customers.ts';
import type { GraphContext } from './builder.ts';

/** How many were asked for in one request so far: a document may ask under several aliases. */
const asked = new WeakMap<GraphContext['app'], number>();

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
function check({ app }: GraphContext, representations: readonly Representation[], most: number): void {
  const sum = (asked.get(app) ?? 0) + representations.length;
  asked.set(app, sum);
  if (sum > most) throw invalid('representations', 'max_items', `At most ${most} representations at a time.`);
  if (representations.some(({ __typename }) => __typename !== 'Customer')) {
    throw invalid('representations', 'type', 'Only a Customer can be asked for.');
  }
}

type Entities = GraphQLFieldResolver<unknown, GraphContext, { representations: readonly Representation[] }>;

/** Answers representations in their order; all of one request, whatever their keys, in one statement. */
function entities(most: number): Entities {
  return async (_root, { representations }, context) => {
    mustBeRouter(context);
    check(context, representations, most);
    const { customers } = context.app;
    const wanted = representations.map(wantedOf);
    const rows = await Promise.all(wanted.map((one) => (one ? customers.find(one) : Promise.resolve(null))));
    return rows.map((row, at) => answerOf(wanted[at], row));
  };
}

/**
 * Puts our own resolvers in the place of the library's, which ask for one entity at a time and answer everybody.
 *
 * @param most  representations in one request; a router that has more is asked to ask twice
 */
export function answerEntities(schema: GraphQLSchema, sdl: string, most: number): void {
  const { _entities, _service } = schema.getQueryType()?.getFields() ?? {};
  const entity = schema.getType('_Entity');
  if (!_entities || !_service || !isUnionType(entity)) throw new Error('The schema is not a subgraph.');
  entity.resolveType = () => 'Customer';
  _entities.resolve = entities(most) as GraphQLFieldResolver<unknown, unknown>;
  _service.resolve = (_root, _args, context) => {
    mustBeRouter(context as GraphContext);
    return { sdl };
  };
}
