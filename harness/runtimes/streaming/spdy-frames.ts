/** One unit of SPDY/3.1, the framing that clients of exec, attach and port-forward speak. */
export type SpdyFrame =
  | { readonly kind: 'data'; readonly streamId: number; readonly isLast: boolean; readonly data: Buffer }
  | { readonly kind: 'control'; readonly type: number; readonly flags: number; readonly body: Buffer };

export const frameTypes = { synStream: 1, synReply: 2, reset: 3, ping: 6, goAway: 7, headers: 8 } as const;
export const lastFlag = 1;

const version = 3;
const headBytes = 8;
/** Without the bit beside them. */
const streamIdMask = 0x7fff_ffff;

/** Takes a stream of bytes apart. Throws when a frame is longer than `frameBytesMax`, or of another version. */
export function createFrameReader(
  frameBytesMax: number,
  onFrame: (frame: SpdyFrame) => void,
): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= headBytes) {
      const [first, second] = [pending.readUInt32BE(0), pending.readUInt32BE(4)];
      const [flags, length] = [second >>> 24, second & 0xff_ffff];
      if (length > frameBytesMax) throw new Error(`a frame of ${length} bytes, more than ${frameBytesMax}`);
      if (pending.length < headBytes + length) return;
      const body = pending.subarray(headBytes, headBytes + length);
      pending = pending.subarray(headBytes + length);
      const isControl = first >>> 31 === 1;
      if (isControl && ((first >>> 16) & 0x7fff) !== version) throw new Error('not SPDY/3.1');
      onFrame(
        isControl
          ? { kind: 'control', type: first & 0xffff, flags, body }
          : { kind: 'data', streamId: first & streamIdMask, isLast: (flags & lastFlag) !== 0, data: body },
      );
    }
  };
}

export function dataFrame(streamId: number, data: Buffer, isLast: boolean): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(streamId, 0);
  head.writeUInt32BE(((isLast ? lastFlag : 0) << 24) | data.length, 4);
  return data.length === 0 ? head : Buffer.concat([head, data]);
}

export function controlFrame(type: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt16BE(0x8000 | version, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE(((flags << 24) | body.length) >>> 0, 4);
  return Buffer.concat([head, body]);
}

/** The beginning of most control frames: numbers of 32 bits. */
export function words(...values: number[]): Buffer {
  const body = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => body.writeUInt32BE(value, 4 * index));
  return body;
}

export function streamIdIn(body: Buffer): number {
  if (body.length < 4) throw new Error('a frame without a stream');
  return body.readUInt32BE(0) & streamIdMask;
}
