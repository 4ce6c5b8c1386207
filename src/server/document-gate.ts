import {
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  getNamedType,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  Kind,
  type NameNode,
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
  try {
    return parse(text, { maxTokens: limits.tokens });
  } catch (error) {
    if (error instanceof GraphQLError && error.message.includes('Document contains more that')) {
      throw refused('too many tokens');
    }
    throw error;
  }
}

interface Measure {
  aliases: number;
  cost: number;
  deepest: number;
}

/** Where a walk stands: in a selection of this type, so deep, so many times over. */
interface Place {
  readonly type: GraphQLNamedType | undefined;
  readonly depth: number;
  readonly factor: number;
  /** The fragments around it. */
  readonly within: readonly string[];
}

type Field = GraphQLField<unknown, unknown>;

const pageArguments = ['first', 'last'];

function definitionOf({ type }: Place, { name }: FieldNode): Field | undefined {
  return type && 'getFields' in type ? (type.getFields()[name.value] as Field | undefined) : undefined;
}

/** How many the field answers with at most: as many as it is asked for, and without a word as many as it gives then. */
function pageOf(field: FieldNode, definition: Field | undefined): number {
  const given = field.arguments?.find(({ name }) => pageArguments.includes(name.value))?.value;
  if (given?.kind === Kind.INT) return Number(given.value);
  // Validation knows no variables, and its result is kept for the document: the largest page is assumed.
  if (given?.kind === Kind.VARIABLE) return limits.page;
  const standard = definition?.args.find(({ name }) => pageArguments.includes(name))?.defaultValue;
  return typeof standard === 'number' ? standard : 1;
}

/** Walks selections with fragments laid flat, and stops as soon as a limit is passed. */
function measure(context: ValidationContext, set: SelectionSetNode, place: Place, sum: Measure): void {
  const { depth, factor } = place;
  sum.deepest = Math.max(sum.deepest, depth);
  const typed = (name: NameNode | undefined, within = place.within): Place =>
    name ? { ...place, within, type: context.getSchema().getType(name.value) } : place;
  for (const selection of set.selections) {
    if (sum.cost > limits.cost || sum.deepest > limits.depth) return;
    // Asking for the schema is deep by nature, and refused where introspection is off.
    if (selection.kind === Kind.FIELD && /^__(schema|type)$/.test(selection.name.value)) continue;
    sum.cost += factor;
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const name = selection.name.value;
      const fragment = context.getFragment(name);
      // A fragment that contains itself is another rule's affair; followed, it would overflow us.
      if (!fragment || place.within.includes(name)) continue;
      measure(context, fragment.selectionSet, typed(fragment.typeCondition.name, [...place.within, name]), sum);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      measure(context, selection.selectionSet, typed(selection.typeCondition?.name), sum);
    } else {
      if (selection.alias) sum.aliases += 1;
      const definition = definitionOf(place, selection);
      const type = definition && getNamedType(definition.type);
      const times = factor * Math.max(1, Math.min(pageOf(selection, definition), 1000));
      const inner = { ...place, type, depth: depth + 1, factor: times };
      if (selection.selectionSet) measure(context, selection.selectionSet, inner, sum);
    }
  }
}

const withinLimits: ValidationRule = (context): ASTVisitor => ({
  Document(document) {
    const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
    for (const { operation, selectionSet } of operations) {
      if (selectionSet.selections.length > limits.rootFields)
        context.reportError(refused('too many fields at the root'));
      const sum: Measure = { aliases: 0, cost: 0, deepest: 0 };
      const type = context.getSchema().getRootType(operation);
      measure(context, selectionSet, { type: type ?? undefined, depth: 1, factor: 1, within: [] }, sum);
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
