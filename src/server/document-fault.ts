import { GraphQLError } from 'graphql';
import { errorCodes } from '../domain/errors.ts';

const form = 'The request must be one JSON object with a document as `query`, and an object as `variables`.';

/** Told of a library's error by its code, since its words may hold what was sent. */
const byCode: Readonly<Record<string, string>> = {
  BAD_REQUEST: form,
  OPERATION_RESOLUTION_FAILURE: 'There is no such operation in the document.',
};

// Nothing but words and names: a value would bring digits, or a name that no schema has.
const onlyNames = /^[A-Za-z ,.'();:-]*("[$@\w.![\]]+"[A-Za-z ,.'();:-]*)*$/;

/** `Variable "$input" got invalid value … at "input.country"; Expected type "CountryCode" …`, less the value. */
function ofVariable(message: string): string | undefined {
  const [, name] = /^Variable "\$(\w+)" got invalid value /.exec(message) ?? [];
  if (name === undefined) return undefined;
  const [, path] = new RegExp(`.* at "(${name}[\\w.[\\]]*)"; `, 's').exec(message) ?? [];
  const [, named, built] = /.*; (?:Expected (?:\S+ )?type "([^"]+)"|(\w+) cannot represent)/s.exec(message) ?? [];
  const [, missing] = /.*; (Field "\w+" of required type "[^"]+") was not provided/s.exec(message) ?? [];
  const type = named ?? built;
  const why = missing ? `: ${missing} is missing` : type ? `: it must be of the type "${type}"` : '';
  return `Variable "$${name}" got an invalid value${path === undefined ? '' : ` at "${path}"`}${why}.`;
}

/**
 * What a client reads of what the library says is wrong with its request: names of its own document and of the schema,
 * never a value, which may be somebody's name, and never a suggestion, which would tell the schema.
 */
function sentence({ message, extensions }: GraphQLError): string {
  const told = byCode[String(extensions['code'])];
  if (told) return told;
  if (message.startsWith('Syntax Error')) return 'The document cannot be read: its syntax is wrong.';
  const cut = message
    .replace(/ Did you mean .*$/s, '')
    .replace(/, found .*$/s, '.')
    .replace(/ cannot represent .*$/s, ' cannot represent this value.');
  const safe = ofVariable(message) ?? cut;
  return onlyNames.test(safe) ? safe : 'The document is not valid here.';
}

const isOurs = (code: unknown): boolean =>
  code === 'INTERNAL_SERVER_ERROR' || (errorCodes as readonly unknown[]).includes(code);

/**
 * The error of a request that is wrong in itself: a code of ours, where it stands in the document, and the status. One of
 * ours stays as it is.
 */
export function documentFault(error: GraphQLError): GraphQLError {
  const { code, http } = error.extensions;
  if (isOurs(code)) return error;
  return new GraphQLError(sentence(error), {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: { code: 'VALIDATION', ...(http === undefined ? {} : { http }) },
  });
}
