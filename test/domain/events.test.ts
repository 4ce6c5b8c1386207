import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { type EventName, events, eventSchemaUri, eventsSchema, eventType } from '../../src/domain/events.ts';

const names = Object.keys(events) as EventName[];
const logged = {
  customerId: '019abcde-0000-7000-8000-000000000001',
  sessionId: 'h',
  at: '2026-11-24T12:00:00.000Z',
  method: 'PASSWORD',
  amr: ['pwd'],
};

describe('published events (contracts: events)', () => {
  test('types carry context, name and version', () => {
    expect(names.map(eventType)).toContain('customers.CustomerRegistered.v1');
  });

  test('every dataschema leads into the one published schema, which is valid', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(eventsSchema());

    for (const name of names) expect(ajv.getSchema(eventSchemaUri(name))).toBeTypeOf('function');
    const validate = ajv.getSchema(eventSchemaUri('CustomerLoggedIn'));
    expect(validate?.(logged)).toBe(true);
    expect(validate?.({ ...logged, amr: 'pwd' })).toBe(false);
  });

  test('a member that no schema knows, such as a name, is not published', () => {
    expect(events.CustomerLoggedIn.data.safeParse({ ...logged, email: 'x@example.org' }).success).toBe(false);
    expect(events.CustomerLoggedIn.data.safeParse(logged).success).toBe(true);
  });
});
