/** How long things took, in milliseconds. */
export interface Times {
  readonly count: number;
  readonly median: number;
  readonly p95: number;
}

/** Median and P95 of a measurement; both 0 without one. */
export function timesOf(milliseconds: readonly number[]): Times {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { count: sorted.length, median: at(0.5), p95: at(0.95) };
}

/** The same, for people. */
export function saidTimes({ count, median, p95 }: Times): string {
  return count ? `${count} in median ${median.toFixed(0)} ms, P95 ${p95.toFixed(0)} ms` : 'none';
}
