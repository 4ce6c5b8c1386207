import { randomUUID } from 'node:crypto';
import type { AdminCall } from './keycloak-admin.ts';
import { madeId, makePerson, newUser, type Person, type Tokens, type User } from './people.ts';
import type { SeenCustomer } from './seen-customers.ts';

/** One change as an admin makes it in Keycloak, on a user whom nothing else changes meanwhile. */
export interface ConsoleChange {
  readonly kind: string;
  /** Whom it is made on; of somebody new only the answer tells. */
  subject: string | undefined;
  /** Makes it, and tells whether Keycloak acknowledged it. */
  make(admin: AdminCall): Promise<boolean>;
  /** What is true of the customer once it is in effect; null for a change that only ends sessions. */
  readonly expected: Partial<SeenCustomer> | null;
  /** Facts that follow from it: once in effect is exactly so many. */
  readonly facts: Readonly<Record<string, number>>;
  /** A session that it ends. */
  tokens?: Tokens;
  /** Who signs in for that session. */
  readonly person?: Person;
}

/** What the user has before, how she is changed, and what follows. */
interface Kind {
  readonly count: number;
  readonly before?: object;
  readonly after: (n: number, user: User) => object;
  readonly expected: (n: number) => Partial<SeenCustomer>;
}

const address = (n: number): string => `moved.${n}@example.org`;

const edits: Record<string, Kind> = {
  names: {
    count: 8,
    after: (n) => ({ firstName: `Grace ${n}`, lastName: `Hopper ${n}` }),
    expected: (n) => ({ givenName: `Grace ${n}`, familyName: `Hopper ${n}` }),
  },
  locale: {
    count: 6,
    after: (_n, user) => ({ attributes: { ...user.attributes, locale: ['de'] } }),
    expected: () => ({ locale: 'de' }),
  },
  address: {
    count: 4,
    after: (n) => ({ email: address(n), username: address(n) }),
    expected: (n) => ({ email: address(n), verified: true }),
  },
  'proof taken back': {
    count: 4,
    after: () => ({ emailVerified: false }),
    expected: () => ({ verified: false, status: 'PENDING_VERIFICATION' }),
  },
  proven: {
    count: 4,
    before: { emailVerified: false },
    after: () => ({ emailVerified: true }),
    expected: () => ({ verified: true, status: 'ACTIVE' }),
  },
  disabled: { count: 4, after: () => ({ enabled: false }), expected: () => ({ status: 'SUSPENDED' }) },
  enabled: {
    count: 4,
    before: { enabled: false },
    after: () => ({ enabled: true }),
    expected: () => ({ status: 'ACTIVE' }),
  },
};

let numbers = 0;

const done = (answer: Promise<Response>): Promise<boolean> =>
  answer.then(
    ({ ok }) => ok,
    () => false,
  );

async function seed(admin: AdminCall, kind: string, { before, after, expected }: Kind): Promise<ConsoleChange> {
  const subject = madeId(await admin('POST', '/users', newUser(before)));
  const n = (numbers += 1);
  return {
    kind,
    subject,
    async make(now) {
      // Read as late as the console does: what is left out of a write is taken away.
      const read = await now('GET', `/users/${subject}`).catch(() => undefined);
      if (!read?.ok) return false;
      const user = (await read.json()) as User;
      return done(now('PUT', `/users/${subject}`, { ...user, ...after(n, user) }));
    },
    expected: expected(n),
    facts: { CustomerUpdated: 1 },
  };
}

async function deletion(admin: AdminCall): Promise<ConsoleChange> {
  const subject = madeId(await admin('POST', '/users', newUser()));
  return {
    kind: 'deleted',
    subject,
    make: (now) => done(now('DELETE', `/users/${subject}`)),
    expected: { status: 'DEACTIVATED' },
    facts: { CustomerUpdated: 1, CustomerAccountDeactivated: 1 },
  };
}

function creation(): ConsoleChange {
  const firstName = `New ${randomUUID()}`;
  const user = newUser({ firstName });
  const change: ConsoleChange = {
    kind: 'created',
    subject: undefined,
    async make(now) {
      const answer = await now('POST', '/users', user).catch(() => undefined);
      if (!answer?.ok) return false;
      change.subject = madeId(answer);
      return true;
    },
    expected: { status: 'ACTIVE', email: user.email, verified: true, givenName: firstName, locale: 'en' },
    facts: { CustomerRegistered: 1 },
  };
  return change;
}

async function ending(admin: AdminCall, kind: 'logged out' | 'session deleted'): Promise<ConsoleChange> {
  const person = await makePerson(admin);
  const change: ConsoleChange = {
    kind,
    subject: person.subject,
    person,
    make: (now) =>
      done(
        kind === 'logged out'
          ? now('POST', `/users/${person.subject}/logout`)
          : now('DELETE', `/sessions/${change.tokens?.sid ?? ''}`),
      ),
    expected: null,
    facts: {},
  };
  return change;
}

/** Changes of different kinds come one after the other, so that a kill in the middle meets all of them. */
function mixed(changes: readonly ConsoleChange[]): ConsoleChange[] {
  const left = [...Map.groupBy(changes, ({ kind }) => kind).values()];
  const order: ConsoleChange[] = [];
  while (order.length < changes.length) for (const ofKind of left) order.push(...ofKind.splice(0, 1));
  return order;
}

/** Fifty changes of every kind, whose users are made already but for those to be created. */
export async function fiftyChanges(admin: AdminCall): Promise<ConsoleChange[]> {
  const makers = [
    ...Object.entries(edits).flatMap(([kind, edit]) => Array(edit.count).fill(() => seed(admin, kind, edit))),
    ...Array(4).fill(() => deletion(admin)),
    ...Array(8).fill(() => Promise.resolve(creation())),
    ...Array(2).fill(() => ending(admin, 'logged out')),
    ...Array(2).fill(() => ending(admin, 'session deleted')),
  ] as (() => Promise<ConsoleChange>)[];
  const changes: ConsoleChange[] = [];
  const make = async (): Promise<void> => {
    for (let next = makers.shift(); next; next = makers.shift()) changes.push(await next());
  };
  await Promise.all([make(), make(), make(), make()]);
  return mixed(changes);
}
