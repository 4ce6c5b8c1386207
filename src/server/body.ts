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
  // By itself the loop would cut the connection when it is left, and with it the answer.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
