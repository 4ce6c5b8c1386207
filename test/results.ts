import { existsSync, readFileSync } from 'node:fs';

/** The part of vitest's JSON report that is counted. */
export interface Report {
  testResults: {
    name: string;
    status: string;
    startTime: number;
    endTime: number;
    message?: string;
    assertionResults: { status: string; fullName?: string; failureMessages?: string[] }[];
  }[];
}

/** What a run of tests came to. */
export interface Count {
  passed: number;
  failed: number;
}

/** Reads a report; one that is missing or cut off, as after a crash, reads as nothing. */
export function readReport(file: string): Report {
  try {
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : { testResults: [] };
  } catch {
    return { testResults: [] };
  }
}

/** Counts tests. A file that failed without a failed test counts as one failure, and so does an exit code nothing explains. */
export function countTests({ testResults }: Report, exitCode: number): Count {
  const count: Count = { passed: 0, failed: 0 };
  for (const file of testResults) {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed').length;
    count.passed += file.assertionResults.filter(({ status }) => status === 'passed').length;
    count.failed += failed || (file.status === 'failed' ? 1 : 0);
  }
  if (exitCode !== 0 && !count.failed) count.failed = 1;
  return count;
}

/** What failed, a line each with the first line of why: the end of a long log is what is read first. */
export function failures({ testResults }: Report): string[] {
  const line = (name: string, why = ''): string => `${name}: ${why.trim().split('\n')[0]}`;
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = name.replace(/^.*\/test\//, 'test/');
    const tests = assertionResults.filter((test) => test.status === 'failed');
    if (!tests.length) return status === 'failed' ? [line(file, message)] : [];
    return tests.map(({ fullName = '', failureMessages = [] }) => line(`${file} > ${fullName}`, failureMessages[0]));
  });
}

/** The kind of test a file belongs to: its folder under `test/`, and `house` for the house's own. */
export function kindOf(file: string): string {
  return /\/test\/contracts\/house\//.test(file) ? 'house' : (/\/test\/([^/]+)\//.exec(file)?.[1] ?? 'none');
}

/** Seconds from the first start to the last end of each kind's files. */
export function secondsByKind({ testResults }: Report): Map<string, number> {
  const groups = Map.groupBy(testResults, ({ name }) => kindOf(name));
  return new Map(
    [...groups].map(([kind, files]) => {
      const start = Math.min(...files.map(({ startTime }) => startTime));
      return [kind, (Math.max(...files.map(({ endTime }) => endTime)) - start) / 1000];
    }),
  );
}
