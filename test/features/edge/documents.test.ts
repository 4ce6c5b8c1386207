import { type GraphQLError, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { guardedParse, guardRules } from '../../../src/server/document-gate.ts';
import { limits } from '../../../src/server/limits.ts';
import { schema } from '../../../src/server/schema.ts';

const times = (count: number, text: string): string => `${text} `.repeat(count);
const nested = (depth: number): string => `${'{ a '.repeat(depth)}${'}'.repeat(depth)}`;
const aliases = (count: number): string => `{ ${Array.from({ length: count }, (_, n) => `a${n}: id`).join(' ')} }`;
const page = (first: string, fields: number): string =>
  `customers${first} { edges { node { ${times(fields, '__typename')} } } }`;

/** What our own rules say, without those of the specification. */
function faultsOf(text: string): string[] {
  return validate(schema, guardedParse(text), guardRules(true)).map(({ message }: GraphQLError) => message);
}

function refusalOf(text: string): string {
  try {
    guardedParse(text);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('each limit of documents by itself (ASVS 4.3.1)', () => {
  test.each([
    ['bytes', `{ a } #${'x'.repeat(limits.documentBytes)}`, 'too long'],
    ['bytes, of letters that take several', `{ a } #${'ä'.repeat(limits.documentBytes / 2)}`, 'too long'],
    ['brackets in brackets', nested(limits.nesting + 1), 'nested too deeply'],
    ['directives', `{ a ${times(limits.directives + 1, '@b')} }`, 'too many directives'],
    ['tokens', `{ ${times(limits.tokens, 'a')} }`, 'too many tokens'],
  ])('too many %s are refused before or while they are parsed', (_name, text, message) => {
    expect(refusalOf(text)).toContain(message);
  });

  test.each([
    ['bytes', `{ a } #${'x'.repeat(limits.documentBytes - 7)}`],
    ['brackets in brackets', nested(limits.nesting)],
    ['directives', `{ a ${times(limits.directives, '@b')} }`],
    ['tokens', `{ ${times(limits.tokens - 2, 'a')} }`],
  ])('as many %s as allowed are parsed', (_name, text) => {
    expect(refusalOf(text)).toBe('');
  });

  test.each([
    ['depth', nested(limits.depth + 1), 'nested too deeply'],
    [
      'depth in fragments',
      '{ a { ...F } } fragment F on Q { a { a { a { a { ...G } } } } } fragment G on Q '.concat(nested(6)),
      'nested too deeply',
    ],
    [
      'depth in inline fragments',
      '{ a { ... { a { ... { a { ... { '.concat(`a ${nested(8)}`, '} } } } } } }'),
      'nested too deeply',
    ],
    ['aliases', aliases(limits.aliases + 1), 'too many aliases'],
    ['fields at the root', `{ ${times(limits.rootFields + 1, 'a')} }`, 'too many fields at the root'],
    ['cost', `{ ${page('(first: 100)', 60)} }`, 'it costs too much'],
    ['cost of a list that is not said how long it is', `{ ${page('', 210)} }`, 'it costs too much'],
    ['the same in a fragment', `{ ...F } fragment F on Query { ${page('', 210)} }`, 'it costs too much'],
    ['the same in an inline fragment', `{ ... on Query { ${page('', 210)} } }`, 'it costs too much'],
    ['cost of a variable', `query ($n: Int!) { ${page('(first: $n)', 60)} }`, 'it costs too much'],
    ['a second operation', `query A { a } query B ${aliases(limits.aliases + 1)}`, 'too many aliases'],
  ])('too much %s is the only thing wrong', (_name, text, message) => {
    expect(faultsOf(text)).toEqual([`The document is refused: ${message}.`]);
  });

  test.each([
    ['depth', nested(limits.depth)],
    ['aliases', aliases(limits.aliases)],
    ['fields at the root', `{ ${times(limits.rootFields, 'a')} }`],
    ['cost', `{ ${page('(first: 100)', 40)} }`],
    ['cost of a list that is not said how long it is', `{ ${page('', 150)} }`],
  ])('as much %s as allowed is answered', (_name, text) => {
    expect(faultsOf(text)).toEqual([]);
  });

  test('fragments that contain one another are refused by the specification, and do not overflow us', () => {
    const circle = '{ ...A } fragment A on Query { ...B ...B } fragment B on Query { ...A ...A }';

    expect(faultsOf(circle)).toEqual([]);
    expect(validate(schema, guardedParse(circle)).map(({ message }) => message)).toContain(
      'Cannot spread fragment "A" within itself via "B".',
    );
  });

  test('fragments that double one another cost what they come to', () => {
    const names = Array.from('ABCDEFGHIJKLMN');
    const fragments = names.map(
      (name, n) => `fragment ${name} on Query { ...${names[n + 1] ?? 'Z'} ...${names[n + 1] ?? 'Z'} }`,
    );

    expect(faultsOf(`{ ...A } ${fragments.join(' ')} fragment Z on Query { __typename }`)).toEqual([
      'The document is refused: it costs too much.',
    ]);
  });

  test('the schema is shown only where introspection is on', () => {
    const asks = guardedParse('{ __schema { types { name } } }');

    expect(validate(schema, asks, guardRules(true))).toEqual([]);
    expect(validate(schema, asks, guardRules(false))).not.toEqual([]);
  });
});
