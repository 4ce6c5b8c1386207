import { GraphQLScalarType, Kind } from 'graphql';
import { builder } from './builder.ts';

/** No scalar of ours is longer; what comes is cut off here, before any parser sees it. */
const longest = 1000;

const descriptions = {
  Date: 'An ISO 8601 calendar date, such as 1990-12-31.',
  EmailAddress: 'An e-mail address (RFC 5322, RFC 6531), shown as it was typed.',
  PhoneNumber: 'A telephone number in E.164 form, such as +4915112345678.',
  CountryCode: 'An ISO 3166-1 alpha-2 country code, such as DE.',
  LocaleTag: 'A BCP 47 language tag, such as de-DE.',
  UUID: 'A UUID in its usual form (RFC 9562).',
} as const;

/**
 * Text in, text out. What the text means is for the service: a bad value is a `ValidationError` with its path, where
 * an error of the scalar would refuse the whole document and repeat the value.
 */
function asText(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${name} is written as a string.`);
  if (value.length > longest) throw new TypeError(`${name} is never that long.`);
  return value;
}

function asInstant(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string') return value;
  throw new TypeError('DateTime is made of a date.');
}

function textScalar(name: string, description: string, specifiedByURL?: string) {
  return new GraphQLScalarType<string, string>({
    name,
    description,
    ...(specifiedByURL ? { specifiedByURL } : {}),
    serialize: (value) => (name === 'DateTime' ? asInstant(value) : asText(name, value)),
    parseValue: (value) => asText(name, value),
    parseLiteral: (node) => asText(name, node.kind === Kind.STRING ? node.value : undefined),
  });
}

for (const [name, description] of Object.entries(descriptions)) {
  builder.addScalarType(name as keyof typeof descriptions, textScalar(name, description));
}

builder.addScalarType(
  'DateTime',
  textScalar(
    'DateTime',
    'A point in time (RFC 3339) in UTC, with milliseconds.',
    'https://scalars.graphql.org/andimarek/date-time.html',
  ),
);
