const headerBytes = 8;

export type FrameListener = (name: 'stdout' | 'stderr', data: Buffer) => void;

/**
 * Takes apart what Docker sends of two outputs in one stream: a byte that says which of them, three of nothing, four of
 * length, then so many of data.
 */
export function createFrameReader(onFrame: FrameListener): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= headerBytes) {
      const end = headerBytes + pending.readUInt32BE(4);
      if (pending.length < end) return;
      onFrame(pending[0] === 2 ? 'stderr' : 'stdout', pending.subarray(headerBytes, end));
      pending = pending.subarray(end);
    }
  };
}
