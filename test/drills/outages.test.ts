import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stack } from '../../local/stack.ts';
import { isKept, openDrillStack } from '../support/drill-world.ts';
import { keycloakGone, wrongRefusals } from './keycloak-gone.ts';
import { allowed, postgresGone } from './postgres-gone.ts';
import { redisGone, registrationsAllowed } from './redis-gone.ts';
import { slowestJobSeconds, workerKill } from './worker-kill.ts';

const say = (line: string): void => void process.stdout.write(`  ${line}\n`);

// One stack for all: each drill leaves it whole, or the next one says so.
let stack: Stack;
beforeAll(async () => {
  stack = await openDrillStack(say);
});
afterAll(() => stack?.stop());

describe('Redis gone (design §4)', () => {
  test('reads, writes and sign-in go on; events and live updates catch up, also with an empty Redis', async () => {
    const outages = await redisGone(stack, 8, say);

    expect(outages.map(({ comesBack }) => comesBack)).toEqual(['with its data', 'empty']);
    for (const { undone, signInsRefused, lost, stream, followers, consumed, speeds, ...gone } of outages) {
      expect({ undone, signInsRefused, lost, stream, followers, consumed }).toEqual({
        undone: [],
        signInsRefused: [],
        lost: [],
        stream: [],
        followers: [],
        consumed: true,
      });
      expect(gone.toldMeanwhile).toBeGreaterThan(0);
      expect(gone.registrations).toEqual([...Array(registrationsAllowed).fill(202), 429, 429]);
      expect(speeds.filter((speed) => !isKept(speed))).toEqual([]);
      expect(speeds).toHaveLength(4);
    }
  });
});

describe('PostgreSQL gone (design §4)', () => {
  test('503 fast, nothing acknowledged is lost, and all goes on by itself', async () => {
    const gone = await postgresGone(stack, 12, say);

    expect({ faults: gone.faults, lost: gone.lost, stream: gone.stream }).toEqual({ faults: [], lost: [], stream: [] });
    expect(gone.acknowledged).toBeGreaterThan(20);
    expect(gone.refusals.count).toBeGreaterThan(20);
    expect(gone.refusals.p95).toBeLessThan(allowed.refusalMs);
    expect(gone.servedAfterMs).toBeLessThan(allowed.recoveryMs);
    expect(gone.signInAfterMs).toBeLessThan(allowed.recoveryMs);
    expect(gone.toldAfterMs).toBeLessThan(allowed.recoveryMs);
  });
});

describe('a worker killed (design §4, "Out" and "Job")', () => {
  test('between publishing and marking, and in the middle of a job: nothing is lost, facts keep their ids', async () => {
    const { repeated, jobs, acknowledged, ...left } = await workerKill(stack, 2, say);

    expect(left).toEqual({ stream: [], lost: [], drift: [], jobsFailed: 0 });
    expect(repeated).toBeGreaterThan(0);
    expect(acknowledged).toBeGreaterThan(20);
    expect(jobs.map(({ middle }) => middle)).toEqual(['written, not noted', 'being written']);
    // The goal is 14 s (design §10).
    for (const { seconds } of jobs) expect(seconds).toBeLessThan(slowestJobSeconds);
  });
});

describe('Keycloak gone (design §4)', () => {
  test('whoever is signed in stays at full speed, new sign-ins and registrations get 503, all goes on after', async () => {
    const outages = await keycloakGone(stack, { hung: 30, stopped: 8 }, say);

    expect(outages.map(({ how }) => how)).toEqual(['hung', 'stopped']);
    for (const gone of outages) {
      const { undone, halfMade, notRegistered, lost, drift, speeds } = gone;
      expect({ undone, halfMade, notRegistered, lost, drift }).toEqual({
        undone: [],
        halfMade: [],
        notRegistered: [],
        lost: [],
        drift: [],
      });
      expect(gone.refusals).toHaveLength(6);
      expect(wrongRefusals(gone)).toEqual([]);
      expect(gone.sessions).toHaveLength(2);
      expect(gone.sessions).not.toContain('signed out');
      expect(speeds).toHaveLength(4);
      expect(speeds.filter((speed) => !isKept(speed))).toEqual([]);
    }
  });
});
