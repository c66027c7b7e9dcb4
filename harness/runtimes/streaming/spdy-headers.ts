import { constants, createDeflate, createInflate } from 'node:zlib';
import { spdyDictionary } from './spdy-dictionary.js';

/** Packed, of one frame; and of the same once unpacked. */
const blockBytesMax = 256 * 1024;
const headersMax = 100;

/** Headers as they travel: all of one direction are one compressed stream, so blocks go in their order. */
export interface HeaderCodec {
  pack(headers: ReadonlyMap<string, string>): Promise<Buffer>;
  /** Rejects when it is not a block of headers. */
  unpack(block: Buffer): Promise<ReadonlyMap<string, string>>;
  close(): void;
}

export function createHeaderCodec(): HeaderCodec {
  const options = { dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH };
  const deflate = createDeflate(options);
  const inflate = createInflate(options);
  return {
    pack: (headers) => transform(deflate, encode(headers)),
    unpack: async (block) => decode(await transform(inflate, block)),
    close() {
      deflate.destroy();
      inflate.destroy();
    },
  };
}

function transform(
  through: ReturnType<typeof createDeflate> | ReturnType<typeof createInflate>,
  block: Buffer,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (error?: Error | null): void => {
      through.off('data', collect).off('error', finish);
      if (error) reject(error);
      else resolve(Buffer.concat(chunks));
    };
    const collect = (chunk: Buffer): void => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > blockBytesMax) through.destroy(new Error(`headers of more than ${blockBytesMax} bytes`));
    };
    through.on('data', collect).on('error', finish);
    if (through.destroyed) finish(new Error('the connection is closed'));
    else through.write(block, (error) => finish(error));
  });
}

function encode(headers: ReadonlyMap<string, string>): Buffer {
  const parts = [number(headers.size)];
  for (const [name, value] of headers) {
    for (const text of [Buffer.from(name), Buffer.from(value)]) parts.push(number(text.length), text);
  }
  return Buffer.concat(parts);
}

function decode(block: Buffer): ReadonlyMap<string, string> {
  let at = 0;
  const takeNumber = (): number => {
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const takeText = (): string => {
    const length = takeNumber();
    if (at + length > block.length) throw new Error('a header that ends behind its block');
    at += length;
    return block.toString('utf8', at - length, at);
  };
  const headers = new Map<string, string>();
  const count = takeNumber();
  if (count > headersMax) throw new Error(`${count} headers, more than ${headersMax}`);
  for (let index = 0; index < count; index++) {
    const name = takeText().toLowerCase();
    headers.set(name, takeText());
  }
  return headers;
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
