import { once } from 'node:events';
import type { Duplex } from 'node:stream';

/** Ends this side of a stream; resolves when all that was written to it has been handed on. */
export async function flushed(stream: Duplex): Promise<void> {
  stream.end();
  if (!stream.writableFinished && !stream.destroyed) await once(stream, 'finish').catch(() => {});
}
