import type { WriteStream } from 'node:fs';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DockerContainerHandle } from './docker-engine.js';

/** Bytes kept of one container's log: a container that writes without end must not fill the disk. */
const logBytesMax = 16 * 1024 * 1024;

const headerBytes = 8;

/** Copies what a container writes to a log file in the CRI's format. */
export interface ContainerLog {
  /** After the file was moved away: goes on in a new one of the same name. */
  reopen(): void;
  /** Resolves when all output of an ended container is in the file, or after `timeoutMs`. */
  drained(timeoutMs: number): Promise<void>;
  close(): void;
}

/** Begins to copy; output from before is included. The file exists when this returns. */
export function followContainerLog(handle: DockerContainerHandle, path: string): ContainerLog {
  mkdirSync(dirname(path), { recursive: true });
  let file = openFile(path);
  let closed = false;
  let writtenBytes = 0;
  let source: { destroy(): void } | undefined;
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const write = (line: string): void => {
    writtenBytes += line.length;
    if (!closed && writtenBytes <= logBytesMax) file.write(line);
  };
  void (async () => {
    try {
      const stream = (await handle.logs({
        follow: true,
        stdout: true,
        stderr: true,
        timestamps: true,
      })) as unknown as NodeJS.ReadableStream & { destroy(): void };
      source = stream;
      if (closed) stream.destroy();
      const decode = createFrameDecoder(write);
      for await (const chunk of stream) decode(chunk as Buffer);
    } catch {
      // The container was removed under the reader, or the engine is gone, which others notice and report.
    }
    finish();
  })();
  return {
    reopen() {
      file.end();
      file = openFile(path);
    },
    async drained(timeoutMs) {
      const timeout = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref());
      await Promise.race([finished, timeout]);
      await Promise.race([new Promise<void>((resolve) => file.write('', () => resolve())), timeout]);
    },
    close() {
      closed = true;
      source?.destroy();
      file.end();
    },
  };
}

function openFile(path: string): WriteStream {
  const file = createWriteStream(path, { flags: 'a', mode: 0o640 });
  // A log directory that an agent removes too early is no fault of the harness.
  file.on('error', () => {});
  return file;
}

/**
 * Docker sends a frame per line: eight bytes that say which stream and how long, then time, blank, text. A
 * frame that does not end its line is one piece of a long line, which the CRI marks with P.
 */
export function createFrameDecoder(write: (line: string) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= headerBytes) {
      const end = headerBytes + pending.readUInt32BE(4);
      if (pending.length < end) return;
      write(criLine(pending[0] === 2 ? 'stderr' : 'stdout', pending.subarray(headerBytes, end).toString()));
      pending = pending.subarray(end);
    }
  };
}

function criLine(stream: 'stdout' | 'stderr', text: string): string {
  const blank = text.indexOf(' ');
  const whole = text.endsWith('\n');
  const content = text.slice(blank + 1, whole ? -1 : undefined);
  return `${text.slice(0, blank)} ${stream} ${whole ? 'F' : 'P'} ${content}\n`;
}
