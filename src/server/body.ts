import type { IncomingMessage } from 'node:http';

/**
 * The body, read to its end.
 *
 * @param most  bytes
 * @returns undefined for a longer one, of which no more is read than that
 */
export async function readBody(req: IncomingMessage, most: number): Promise<Buffer | undefined> {
  if (Number(req.headers['content-length'] ?? 0) > most) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  // Left by itself, the loop takes the socket from the request: what still comes could not be thrown away.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
