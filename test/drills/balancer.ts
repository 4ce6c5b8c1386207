import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { answers } from '../../local/keycloak.ts';

/** A node behind the balancer, on the loopback address. */
export interface Node {
  readonly name: string;
  readonly port: number;
  readonly managementPort: number;
}

/** Hands requests to those of several Keycloak nodes that are well. */
export interface Balancer {
  /** Names of the nodes that get requests. */
  readonly up: readonly string[];
  /** Sends everything to one node, well or not, until called without a name. */
  pin(name?: string): void;
  stop(): Promise<void>;
}

/** As the balancers of clouds check: every two seconds, with as long to answer (`answers`). */
const checkMs = 2000;
/**
 * Good checks in a row until a node that was out gets requests again: one that hung thinks for some seconds that it is
 * alone, and what a sign-in has left at the other one is unknown to it (seen: every second sign-in began anew).
 */
const goodChecks = 5;

/** What somebody sees whose node went away in the middle of a request. */
const sentence =
  'This took too long. Please try again. / Das hat zu lange gedauert. Bitte versuchen Sie es noch einmal.';

interface Backend {
  readonly node: Node;
  readonly agent: Agent;
  readonly underWay: Set<() => void>;
  up: boolean;
  /** Good checks in a row. */
  good: number;
}

function refuse(response: ServerResponse): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(503, {
    'content-type': 'text/plain; charset=utf-8',
    'retry-after': '1',
    'cache-control': 'no-store',
  });
  response.end(sentence);
}

/** Whether nothing of the request can have reached the node, so that another one may have it. */
const neverBegan = (error: NodeJS.ErrnoException): boolean => error.code === 'ECONNREFUSED';

function take(backend: Backend): void {
  backend.up = false;
  backend.good = 0;
  for (const end of backend.underWay) end();
}

interface Asked {
  readonly incoming: IncomingMessage;
  readonly body: Buffer;
  readonly response: ServerResponse;
}

/** Hands one request on. What is under way at a node that is found dead is refused at once: nobody waits for its end. */
function hand(asked: Asked, backend: Backend, another: () => Backend | undefined): void {
  const { incoming, body, response } = asked;
  const { method, url: path, headers } = incoming;
  const { agent, underWay, node } = backend;
  const outgoing = request({ agent, host: '127.0.0.1', port: node.port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
    answer.once('error', () => response.destroy());
  });
  const end = (): void => {
    outgoing.destroy();
    refuse(response);
  };
  underWay.add(end);
  response.once('close', () => {
    underWay.delete(end);
    outgoing.destroy();
  });
  outgoing.once('error', (error) => {
    if (response.destroyed || response.writableEnded) return;
    const next = neverBegan(error) ? another() : undefined;
    if (!next) return refuse(response);
    underWay.delete(end);
    hand(asked, next, () => undefined);
  });
  outgoing.end(body);
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Checks all nodes until stopped. Checks go on connections of their own: a hung node takes those as well. */
async function watch(backends: readonly Backend[], signal: AbortSignal): Promise<void> {
  const check = async (backend: Backend): Promise<void> => {
    const isWell = await answers(`http://127.0.0.1:${backend.node.managementPort}/health/ready`);
    if (!isWell) return take(backend);
    backend.good += 1;
    backend.up ||= backend.good >= goodChecks;
  };
  while (!signal.aborted) {
    const began = performance.now();
    await Promise.all(backends.map(check));
    const restMs = Math.max(0, began + checkMs - performance.now());
    await pause(restMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Listens in front of nodes, on the loopback address. Requests go to the nodes in turn, without regard to who sends them:
 * whatever a node knows alone is lost at the next request.
 */
export async function startBalancer(port: number, nodes: readonly Node[]): Promise<Balancer> {
  const backends = nodes.map((node) => ({
    node,
    agent: new Agent({ keepAlive: true }),
    underWay: new Set<() => void>(),
    up: true,
    good: 0,
  }));
  let turn = 0;
  let pinned: string | undefined;
  const next = (but?: Backend): Backend | undefined => {
    const fixed = backends.find(({ node }) => node.name === pinned);
    if (fixed && !but) return fixed;
    const well = backends.filter((one) => one.up && one !== but);
    return well[(turn += 1) % well.length];
  };
  const server = createServer((incoming, response) => {
    void bodyOf(incoming).then(
      (body) => {
        const backend = next();
        if (backend) hand({ incoming, body, response }, backend, () => next(backend));
        else refuse(response);
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((done, failed) => {
    server.once('error', failed).listen(port, '127.0.0.1', done);
  });
  const stopping = new AbortController();
  const watching = watch(backends, stopping.signal);
  return {
    get up() {
      return backends.filter(({ up }) => up).map(({ node }) => node.name);
    },
    pin: (name) => void (pinned = name),
    stop: () => stop({ server, backends, stopping, watching }),
  };
}

interface Parts {
  readonly server: Server;
  readonly backends: readonly Backend[];
  readonly stopping: AbortController;
  readonly watching: Promise<void>;
}

async function stop({ server, backends, stopping, watching }: Parts): Promise<void> {
  stopping.abort();
  const closed = new Promise((done) => server.close(done));
  for (const { agent } of backends) agent.destroy();
  server.closeAllConnections();
  await Promise.all([closed, watching]);
}
