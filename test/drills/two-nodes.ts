import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { planKeycloak } from '../../local/keycloak.ts';
import { freePort, isFree } from '../../local/ports.ts';
import { ensureJavaTools } from '../../local/programs.ts';
import { loadSecrets } from '../../local/secrets.ts';
import { eventsUrl } from '../../local/service.ts';
import type { Stack } from '../../local/stack.ts';
import { type Part, supervise } from '../../local/supervisor.ts';
import { partOf, type Say } from '../support/drill-world.ts';
import { type Balancer, type Node, startBalancer } from './balancer.ts';

/** Two nodes of Keycloak behind a balancer, in the place of a stack's single one. */
export interface TwoNodes {
  readonly balancer: Balancer;
  readonly parts: ReadonlyMap<string, Part>;
  stop(): Promise<void>;
}

const names = ['keycloak-1', 'keycloak-2'] as const;
const stackName = 'fast';
const stackFile = 'cache-fast.xml';

/**
 * JGroups finds a node that hangs after 8 s instead of 40 s, and neighbours by a list instead of multicast
 * (measured: with the default, refreshes at the other node fail for 42 to 46 s); and takes it back within seconds.
 */
function cacheSettings(bindPorts: readonly number[]): string {
  const hosts = bindPorts.map((port) => `127.0.0.1[${port}]`).join(',');
  return `<?xml version="1.0" encoding="UTF-8"?>
<infinispan xmlns="urn:infinispan:config:16.0">
  <jgroups>
    <stack name="${stackName}" extends="tcp">
      <TCPPING initial_hosts="${hosts}" port_range="0" stack.combine="REPLACE" stack.position="MPING"/>
      <MERGE3 min_interval="1000" max_interval="4000" stack.combine="COMBINE"/>
      <FD_ALL3 timeout="8000" interval="2000" stack.combine="COMBINE"/>
    </stack>
  </jgroups>
  <cache-container name="keycloak"><transport lock-timeout="60000" stack="${stackName}"/></cache-container>
</infinispan>
`;
}

/** A port whose neighbour is free, too: FD_SOCK2 listens there. */
async function bindPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 31_998);
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

interface Planned extends Node {
  readonly bindPort: number;
}

async function startNode(stack: Stack, node: Planned, nodes: readonly Planned[]) {
  const { stateDir, ports } = stack;
  const secrets = loadSecrets(stateDir);
  const folder = path.join(stateDir, node.name);
  const { java } = await ensureJavaTools(() => undefined);
  const plan = await planKeycloak({
    ...node,
    // The stack's own copy, as it was built.
    built: path.join(stateDir, 'keycloak'),
    java,
    folder,
    database: {
      url: `jdbc:postgresql://127.0.0.1:${ports.POSTGRES_PORT}/keycloak`,
      user: 'keycloak',
      password: secrets.postgresKeycloak,
    },
    events: { url: eventsUrl(ports), key: secrets.keycloakEvents },
    settings: {
      hostname: stack.endpoints.keycloak.url,
      cache: 'ispn',
      'cache-stack': stackName,
      'cache-config-file': stackFile,
      'cache-embedded-network-bind-address': '127.0.0.1',
      'cache-embedded-network-bind-port': String(node.bindPort),
    },
  });
  const bindPorts = nodes.map(({ bindPort: port }) => port);
  writeFileSync(path.join(folder, 'server', 'conf', stackFile), cacheSettings(bindPorts));
  return { ...plan, args: ['-Djgroups.fd.port-offset=1', ...plan.args] };
}

/** Two nodes apart would keep sessions as well, by the database; nothing would be shown of what one knows of the other. */
function mustBeOne(parts: ReadonlyMap<string, Part>): void {
  const [first] = parts.values();
  const view = /new cluster view for channel ISPN: .*\(2\) \[/;
  if (!first || !view.test(readFileSync(first.logFile, 'utf8'))) throw new Error('The two nodes are no cluster.');
}

/**
 * Stops a stack's Keycloak and starts two nodes over its database; a balancer has its address, so that issuer and
 * settings stay as they are.
 */
export async function startTwoNodes(stack: Stack, say: Say): Promise<TwoNodes> {
  const taken = new Set(Object.values(stack.ports));
  const nodes: Planned[] = [];
  for (const name of names) {
    const [port, managementPort] = [await freePort(taken), await freePort(taken)];
    nodes.push({ name, port, managementPort, bindPort: await bindPort() });
  }
  await partOf(stack, 'keycloak').stop();
  const supervisor = supervise(stack.stateDir, () => undefined);
  const killAll = (): void => supervisor.killAll();
  process.once('exit', killAll);
  const parts = new Map<string, Part>();
  try {
    // One after the other: two that start at once may each think themselves alone.
    for (const node of nodes) {
      const began = performance.now();
      parts.set(node.name, await supervisor.start(await startNode(stack, node, nodes)));
      say(`${node.name} is ready after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    }
    mustBeOne(parts);
    const balancer = await startBalancer(stack.ports.KEYCLOAK_PORT, nodes);
    return {
      balancer,
      parts,
      async stop() {
        await balancer.stop();
        for (const part of parts.values()) await part.kill('SIGCONT');
        await supervisor.stopAll();
        process.off('exit', killAll);
      },
    };
  } catch (error) {
    await supervisor.stopAll();
    process.off('exit', killAll);
    throw error;
  }
}
