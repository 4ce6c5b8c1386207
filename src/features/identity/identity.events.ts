import type { Parts } from '../../context.ts';
import { type Actor, system } from '../../domain/access.ts';
import { Unavailable } from '../../domain/errors.ts';
import { type Due, fail, putAside, receive, settle, takeDue } from '../../messaging/inbox.ts';
import { repeat, type Rounds } from '../../messaging/rounds.ts';
import { converge, type Sighting } from './converge.ts';
import { tellCredentials } from './credential-notices.ts';
import { type Delivery, delivery, isLockout, type Meaning, meaningOf } from './deliveries.ts';
import { noteGrants, noteWidening, type RoleGrant } from './role-grants.ts';
import { type Ended, endSessions } from '../../platform/end-sessions.ts';

const source = 'keycloak';
const batch = 200;
/** Users that are looked at at the same time: Keycloak answers one look in about 10 ms. */
const atOnce = 8;
const restMs = 250;
const waitMs = 5_000;

/**
 * Keeps what Keycloak delivers; committed when this resolves, so that it may be acknowledged. What is not readable is
 * kept as well, and put aside by the worker: refusing it would hold up everything behind it.
 *
 * @param events  the member `events` of the delivery, whose signature was checked
 */
export async function receiveDeliveries(
  parts: Pick<Parts, 'pool' | 'clock' | 'config' | 'log'>,
  events: readonly unknown[],
): Promise<void> {
  const messages = events.flatMap((payload) => {
    const { id, type, realm, userId } = (payload ?? {}) as Record<string, unknown>;
    if (realm !== parts.config.keycloak.realm) return [];
    if (typeof id !== 'string' || !id || id.length > 64) {
      parts.log.error({ alarm: 'delivery-without-id' }, 'Keycloak delivered an event without an id');
      return [];
    }
    return [
      {
        id,
        type: typeof type === 'string' ? type.slice(0, 100) : '',
        payload,
        subject: typeof userId === 'string' ? userId : undefined,
      },
    ];
  });
  await receive(parts, source, messages);
}

interface Read {
  readonly due: Due;
  readonly event: Delivery;
  readonly meaning: Meaning;
}

function actorOf(event: Delivery, issuer: string): Actor {
  const { type, id = 'unknown' } = event.actor;
  if (type === 'customer')
    return { kind: 'person', id, permissions: new Set(['customer:self']), identity: { issuer, subject: id } };
  if (type === 'staff') return { kind: 'person', id, permissions: new Set(['customer:write']) };
  return system('identity');
}

/** Several changes of one user are one look; the last of them says who and when. */
function sightingOf(issuer: string, subject: string, reads: readonly Read[]): Sighting {
  const events = reads.map(({ event }) => event).toSorted((a, b) => a.time - b.time);
  const ofOthers = events.filter(({ actor }) => actor.type !== 'service');
  const last = ofOthers.at(-1) ?? events.at(-1);
  const at = new Date(ofOthers.at(-1)?.time ?? 0);
  const ofStaff = ofOthers.findLast(({ actor }) => actor.type === 'staff');
  return {
    identity: { issuer, subject },
    line: 'DELIVERY',
    waitMs,
    gone: reads.some(({ meaning }) => meaning.what === 'look-again' && meaning.deleted === true),
    ...(last && {
      event: {
        id: last.id,
        at: ofOthers.length ? at : undefined,
        actor: actorOf(last, issuer),
        byStaffAt: ofStaff && new Date(ofStaff.time),
        byStaff: events.some(({ actor, type }) => actor.type === 'staff' && /^USER_(CREATE|UPDATE)$/.test(type)),
      },
    }),
  };
}

type Granted = (grant: RoleGrant) => void;

/** The try is counted already; an outage is nobody's fault and tried again for as long as it lasts. */
async function attempt(parts: Parts, reads: readonly Read[], work: () => Promise<boolean>): Promise<void> {
  try {
    if (await work())
      await settle(
        parts,
        source,
        reads.map(({ due }) => due.id),
      );
  } catch (error) {
    if (error instanceof Unavailable) return;
    parts.log.error({ err: error, messages: reads.length }, 'a delivery of Keycloak failed');
    const reason = error instanceof Error ? error.name : 'unknown';
    for (const { due } of reads) if (await fail(parts, due)) await putAside(parts, due, reason);
  }
}

function endedBy(meaning: Meaning): Ended | undefined {
  if (meaning.what === 'session-ended') return { sid: meaning.sid };
  if (meaning.what === 'sessions-ended') return { subject: meaning.subject };
  return meaning.what === 'all-sessions-ended' ? 'everything' : undefined;
}

async function endSession(parts: Parts, { event, meaning }: Read): Promise<void> {
  const ended = endedBy(meaning);
  if (ended) await endSessions(parts.pool, parts.config.keycloak.issuer, ended, 'PROVIDER', new Date(event.time));
}

/** Counts what speaks for a stolen account. Last of all, so that what is tried again is counted once. */
function counted({ figures }: Parts, events: readonly Delivery[]): true {
  for (const _ of events.filter(isLockout)) figures.incident('lockout');
  return true;
}

function read(due: Due): Read | undefined {
  const event = delivery.safeParse(due.payload);
  return event.success ? { due, event: event.data, meaning: meaningOf(event.data) } : undefined;
}

/**
 * Works off the deliveries that are due: ends of sessions first, then one look per changed user.
 *
 * @param granted  hears of roles of staff that were given
 * @returns how many there were
 */
export async function workDeliveries(parts: Parts, granted: Granted = () => undefined): Promise<number> {
  const due = await takeDue(parts, source, batch);
  const reads: Read[] = [];
  for (const message of due) {
    const one = read(message);
    if (one) reads.push(one);
    else await putAside(parts, message, 'malformed');
  }
  const { looks = [], ends = [] } = Object.groupBy(reads, ({ meaning }) =>
    meaning.what === 'look-again' ? 'looks' : 'ends',
  );
  for (const one of ends) {
    await attempt(parts, [one], async () => {
      await noteWidening(parts, one.event, granted);
      await endSession(parts, one);
      return counted(parts, [one.event]);
    });
  }
  const subjects = [...Map.groupBy(looks, ({ event }) => event.userId ?? '')];
  const look = async (): Promise<void> => {
    for (let next = subjects.shift(); next; next = subjects.shift()) {
      const [subject, about] = next;
      const sighting = sightingOf(parts.config.keycloak.issuer, subject, about);
      // Whoever looks at her now may have read her before this change: it stays, to be looked at once more.
      await attempt(parts, about, async () => {
        if ((await converge(parts, sighting)).outcome === 'busy') return false;
        const events = about.map(({ event }) => event);
        await noteGrants(parts, subject, events, granted);
        await tellCredentials(parts, source, events);
        return counted(parts, events);
      });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, look));
  return due.length;
}

/** Works off deliveries until stopped. An outage of the database is waited out. */
export function followDeliveries(parts: Parts, granted: Granted): Rounds {
  const trouble = (error: unknown): void =>
    parts.log.error({ err: error }, 'deliveries of Keycloak cannot be worked off');
  return repeat(() => workDeliveries(parts, granted), { idleMs: restMs, troubleMs: restMs, trouble });
}
