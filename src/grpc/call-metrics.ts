import { Counter, Histogram, type Registry } from 'prom-client';

/** Counts calls, by method and status. */
export interface CallMetrics {
  /** To be called with the status when the call is over. */
  begin(method: string): (status: string) => void;
}

/** The figures of gRPC in a process's registry. */
export function createCallMetrics(registry: Registry): CallMetrics {
  const registers = [registry];
  const calls = new Counter({
    name: 'customers_grpc_calls_total',
    help: 'Answered calls.',
    labelNames: ['method', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'customers_grpc_seconds',
    help: 'Time to answer.',
    labelNames: ['method'],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
    registers,
  });
  // Looking labels up costs as much as the rest.
  const times = new Map<string, ReturnType<typeof seconds.labels>>();
  return {
    begin(method) {
      const known = times.get(method) ?? seconds.labels(method);
      times.set(method, known);
      const stop = known.startTimer();
      return (status) => {
        stop();
        calls.inc({ method, status });
      };
    },
  };
}
