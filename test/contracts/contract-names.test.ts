import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type DefinitionNode, type DirectiveNode, parse, print } from 'graphql';
import { describe, expect, test } from 'vitest';
import { sdl } from '../../src/server/schema.ts';

interface Directed {
  readonly directives?: readonly DirectiveNode[];
}

const directivesOf = ({ directives = [] }: Directed): string => directives.map(print).toSorted().join(' ');

/** Every fact that a definition states, one a line: `Customer.version: Int @requiresScopes(…)`. */
function factsOf(node: DefinitionNode): string[] {
  if (!('name' in node) || !node.name) return [];
  const type = node.name.value;
  const facts = [`${node.kind} ${type} ${directivesOf(node)}`];
  if ('interfaces' in node) facts.push(...(node.interfaces ?? []).map((one) => `${type} implements ${print(one)}`));
  if ('types' in node) facts.push(...(node.types ?? []).map((one) => `${type} = ${print(one)}`));
  if ('values' in node) facts.push(...(node.values ?? []).map((one) => `${type} has ${one.name.value}`));
  for (const field of 'fields' in node ? (node.fields ?? []) : []) {
    const name = `${type}.${field.name.value}`;
    facts.push(`${name}: ${print(field.type)} ${directivesOf(field)}`);
    if ('defaultValue' in field && field.defaultValue) facts.push(`${name} = ${print(field.defaultValue)}`);
    for (const argument of 'arguments' in field ? (field.arguments ?? []) : []) {
      const standard = argument.defaultValue ? ` = ${print(argument.defaultValue)}` : '';
      facts.push(`${name}(${argument.name.value}: ${print(argument.type)}${standard})`);
    }
  }
  return facts;
}

const agreed = readFileSync(resolve(import.meta.dirname, 'contract-names.graphql'), 'utf8');
const factsIn = (text: string): string[] => parse(text).definitions.flatMap(factsOf);

describe('the names others rely on (subgraph contract)', () => {
  test('everything we expose is called, typed and guarded as agreed', () => {
    const known = new Set(factsIn(agreed));

    expect(factsIn(sdl).filter((fact) => !known.has(fact))).toEqual([]);
  });

  test.each([
    'Query.me',
    'Query.customer',
    'Query.customers',
    'Mutation.register',
    'Mutation.updateProfile',
    'Mutation.changeStatus',
    'Subscription.customerChanged',
    'Customer.checkoutEligibility',
  ])('%s is there', (name) => {
    expect(factsIn(sdl).some((fact) => fact.startsWith(`${name}: `))).toBe(true);
  });

  test('an input asks for nothing that was not agreed to be required', () => {
    const required = (text: string) => factsIn(text).filter((fact) => /Input\.\w+: .*!/.test(fact));

    expect(required(sdl).filter((fact) => !required(agreed).includes(fact))).toEqual([]);
  });
});
