import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The figures of this process, without any label that names a person. */
export interface Metrics {
  readonly registry: Registry;
  readonly requests: Counter<'route' | 'status'>;
  readonly seconds: Histogram<'route'>;
  readonly published: Counter;
  /** Facts not yet published, messages due, letters nobody settled, jobs that were given up. */
  readonly waiting: Gauge<'what'>;
  /** Seconds that the oldest fact has waited to be published. */
  readonly oldestFact: Gauge;
  readonly alarms: Gauge<'what'>;
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
      help: 'What waits: outbox, inbox, dead-letters, failed-jobs.',
      labelNames: ['what'],
      registers,
    }),
    oldestFact: new Gauge({
      name: 'customers_outbox_oldest_seconds',
      help: 'Age of the oldest fact that is not published.',
      registers,
    }),
    alarms: new Gauge({
      name: 'customers_alarm',
      help: '1 while somebody should look.',
      labelNames: ['what'],
      registers,
    }),
    textMessages: textMessagesIn(registers),
  };
}
