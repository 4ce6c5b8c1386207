import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forUpdate } from '../../../src/messaging/for-update.ts';
import { system } from '../../../src/domain/access.ts';
import { type EdgeWorld, linkedCustomer, openEdge } from '../../support/edge-world.ts';

let edge: EdgeWorld;
const subject = randomUUID();
let customerId: string;
beforeAll(async () => {
  edge = await openEdge({ DATABASE_POOL: '2' });
  customerId = await linkedCustomer(edge, subject);
});
afterAll(() => edge.stop());

const ownConnection = 'select pg_terminate_backend(pg_backend_pid())';

describe('transactions that an outage breaks (design §4)', () => {
  test('take no connection with them: after more of them than the pool holds, all is served', async () => {
    const { transactAs } = edge.running.parts;
    const act = { actor: system('test'), requestId: randomUUID() };

    for (let n = 0; n < 5; n += 1) {
      const broken = transactAs(act, async (em) => {
        await forUpdate(em, customerId);
        await em.execute(ownConnection);
      });
      await expect(broken).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    }

    const headers = { authorization: `Bearer ${await edge.token(subject)}` };
    const answer = await edge.ask({ query: '{ me { status } }' }, headers);
    expect(await answer.json()).toMatchObject({ data: { me: { status: 'ACTIVE' } } });
  });
});
