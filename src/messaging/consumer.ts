import { hostname } from 'node:os';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { type Actor, system } from '../domain/access.ts';
import { isOutage } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import { type Due, fail, type InboxParts, type Message, mostAttempts, putAside, receive, takeDue } from './inbox.ts';
import type { TransactAs } from './journal.ts';
import { repeat, type Rounds } from './rounds.ts';

/** One transaction for one message: what a handler may use. */
export interface Handling {
  readonly em: EntityManager;
  readonly actor: Actor;
  /** When it is handled. */
  readonly at: Date;
}

/** What follows from one kind of message. */
export interface Consumer {
  /** `type` of the CloudEvent, such as `support.CustomerSupportTicketCreated.v1`. */
  readonly type: string;
  readonly handle: (handling: Handling, data: unknown) => Promise<void>;
}

/** The message is about a customer whom we do not know yet: it may come before her registration. */
export class NotYetKnown extends Error {
  override readonly name = 'NotYetKnown';
}

/** Every try ended with the process. */
class NeverEnded extends Error {
  override readonly name = 'NeverEnded';
}

/** The message is not what was agreed. */
class Malformed extends Error {
  override readonly name = 'Malformed';
}

/**
 * Declares what follows from a message.
 *
 * @param name     `type` of the CloudEvent
 * @param schema   what its data must be; anything else becomes a dead letter at once
 * @param handler  runs in one transaction with the mark that the message is done
 */
export function on<T>(
  name: string,
  schema: z.ZodType<T>,
  handler: (handling: Handling, data: T) => Promise<void>,
): Consumer {
  return {
    type: name,
    handle(handling, data) {
      const parsed = schema.safeParse(data);
      if (!parsed.success) throw new Malformed(parsed.error.issues.map(({ path }) => path.join('.')).join(', '));
      return handler(handling, parsed.data);
    },
  };
}

/** What consuming a stream needs. */
export interface ConsumerParts extends InboxParts {
  readonly redis: Redis;
  readonly log: Log;
  readonly transactAs: TransactAs;
}

const group = 'customers';
const deadLetters = 'customers.dead-letters';
const batch = 100;
const idleMs = 200;
const troubleMs = 1000;
/** Entries that a reader took and never acknowledged belong to whoever asks after so long. */
const abandonedMs = 30_000;
const cloudEvent = z.object({
  id: z.string().min(1).max(200),
  type: z.string().min(1).max(200),
  subject: z.string().max(200).optional(),
  data: z.unknown(),
});

type Entry = [id: string, fields: string[]];

function messageOf([entryId, fields]: Entry): Message {
  const text = fields[fields.indexOf('event') + 1] ?? '';
  try {
    const payload: unknown = JSON.parse(text);
    const event = cloudEvent.parse(payload);
    return { id: event.id, type: event.type, subject: event.subject, payload };
  } catch {
    return unreadable([entryId, fields]);
  }
}

/** The entry as text: it is kept, whatever is in it. */
function unreadable([entryId, fields]: Entry): Message {
  const texts = fields.map((field) => field.toWellFormed().replaceAll('\0', '\uFFFD'));
  return { id: `entry ${entryId}`, type: '', payload: { fields: texts } };
}

// PostgreSQL refuses some JSON, such as \u0000: one entry of somebody's must not hold up those that came with it.
async function keep(parts: ConsumerParts, stream: string, entries: readonly Entry[]): Promise<void> {
  try {
    await receive(parts, stream, entries.map(messageOf));
  } catch (error) {
    if (isOutage(error)) throw error;
    const [only] = entries;
    if (entries.length === 1 && only) return receive(parts, stream, [unreadable(only)]);
    for (const entry of entries) await keep(parts, stream, [entry]);
  }
}

