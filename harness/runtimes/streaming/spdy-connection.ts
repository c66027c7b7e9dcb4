import { Duplex } from 'node:stream';
import { createHeaderCodec } from './spdy-headers.js';
import {
  controlFrame,
  createFrameReader,
  dataFrame,
  frameTypes,
  lastFlag,
  streamIdIn,
  words,
  type SpdyFrame,
} from './spdy-frames.js';

/** A stream that the client has opened. It is read to its end like any other; `end` closes this side. */
export interface SpdyStream extends Duplex {
  readonly headers: ReadonlyMap<string, string>;
}

/** This side of a connection. */
export interface SpdyConnection {
  /** Ends the connection in an orderly way once what was written has gone out. */
  close(): void;
}

/** Clients write pieces of 32 KiB at most. */
const frameBytesMax = 1024 * 1024;
/** Frames sent are no longer, so that others get their turn. */
const sentBytesMax = 32 * 1024;
const streamsMax = 4_096;
/** A stream that nobody reads may hold so much; then nothing more is read of the whole connection. */
const unreadBytesMax = 1024 * 1024;

/**
 * The server's side of SPDY/3.1 on a socket. There are no windows: the clients that there are know none, and would
 * wait for ever for one that is full; a slow reader is felt through the socket instead.
 */
export function openSpdyConnection(socket: Duplex, onStream: (stream: SpdyStream) => void): SpdyConnection {
  const codec = createHeaderCodec();
  const streams = new Map<number, OpenStream>();
  let lastStreamId = 0;
  let isClosed = false;
  /** Headers are packed and unpacked one after the other, and what follows them must not overtake. */
  let turn: Promise<void> = Promise.resolve();
  let waiting = 0;

  function send(frame: Buffer, done?: () => void): void {
    if (socket.destroyed || socket.writableEnded) done?.();
    else socket.write(frame, () => done?.());
  }

  function fail(): void {
    socket.destroy();
  }

  async function open(flags: number, body: Buffer): Promise<void> {
    const streamId = streamIdIn(body);
    // Behind the stream, the one it belongs to, and a priority.
    const headers = await codec.unpack(body.subarray(10));
    if (streams.size >= streamsMax || streamId <= lastStreamId || streamId % 2 === 0) {
      return send(controlFrame(frameTypes.reset, 0, words(streamId, 3)));
    }
    lastStreamId = streamId;
    const forget = (id: number): void => void streams.delete(id);
    const opened = createStream(streamId, headers, { send, resume, forget });
    streams.set(streamId, opened);
    const reply = await codec.pack(new Map());
    send(controlFrame(frameTypes.synReply, 0, Buffer.concat([words(streamId), reply])));
    onStream(opened.stream);
    if ((flags & lastFlag) !== 0) opened.receiveEnd();
  }

  async function take(frame: SpdyFrame): Promise<void> {
    if (frame.kind === 'data') {
      const stream = streams.get(frame.streamId);
      if (stream === undefined) return;
      stream.receive(frame.data);
      if (frame.isLast) stream.receiveEnd();
      return;
    }
    switch (frame.type) {
      case frameTypes.synStream:
        return open(frame.flags, frame.body);
      case frameTypes.headers: {
        // Nobody sends any, but they would be part of the compressed stream.
        await codec.unpack(frame.body.subarray(4));
        return;
      }
      case frameTypes.reset:
        streams.get(streamIdIn(frame.body))?.abort();
        return;
      case frameTypes.ping:
        return send(controlFrame(frameTypes.ping, 0, frame.body.subarray(0, 4)));
      default:
    }
  }

  const isFull = (): boolean => {
    for (const { stream } of streams.values()) if (stream.readableLength > unreadBytesMax) return true;
    return false;
  };
  function resume(): void {
    if (socket.isPaused() && waiting === 0 && !isFull()) socket.resume();
  }

  const read = createFrameReader(frameBytesMax, (frame) => {
    waiting++;
    turn = turn
      .then(() => take(frame))
      .catch(fail)
      .then(() => {
        waiting--;
        resume();
      });
  });
  socket.on('data', (chunk: Buffer) => {
    try {
      read(chunk);
    } catch {
      fail();
    }
    if (waiting > 0 || isFull()) socket.pause();
  });
  socket.on('error', fail);
  socket.once('end', () => void turn.then(() => streams.forEach((stream) => stream.abort())));
  socket.once('close', () => {
    for (const stream of streams.values()) stream.abort();
    codec.close();
  });
  return {
    close() {
      if (isClosed) return;
      isClosed = true;
      send(controlFrame(frameTypes.goAway, 0, words(lastStreamId, 0)));
      socket.end();
    },
  };
}

/** A stream as the connection has it. */
interface OpenStream {
  readonly stream: SpdyStream;
  receive(data: Buffer): void;
  receiveEnd(): void;
  /** The other side does not want it any more. */
  abort(): void;
}

function createStream(
  streamId: number,
  headers: ReadonlyMap<string, string>,
  connection: {
    send(frame: Buffer, done?: () => void): void;
    resume(): void;
    forget(streamId: number): void;
  },
): OpenStream {
  let isWrittenToEnd = false;
  let isReadToEnd = false;
  const forgetWhenDone = (): void => {
    if (isReadToEnd && isWrittenToEnd) connection.forget(streamId);
  };
  const duplex = new Duplex({
    allowHalfOpen: true,
    read: () => connection.resume(),
    write(data: Buffer, _encoding, done) {
      if (isWrittenToEnd || data.length === 0) return done();
      for (let at = 0; at < data.length; at += sentBytesMax) {
        const isLast = at + sentBytesMax >= data.length;
        const frame = dataFrame(streamId, data.subarray(at, at + sentBytesMax), false);
        connection.send(frame, isLast ? done : undefined);
      }
    },
    final(done) {
      if (isWrittenToEnd) return done();
      isWrittenToEnd = true;
      connection.send(dataFrame(streamId, Buffer.alloc(0), true), done);
      forgetWhenDone();
    },
  });
  // Whoever writes to a client that went away is told by the connection.
  duplex.on('error', () => {});
  const receiveEnd = (): void => {
    if (isReadToEnd) return;
    isReadToEnd = true;
    duplex.push(null);
    forgetWhenDone();
  };
  return {
    stream: Object.assign(duplex, { headers }),
    receive(data) {
      if (!isReadToEnd && data.length > 0) duplex.push(data);
    },
    receiveEnd,
    abort() {
      receiveEnd();
      isWrittenToEnd = true;
      forgetWhenDone();
    },
  };
}
