import type { GraphQLObjectType } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { Ctx } from '../../src/context.ts';
import { type Actor, whileActing } from '../../src/domain/access.ts';
import { Forbidden } from '../../src/domain/errors.ts';
import { schema } from '../../src/server/schema.ts';

const customerId = '019abcde-0000-7000-8000-000000000001';

function actor(write: boolean): Actor {
  const by = { issuer: 'i', subject: 'staff' };
  const acting = { id: customerId, customerId, reason: 'A reason.', write, by, until: new Date(0) };
  // All rights on purpose: what is refused is refused for acting, not for want of a right.
  return { kind: 'person', id: 'staff', permissions: new Set(['customer:self', 'customer:write']), acr: '2', acting };
}

const roots = ['Query', 'Mutation', 'Subscription'] as const;
const fieldsOf = (type: string) => Object.values((schema.getType(type) as GraphQLObjectType).getFields());

/** Whether the field refuses whoever acts before anything of it runs: the context has nothing to run with. */
async function refuses(type: string, name: string, write: boolean): Promise<boolean> {
  const field = fieldsOf(type).find((one) => one.name === name);
  const context = { app: { actor: actor(write) } as unknown as Ctx };
  const outcomes = [field?.resolve, field?.subscribe]
    .filter((resolver) => resolver !== undefined)
    .map(async (resolver) => resolver(undefined, {}, context, {} as never));
  const settled = await Promise.allSettled(outcomes);
  return settled.every(
    ({ status, ...how }) => status === 'rejected' && 'reason' in how && how.reason instanceof Forbidden,
  );
}

describe('what may be done while acting for a customer (decision 30)', () => {
  test.each(roots)('every field of %s but those listed is refused', async (type) => {
    const names = fieldsOf(type).map(({ name }) => name);
    const refused = await Promise.all(names.map((name) => refuses(type, name, true)));

    const open = names.filter((_, at) => !refused[at]);
    expect(open.toSorted()).toEqual([...whileActing[type]].toSorted());
  });

  test('without the grant every change is refused', async () => {
    for (const { name } of fieldsOf('Mutation'))
      expect([name, await refuses('Mutation', name, false)]).toEqual([name, true]);
  });

  test('nothing is listed that would let somebody in or keep the customer out', () => {
    const sensitive =
      /contact|email|phone|credential|password|factor|totp|passkey|link|consent|privacy|session|status|merge/i;

    expect(whileActing.Mutation.filter((name) => sensitive.test(name))).toEqual([]);
    expect(
      whileActing.Customer.filter((name) => /session|credential|consent|privacy|lookup|identity/i.test(name)),
    ).toEqual([]);
    expect(whileActing.routes.every((route) => !route.startsWith('POST'))).toBe(true);
  });

  test('everything that is listed exists', () => {
    for (const type of [...roots, 'Customer'] as const) {
      const names = fieldsOf(type).map(({ name }) => name);
      expect(whileActing[type].filter((name) => !names.includes(name))).toEqual([]);
    }
  });
});
