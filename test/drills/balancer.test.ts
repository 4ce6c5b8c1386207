import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../support/patience.ts';
import { type Balancer, type Node, startBalancer } from './balancer.ts';

/** Stands for a node: says its name, unless it hangs. */
interface Double extends Node {
  hangs: boolean;
  end(): void;
}

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

async function startDouble(name: string): Promise<Double> {
  const answering = createServer((_request, response) => {
    if (!double.hangs) response.end(name);
  });
  const port = await listening(answering);
  const double: Double = {
    name,
    port,
    managementPort: port,
    hangs: false,
    end() {
      answering.close();
      answering.closeAllConnections();
    },
  };
  opened.push(() => double.end());
  return double;
}

async function startBoth(): Promise<{ one: Double; other: Double; balancer: Balancer; ask: () => Promise<string> }> {
  const [one, other] = [await startDouble('one'), await startDouble('other')];
  const probe = createServer();
  const port = await listening(probe);
  await new Promise((done) => probe.close(done));
  const balancer = await startBalancer(port, [one, other]);
  opened.push(() => balancer.stop());
  const ask = async (): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x' });
    return answer.ok ? answer.text() : `HTTP ${answer.status}: ${await answer.text()}`;
  };
  return { one, other, balancer, ask };
}

describe('the balancer before two nodes (deliverable 11)', () => {
  test('both get requests, and one that is dead gets none, before any check has found it', async () => {
    const { one, balancer, ask } = await startBoth();
    expect(new Set([await ask(), await ask()])).toEqual(new Set(['one', 'other']));

    one.end();

    expect([await ask(), await ask(), await ask()]).toEqual(['other', 'other', 'other']);
    await until('The check finds it', () => balancer.up.length === 1);
  });

  test('whoever waits for one that hangs is told so in seconds, and served by the other one', async () => {
    const { one, balancer, ask } = await startBoth();
    balancer.pin('one');
    one.hangs = true;
    const began = performance.now();

    const told = await ask();

    expect(told).toMatch(/^HTTP 503: .*try again/);
    expect(performance.now() - began).toBeLessThan(8000);
    balancer.pin();
    expect([await ask(), await ask()]).toEqual(['other', 'other']);
  });
});