/** Reads what is new, and what a dead reader left, into the inbox; acknowledged only when it is committed there. */
export async function readStream(parts: ConsumerParts, stream: string, reader: string): Promise<number> {
  const { redis } = parts;
  await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM').catch((error: unknown) => {
    if (!(error instanceof Error) || !error.message.startsWith('BUSYGROUP')) throw error;
  });
  const left = (await redis.xautoclaim(stream, group, reader, abandonedMs, '0', 'COUNT', batch)) as [string, Entry[]];
  const fresh = (await redis.xreadgroup('GROUP', group, reader, 'COUNT', batch, 'STREAMS', stream, '>')) as
    | [string, Entry[]][]
    | null;
  const entries = [...left[1], ...(fresh?.[0]?.[1] ?? [])];
  if (!entries.length) return 0;
  await keep(parts, stream, entries);
  await redis.xack(stream, group, ...entries.map(([id]) => id));
  return entries.length;
}

// Whoever took it longer ago may still be at it, or have done it.
const hold = `select 1 from inbox where source = ? and message_id = ? and done_at is null for update skip locked`;
const done = 'update inbox set done_at = ? where source = ? and message_id = ?';

async function handle(parts: ConsumerParts, consumers: readonly Consumer[], due: Due): Promise<void> {
  const actor = system(`consumer ${due.source}`);
  await parts.transactAs({ actor, requestId: due.id, causationId: due.id }, async (em) => {
    const held: unknown[] = await em.execute(hold, [due.source, due.id]);
    if (!held.length) return;
    const at = parts.clock.now();
    const { data = null } = due.payload as { data?: unknown };
    for (const consumer of consumers) if (consumer.type === due.type) await consumer.handle({ em, actor, at }, data);
    await em.execute(done, [at, due.source, due.id]);
  });
}

async function aside(parts: ConsumerParts, due: Due, reason: string): Promise<void> {
  const failed = await putAside(parts, due, reason);
  if (!failed) return;
  const letter = {
    stream: due.source,
    id: due.id,
    type: due.type,
    reason,
    attempts: due.attempts,
    firstFailedAt: failed.first,
    lastFailedAt: failed.last,
    entry: due.payload,
  };
  // Others may read them there; the table is what counts, and what is replayed.
  await parts.redis
    .xadd(deadLetters, 'MAXLEN', '~', '10000', '*', 'letter', JSON.stringify(letter))
    .catch((error: unknown) => {
      parts.log.warn({ err: error, messageId: due.id }, 'a dead letter was not told');
    });
}

/** Handles what is due of one stream. Returns how many messages were tried. */
export async function handleDue(parts: ConsumerParts, stream: string, consumers: readonly Consumer[]): Promise<number> {
  for (let count = 0; count < batch; count += 1) {
    // One at a time: the next ones would count a try, and come due for others, while this one is handled.
    const [due] = await takeDue(parts, stream, 1);
    if (!due) return count;
    try {
      if (due.unended && due.attempts > mostAttempts) throw new NeverEnded();
      if (!due.type) throw new Malformed('not a CloudEvent');
      await handle(parts, consumers, due);
    } catch (error) {
      const reason = error instanceof Error ? error.name : 'Error';
      parts.log.warn({ err: error, stream, messageId: due.id, attempts: due.attempts }, 'a message was not handled');
      if (error instanceof Malformed) await aside(parts, due, `${reason}: ${error.message}`);
      else if (error instanceof NeverEnded) await aside(parts, due, reason);
      else if (await fail(parts, due, error instanceof NotYetKnown)) await aside(parts, due, reason);
    }
  }
  return batch;
}

/** Consumes a stream until stopped. Redis or PostgreSQL away: it waits, and goes on where it was. */
export function consume(parts: ConsumerParts, stream: string, consumers: readonly Consumer[]): Rounds {
  const reader = `${hostname()} ${process.pid}`;
  const round = async (): Promise<number> =>
    (await readStream(parts, stream, reader)) + (await handleDue(parts, stream, consumers));
  const trouble = (error: unknown): void => parts.log.warn({ err: error, stream }, 'messages wait to be read');
  return repeat(round, { idleMs, troubleMs, trouble });
}
