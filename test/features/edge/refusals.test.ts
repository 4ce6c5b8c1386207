import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorCodes } from '../../../src/domain/errors.ts';
import { type EdgeWorld, linkedCustomer, openEdge } from '../../support/edge-world.ts';
import { SocketClient } from '../../support/socket-client.ts';

const subject = randomUUID();
/** Stands for whatever a client sends by mistake: it is in no answer. */
const name = 'Lovelace';
const update = 'mutation ($i: UpdateProfileInput!) { updateProfile(input: $i) { __typename } }';
const list = 'query ($n: Int) { customers(first: $n) { edges { cursor } } }';
const me = '{ me { id } }';

const malformed: [string, string][] = [
  ['no JSON', `{"query": "${me}", "note": ${name}`],
  ['a bare string', JSON.stringify(name)],
  ['null', 'null'],
  ['nothing', ''],
  ['a batch', JSON.stringify([{ query: me, operationName: name }])],
  ['no document', JSON.stringify({ variables: { name } })],
  ['a document that is no text', JSON.stringify({ query: { name } })],
  ['an unknown parameter', JSON.stringify({ query: me, [name]: 1 })],
  ['variables that are no object', JSON.stringify({ query: me, variables: name })],
  ['extensions that are no object', JSON.stringify({ query: me, extensions: name })],
];

const wrong: [string, object, string][] = [
  ['syntax', { query: `{ me { id } "${name}" }` }, 'The document cannot be read: its syntax is wrong.'],
  ['another operation', { query: 'query A { me { id } }', operationName: name }, 'There is no such operation'],
  ['a literal', { query: `{ customers(first: "${name}") { edges { cursor } } }` }, 'Int cannot represent this value.'],
  ['a number', { query: '{ customers(first: 12345678901) { edges { cursor } } }' }, 'Int cannot represent this value.'],
  ['a variable', { query: list, variables: { n: name } }, '"$n" got an invalid value: it must be of the type "Int"'],
  ['a lure', { query: list, variables: { n: `${name} at "n.x"; Expected` } }, '"$n" got an invalid value'],
  ['an input', { query: update, variables: { i: name } }, 'it must be of the type "UpdateProfileInput"'],
  [
    'a field of an input',
    { query: update, variables: { i: { expectedVersion: name } } },
    '"$i" got an invalid value at "i.expectedVersion": it must be of the type "Int".',
  ],
  [
    'null',
    { query: update, variables: { i: { expectedVersion: null, country: name } } },
    'it must be of the type "Int!"',
  ],
  ['what is missing', { query: update, variables: { i: { givenName: name } } }, 'Field "expectedVersion" of required'],
  ['an unknown field', { query: update, variables: { i: { expectedVersion: 1, [name]: 1 } } }, 'invalid value.'],
  ['tokens', { query: `{ ${'a '.repeat(1200)} }` }, 'The document is refused: too many tokens.'],
  ['an unknown type', { query: 'query ($n: Nothing) { me { id } }' }, 'Unknown type "Nothing".'],
  ['an unknown field of the graph', { query: '{ mee { id } }' }, 'Cannot query field "mee" on type "Query".'],
];

interface Told {
  errors: { message: string; extensions: Record<string, unknown> }[];
}

/** Every code is one of the contract's, and nothing else is told beside it. */
function expectOurs({ errors }: Told): void {
  for (const { extensions } of errors) {
    expect(errorCodes).toContain(extensions['code']);
    expect(Object.keys(extensions)).toEqual(['code']);
  }
  expect(errors.length).toBeGreaterThan(0);
}

describe.each(['test', 'production'])('a request that is wrong in itself (NODE_ENV=%s)', (environment) => {
  let edge: EdgeWorld;
  let headers: Record<string, string>;
  beforeAll(async () => {
    edge = await openEdge({ NODE_ENV: environment });
    await linkedCustomer(edge, subject);
    headers = { authorization: `Bearer ${await edge.token(subject)}` };
  });
  afterAll(() => edge.stop());

  test.each(malformed)('in its form: %s is refused in our words, without what was sent', async (_what, body) => {
    const answer = await edge.ask(body, headers);

    const text = await answer.text();
    expect(answer.status).toBe(400);
    expect(text).not.toContain(name);
    expectOurs(JSON.parse(text) as Told);
    expect(text).toContain('one JSON object with a document');
  });

  test.each(wrong)('in its document or variables: %s', async (_what, body, told) => {
    const answer = await edge.ask(body, headers);

    const text = await answer.text();
    const read = JSON.parse(text) as Told;
    expect(answer.status).toBeLessThan(500);
    expectOurs(read);
    expect(text).not.toMatch(new RegExp(`${name}|Did you mean|12345678901`));
    expect(read.errors[0]?.message).toContain(told);
  });

  test('where it is wrong is told by line and column', async () => {
    const answer = await edge.ask({ query: '{ me {\n  id ! } }' }, headers);

    expect(await answer.json()).toMatchObject({ errors: [{ locations: [{ line: 2, column: 6 }] }] });
  });

  test.each(['/graphql', '/auth/register'])('a compressed body at %s is refused unread', async (path) => {
    const answer = await fetch(`${edge.url}${path}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(JSON.stringify({ query: me })),
    });

    expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([415, 'identity']);
    expect(await answer.json()).toMatchObject({ code: 'VALIDATION' });
  });

  test('a query by GET whose variables are no JSON is refused likewise', async () => {
    const query = `query=${encodeURIComponent(me)}&variables=${name}`;

    const answer = await fetch(`${edge.url}/graphql?${query}`, { headers: { ...headers, 'x-csrf': '1' } });

    const text = await answer.text();
    expect([answer.status, text.includes(name)]).toEqual([400, false]);
    expect(JSON.parse(text)).toMatchObject({ code: 'VALIDATION' });
    expect(edge.log()).not.toContain(name);
  });

  test.each<[string, object, string?]>([
    ...wrong,
    ['a field of a subscription', { query: `subscription { customerChanged { ${name.toLowerCase()}s } }` }],
    ['an argument of a subscription', { query: `subscription { customerChanged(after: ${name}) { cursor } }` }],
    [
      'a variable of a subscription',
      { query: 'subscription ($a: String) { customerChanged(after: $a) { cursor } }', variables: { a: [name] } },
    ],
  ])('over a socket: %s', async (_what, payload) => {
    const client = new SocketClient(edge.url, {});
    await client.enter(headers['authorization']?.replace('Bearer ', ''));
    client.send({ type: 'subscribe', id: '1', payload });

    const told = await client.heard(({ type }) => type === 'error' || type === 'next');

    const errors = told.type === 'error' ? told.payload : (told.payload as Told).errors;
    expectOurs({ errors });
    expect(JSON.stringify(told)).not.toMatch(new RegExp(`${name}|Did you mean|12345678901`));
    client.end();
  });
});
