import { buildSchema, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { describe, expect, test } from 'vitest';
import { mustBeGuarded } from '../../src/graphql/subgraph.ts';
import { schema } from '../../src/server/schema.ts';

describe('deny by default (design §2)', () => {
  test('a root field without a rule is not built', () => {
    const open = buildSchema('type Query { everything: String } type Mutation { destroy: String }');

    expect(() => mustBeGuarded(open)).toThrow('No access rule: Query.everything, Mutation.destroy.');
  });

  test('a field of Customer that follows no rule, or the rule of another field, is not built', () => {
    const fields = {
      shoeSize: { type: GraphQLString },
      email: { type: GraphQLString, extensions: { ruleOfCustomer: 'displayName' } },
      givenName: { type: GraphQLString, extensions: { ruleOfCustomer: 'givenName' } },
    };
    const types = [new GraphQLObjectType({ name: 'Customer', fields })];

    expect(() => mustBeGuarded(new GraphQLSchema({ types }))).toThrow(
      'No access rule: Customer.shoeSize, Customer.email.',
    );
  });

  test('the schema as it is has a rule for everything, and a description of everything', () => {
    const silent = Object.values(schema.getTypeMap())
      .filter(({ name }) => !name.startsWith('_') && !['Int', 'ID', 'String', 'Boolean'].includes(name))
      .flatMap((type) => [
        ...(type.description ? [] : [type.name]),
        ...('getFields' in type
          ? Object.values(type.getFields())
              .filter((field) => !field.description && !field.name.startsWith('_'))
              .map((field) => `${type.name}.${field.name}`)
          : []),
      ]);

    expect(() => mustBeGuarded(schema)).not.toThrow();
    expect(silent).toEqual([]);
  });
});
