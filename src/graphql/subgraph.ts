import { printSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLField, type GraphQLSchema, isScalarType } from 'graphql';
import { builder, guarded } from './builder.ts';
import { refuseWhileActing } from './acting.ts';
import { ruleOf } from './customer.ts';
import { answerEntities } from './entities.ts';

type Field = GraphQLField<unknown, unknown>;

/** Fields of the subgraph protocol; `entities.ts` guards them. */
const protocol = ['_entities', '_service'];

function isGuarded({ extensions, name }: Field): boolean {
  return protocol.includes(name) || extensions['guarded'] === guarded.guarded;
}

/**
 * Deny by default.
 *
 * @throws Error naming every root field without a rule, and every field of Customer that follows no row of `fieldViews`
 */
export function mustBeGuarded(schema: GraphQLSchema): void {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const open = roots.flatMap((type) =>
    Object.values(type?.getFields() ?? {})
      .filter((field) => !isGuarded(field))
      .map(({ name }) => `${type?.name}.${name}`),
  );
  const customer = schema.getType('Customer');
  const fields: Field[] = customer && 'getFields' in customer ? (Object.values(customer.getFields()) as Field[]) : [];
  const unruled = fields
    .filter(({ extensions, name }) => extensions[ruleOf] !== name)
    .map(({ name }) => `Customer.${name}`);
  const faults = [...open, ...unruled];
  if (faults.length) throw new Error(`No access rule: ${faults.join(', ')}.`);
}

/** The printer leaves `@specifiedBy` out. */
function withSpecifications(sdl: string, schema: GraphQLSchema): string {
  const specified = Object.values(schema.getTypeMap()).filter(isScalarType);
  return specified.reduce(
    (text, { name, specifiedByURL: url }) =>
      url ? text.replace(new RegExp(`^scalar ${name}$`, 'm'), `scalar ${name} @specifiedBy(url: "${url}")`) : text,
    sdl,
  );
}

/**
 * Builds the subgraph of everything that was defined on the builder so far.
 *
 * @param limits  `entities`: representations that one request may ask for
 */
export function buildSubgraph(limits: { readonly entities: number }): { schema: GraphQLSchema; sdl: string } {
  const schema = builder.toSubGraphSchema({ linkUrl: 'https://specs.apollo.dev/federation/v2.9' });
  mustBeGuarded(schema);
  const sdl = `${withSpecifications(printSubgraphSchema(schema), schema)}\n`;
  answerEntities(schema, sdl, limits.entities);
  refuseWhileActing(schema);
  return { schema, sdl };
}
