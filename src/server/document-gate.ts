import {
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  Kind,
  NoSchemaIntrospectionCustomRule,
  parse,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { limits } from './limits.ts';

const refused = (what: string): GraphQLError =>
  new GraphQLError(`The document is refused: ${what}.`, { extensions: { code: 'VALIDATION' } });

// Both as the parser reads them, or what follows would be skipped unread: a carriage return ends a comment too, and an
// escaped triple quote does not end a block.
const lineEnd = /[\n\r]/g;
const blockEnd = /\\"""|"""/g;

/** Where the next end is, or the text's. */
function endOf(what: RegExp, text: string, from: number): number {
  what.lastIndex = from;
  let found = what.exec(text);
  while (found?.[0].startsWith('\\')) found = what.exec(text);
  return found ? what.lastIndex - 1 : text.length;
}

/** Reads the text once, before the parser, which recurses and would overflow (HTTP 500 by default). @throws GraphQLError */
export function guardText(text: string): void {
  if (Buffer.byteLength(text) > limits.documentBytes) throw refused('too long');
  let [depth, directives, inString] = [0, 0, false];
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (inString) {
      if (char === '\\') at += 1;
      else if (char === '"' || char === '\n' || char === '\r') inString = false;
    } else if (char === '"' && !text.startsWith('"""', at)) inString = true;
    else if (char === '"') at = endOf(blockEnd, text, at + 3);
    else if (char === '#') at = endOf(lineEnd, text, at);
    else if (char === '{' || char === '[' || char === '(') depth += 1;
    else if (char === '}' || char === ']' || char === ')') depth -= 1;
    else if (char === '@') directives += 1;
    if (depth > limits.nesting) throw refused('nested too deeply');
    if (directives > limits.directives) throw refused('too many directives');
  }
}

/** The parser behind the guard. @throws GraphQLError */
export function guardedParse(source: string | { body: string }): DocumentNode {
  const text = typeof source === 'string' ? source : source.body;
  guardText(text);
  return parse(text, { maxTokens: limits.tokens, noLocation: false });
}

interface Measure {
  aliases: number;
  cost: number;
  deepest: number;
}

const pageArguments = new Set(['first', 'last']);

function pageOf(field: FieldNode): number {
  const given = field.arguments?.find(({ name }) => pageArguments.has(name.value))?.value;
  if (given?.kind === Kind.INT) return Number(given.value);
  // Validation knows no variables, and its result is kept for the document: the largest page is assumed.
  if (given?.kind === Kind.VARIABLE) return limits.page;
  return 1;
}

/** Walks selections with fragments laid flat, and stops as soon as a limit is passed. */
function measure(context: ValidationContext, set: SelectionSetNode, depth: number, factor: number, sum: Measure): void {
  sum.deepest = Math.max(sum.deepest, depth);
  for (const selection of set.selections) {
    if (sum.cost > limits.cost || sum.deepest > limits.depth) return;
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = context.getFragment(selection.name.value);
      sum.cost += factor;
      // A fragment that contains itself is another rule's affair; the depth ends the walk all the same.
      if (fragment) measure(context, fragment.selectionSet, depth, factor, sum);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      sum.cost += factor;
      measure(context, selection.selectionSet, depth, factor, sum);
    } else {
      // Asking for the schema is deep by nature, and refused where introspection is off.
      if (/^__(schema|type)$/.test(selection.name.value)) continue;
      if (selection.alias) sum.aliases += 1;
      sum.cost += factor;
      const inner = factor * Math.max(1, Math.min(pageOf(selection), 1000));
      if (selection.selectionSet) measure(context, selection.selectionSet, depth + 1, inner, sum);
    }
  }
}

const withinLimits: ValidationRule = (context): ASTVisitor => ({
  Document(document) {
    const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
    for (const { selectionSet } of operations) {
      if (selectionSet.selections.length > limits.rootFields)
        context.reportError(refused('too many fields at the root'));
      const sum: Measure = { aliases: 0, cost: 0, deepest: 0 };
      measure(context, selectionSet, 1, 1, sum);
      if (sum.deepest > limits.depth) context.reportError(refused('nested too deeply'));
      if (sum.aliases > limits.aliases) context.reportError(refused('too many aliases'));
      if (sum.cost > limits.cost) context.reportError(refused('it costs too much'));
    }
  },
});

/** Rules besides those of the specification; the same for every transport. */
export function guardRules(introspection: boolean): ValidationRule[] {
  return introspection ? [withinLimits] : [withinLimits, NoSchemaIntrospectionCustomRule];
}
