import { describe, expect, test } from 'vitest';
import { countTests, failures, type Report } from '../../results.ts';

const file = (name: string, more: Partial<Report['testResults'][number]>): Report['testResults'][number] => ({
  name: `/somewhere/test/features/${name}`,
  status: 'passed',
  startTime: 0,
  endTime: 1,
  assertionResults: [],
  ...more,
});

describe('what a run comes to', () => {
  const report: Report = {
    testResults: [
      file('good.test.ts', { assertionResults: [{ status: 'passed' }] }),
      file('bad.test.ts', {
        status: 'failed',
        assertionResults: [
          { status: 'failed', fullName: 'she signs in', failureMessages: ['expected 1 to be 2\n  at a line'] },
          { status: 'skipped' },
        ],
      }),
      file('broken.test.ts', { status: 'failed', message: 'no world to test in' }),
    ],
  };

  test('counts a file that could not begin as a failure', () => {
    expect(countTests(report, 1)).toEqual({ passed: 1, failed: 2 });
  });

  test('names each failure with the first line of why', () => {
    expect(failures(report)).toEqual([
      'test/features/bad.test.ts > she signs in: expected 1 to be 2',
      'test/features/broken.test.ts: no world to test in',
    ]);
  });
});
