import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The figures of this process, without any label that names a person. */
export interface Metrics {
  readonly registry: Registry;
  readonly requests: Counter<'route' | 'status'>;
  readonly seconds: Histogram<'route'>;
  readonly published: Counter;
  /** Facts not yet published, messages due, letters nobody settled, jobs that were given up, profiles Keycloak refused. */
  readonly waiting: Gauge<'what'>;
  /** Seconds that the oldest fact has waited to be published. */
  readonly oldestFact: Gauge;
  readonly alarms: Gauge<'what'>;
  /** Roles of staff given at the identity provider. */
  readonly staffRoleGrants: Counter<'by' | 'to'>;
  readonly logins: Counter;
  readonly incidents: Counter<'kind'>;
  readonly registrations: Counter<'step'>;
  /** Text messages by country and what became of them. */
  readonly textMessages: Counter<'country' | 'outcome'>;
}

const textMessagesIn = (registers: Registry[]): Metrics['textMessages'] =>
  new Counter({
    name: 'customers_text_messages_total',
    help: 'Text messages: sent, verified (the code came back), or why they were refused.',
    labelNames: ['country', 'outcome'],
    registers,
  });
function signInMetrics(registers: Registry[]): Pick<Metrics, 'logins' | 'incidents' | 'registrations'> {
  return {
    logins: new Counter({ name: 'logins_total', help: 'Sign-ins that made a session.', registers }),
    incidents: new Counter({
      name: 'auth_incidents_total',
      help: 'What speaks for a stolen account or token.',
      labelNames: ['kind'],
      registers,
    }),
    registrations: new Counter({
      name: 'customers_registrations_total',
      help: 'How far registrations came: started, known (the address has an owner already), accepted (the link was mailed), verified, first_sign_in.',
      labelNames: ['step'],
      registers,
    }),
  };
}

const alarmsIn = (registers: Registry[]): Metrics['alarms'] =>
  new Gauge({ name: 'customers_alarm', help: '1 while somebody should look.', labelNames: ['what'], registers });

/** Makes a registry of its own, so that several services can run in one process. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: 'customers_http_requests_total',
      help: 'Answered requests.',
      labelNames: ['route', 'status'],
      registers,
    }),
    seconds: new Histogram({
      name: 'customers_http_seconds',
      help: 'Time to answer.',
      labelNames: ['route'],
      buckets: [0.01, 0.03, 0.1, 0.3, 1, 3],
      registers,
    }),
    published: new Counter({ name: 'customers_events_published_total', help: 'Published facts.', registers }),
    waiting: new Gauge({
      name: 'customers_waiting',
      help: 'What waits: outbox, inbox, dead-letters, failed-jobs, refused (profiles that Keycloak did not take whole).',
      labelNames: ['what'],
      registers,
    }),
    oldestFact: new Gauge({
      name: 'customers_outbox_oldest_seconds',
      help: 'Age of the oldest fact that is not published.',
      registers,
    }),
    alarms: alarmsIn(registers),
    staffRoleGrants: staffRoleGrants(registry),
    textMessages: textMessagesIn(registers),
    ...signInMetrics(registers),
  };
}

function staffRoleGrants(registry: Registry): Metrics['staffRoleGrants'] {
  return new Counter({
    name: 'customers_staff_role_grants_total',
    help: 'Roles of staff given at the identity provider: by customer, staff, service or system, to a person, a service, or the holders of a role or group.',
    labelNames: ['by', 'to'],
    registers: [registry],
  });
}

/** What counts as an incident (spec §1). */
export const incidentKinds = ['takeover_report', 'refresh_reuse', 'lockout', 'impossible_token'] as const;
/** One of {@link incidentKinds}. */
export type IncidentKind = (typeof incidentKinds)[number];

/**
 * How far a registration came (spec §1). `known` is one of an address that has an owner, who was told: it can come no
 * further, so that the rate of success is verified / (started - known).
 */
export const registrationSteps = ['started', 'known', 'accepted', 'verified', 'first_sign_in'] as const;
/** One of {@link registrationSteps}. */
export type RegistrationStep = (typeof registrationSteps)[number];

/** What services count of registrations and sign-ins. */
export interface Figures {
  signedIn(): void;
  incident(kind: IncidentKind): void;
  registration(step: RegistrationStep): void;
}

/** Counts nothing: for commands, whose figures nobody reads. */
export const uncounted: Figures = {
  signedIn: () => undefined,
  incident: () => undefined,
  registration: () => undefined,
};

/** Counts into the metrics; every kind and step is there from the beginning, so that a rate of none is a zero. */
export function createFigures({
  logins,
  incidents,
  registrations,
}: Pick<Metrics, 'logins' | 'incidents' | 'registrations'>): Figures {
  for (const kind of incidentKinds) incidents.inc({ kind }, 0);
  for (const step of registrationSteps) registrations.inc({ step }, 0);
  return {
    signedIn: () => logins.inc(),
    incident: (kind) => incidents.inc({ kind }),
    registration: (step) => registrations.inc({ step }),
  };
}
