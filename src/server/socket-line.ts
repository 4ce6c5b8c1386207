import { CloseCode, type Server } from 'graphql-ws';
import type { Extra } from 'graphql-ws/use/ws';
import type { WebSocket } from 'ws';
import type { Log } from '../platform/log.ts';

const pingMs = 12_000;

/** Cuts off who does not answer a ping before the next one. */
function keepAlive(ws: WebSocket): void {
  let heard = true;
  const timer = setInterval(() => {
    if (!heard) return ws.terminate();
    heard = false;
    ws.ping();
  }, pingMs).unref();
  ws.on('pong', () => (heard = true));
  ws.once('close', () => clearInterval(timer));
}

/**
 * Lets the protocol speak over a socket. The library's own way prints a stack for whatever a client gets wrong; here it
 * is one line of the log, and the socket is closed.
 */
export function speak<E extends Extra>(server: Server<E>, extra: E, log: Log): void {
  const { socket: ws } = extra;
  const fail = (error: unknown): void => {
    log.warn({ err: error }, 'a socket was closed for an error');
    ws.close(CloseCode.InternalServerError, 'Internal server error');
  };
  ws.on('error', fail);
  keepAlive(ws);
  const closed = server.opened(
    {
      protocol: ws.protocol,
      // Waited for, so that a stream goes no faster than its reader.
      send: (line) =>
        new Promise((resolve, reject) => {
          if (ws.readyState === ws.OPEN) ws.send(line, (error) => (error ? reject(error) : resolve()));
          else resolve();
        }),
      close: (code, reason) => ws.close(code, reason),
      onMessage: (take) =>
        // What still comes after we have closed is not read any more.
        ws.on('message', (line: Buffer) => {
          if (ws.readyState === ws.OPEN) void take(line.toString()).catch(fail);
        }),
    },
    extra,
  );
  ws.once('close', (code, reason) => void closed(code, String(reason)).catch(fail));
}
