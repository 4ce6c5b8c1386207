import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ctx } from '../../src/context.ts';
import type { LinkToken } from '../../src/domain/mail-link.ts';
import { linkPages } from '../../src/features/links/links.pages.ts';
import { answerErrors } from '../../src/http/failure.ts';
import type { LinkPage } from '../../src/http/link-page.ts';
import { actorOfLink, issueLink, useLink } from '../../src/messaging/links.ts';
import { createLog } from '../../src/platform/log.ts';
import { statusOf } from '../../src/server/status.ts';
import { openRecords, type Records } from '../support/records.ts';

let records: Records;
let customerId: string;
let now = new Date();
let acted: string[] = [];
let room = true;
beforeAll(async () => {
  records = await openRecords();
  customerId = await records.register('maria@shop.example', { profile: { locale: 'de' } });
});
beforeEach(() => {
  now = new Date();
  acted = [];
  room = true;
});
afterAll(() => records[Symbol.asyncDispose]());

/** Something that a link may be for. */
const page: LinkPage = {
  ask: (_ctx, { reference }, t) => ({ title: t.brand, paragraphs: [`<${reference}>`], button: t.signIn }),
  act: async (_ctx, { link, token }, t) => {
    const act = { actor: actorOfLink(link), requestId: 'request' };
    const used = await records.transactAs(act, (em) => useLink(em, token, { purpose: 'TAKEOVER_REPORT', at: now }));
    acted.push(used.customerId);
    return { title: t.brand, paragraphs: ['done'], next: { href: '/auth/login', label: t.signIn } };
  },
};

const issue = (more: { reference?: string; seconds?: number } = {}): Promise<LinkToken> => {
  const { seconds = 60, reference = 'matter' } = more;
  const expiresAt = new Date(now.getTime() + seconds * 1000);
  return records.transact((em) =>
    issueLink(em, { purpose: 'TAKEOVER_REPORT', customerId, reference, at: now, expiresAt }),
  );
};

async function knock(
  method: string,
  token: string,
  pages = { TAKEOVER_REPORT: page, CONTACT_PROOF: page, CONTACT_REVERT: page },
) {
  const ctx = {
    clock: { now: () => now },
    pool: records.pool,
    log: createLog('silent'),
    limits: { take: () => Promise.resolve(room ? 0 : 7) },
    request: { id: 'request', ip: '127.0.0.1', language: 'en' },
  } as unknown as Ctx;
  const app = linkPages(pages).onError(answerErrors((code) => statusOf[code]));
  const answer = await app.request(`/l/${token}`, { method }, { ctx });
  return { status: answer.status, language: answer.headers.get('content-language'), text: await answer.text() };
}

describe('links in our mails (contracts: access)', () => {
  test('looking at one changes nothing, however often; its button acts, once', async () => {
    const token = await issue();

    for (const method of ['GET', 'HEAD', 'GET']) expect((await knock(method, token)).status).toBe(200);
    expect(acted).toEqual([]);
    const done = await knock('POST', token);

    expect([done.status, acted]).toEqual([200, [customerId]]);
    expect(done.text).toContain('href="/auth/login"');
    for (const method of ['GET', 'POST']) expect((await knock(method, token)).status).toBe(404);
    expect(acted).toHaveLength(1);
  });

  test('the page speaks her language, has a form without a script, and escapes what it shows', async () => {
    const { text, language } = await knock('GET', await issue());

    expect(language).toBe('de');
    expect(text).toMatch(/<form class="card" method="post">[^]*<button type="submit">Anmelden</);
    expect(text).toContain('&lt;matter&gt;');
  });

  test('of two presses at once one counts', async () => {
    const token = await issue();

    const answers = await Promise.all(Array.from({ length: 5 }, () => knock('POST', token)));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(4);
    expect(acted).toHaveLength(1);
  });

  test('a second mail about the same matter is used up with the first; another matter is not', async () => {
    const [first, again, other] = [await issue(), await issue(), await issue({ reference: 'another' })];

    await knock('POST', first);

    expect((await knock('POST', again)).status).toBe(404);
    expect((await knock('POST', other)).status).toBe(200);
  });

  test('after its time it is over', async () => {
    const token = await issue({ seconds: 60 });
    now = new Date(now.getTime() + 61_000);

    for (const method of ['GET', 'POST']) expect((await knock(method, token)).status).toBe(404);
    expect(acted).toEqual([]);
  });

  test('one that was used up between the look and the press says so', async () => {
    const token = await issue();
    const late: LinkPage = {
      ...page,
      act: async (ctx, found, t) => {
        await page.act(ctx, found, t);
        return page.act(ctx, found, t);
      },
    };

    expect(
      (await knock('POST', token, { TAKEOVER_REPORT: late, CONTACT_PROOF: late, CONTACT_REVERT: late })).status,
    ).toBe(404);
  });

  test.each(['x', 'A'.repeat(43), `${'A'.repeat(42)}B`, 'A'.repeat(5000), '%00', '..%2f..'])(
    'what is no token of ours leads nowhere: %s',
    async (text) => {
      for (const method of ['GET', 'POST']) expect((await knock(method, text)).status).toBe(404);
    },
  );

  test('the database holds no token', async () => {
    const token = await issue();

    const { rows } = await records.pool.query<{ text: string }>('select mail_link::text as text from mail_link');

    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(JSON.stringify(rows)).not.toContain(Buffer.from(token, 'base64url').toString('hex'));
  });

  test('who tries very many is told to wait', async () => {
    const token = await issue();
    room = false;

    expect((await knock('POST', token)).status).toBe(429);
    expect(acted).toEqual([]);
  });
});
