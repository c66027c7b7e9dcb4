import type { WriteStream } from 'node:fs';
import { createWriteStream, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { DockerContainerHandle } from './docker-engine.js';
import { createFrameReader } from './frames.js';

/** Bytes kept of one container's log: a container that writes without end must not fill the disk. */
const logBytesMax = 16 * 1024 * 1024;

/** Copies what a container writes to a log file in the CRI's format. */
export interface ContainerLog {
  /** After the file was moved away: goes on in a new one of the same name. */
  reopen(): void;
  /** Resolves when all output of an ended container is in the file, or after `timeoutMs`. */
  drained(timeoutMs: number): Promise<void>;
  close(): void;
}

/** Begins to copy; output from before is included. The file exists when this returns. */
export function followContainerLog(
  handle: DockerContainerHandle,
  { path, tty }: { readonly path: string; readonly tty: boolean },
): ContainerLog {
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
      const decode = tty ? createLineDecoder(write) : createFrameDecoder(write);
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

/** The file is there when this returns. */
function openFile(path: string): WriteStream {
  const options = { flags: 'a', mode: 0o640 };
  let file: WriteStream;
  try {
    mkdirSync(dirname(path), { recursive: true });
    file = createWriteStream(path, { ...options, fd: openSync(path, options.flags, options.mode) });
  } catch {
    file = createWriteStream(path, options);
  }
  // A log directory that an agent removes too early is no fault of the harness.
  file.on('error', () => {});
  return file;
}

/**
 * Docker sends a frame per line, with time, blank and text in it. A frame that does not end its line is one piece of a
 * long line, which the CRI marks with P.
 */
export function createFrameDecoder(write: (line: string) => void): (chunk: Buffer) => void {
  return createFrameReader((name, data) => write(criLine(name, data.toString())));
}

/** With a terminal there are no frames, only lines; they end with a carriage return, which is part of them. */
function createLineDecoder(write: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  return (chunk) => {
    const lines = (pending + decoder.write(chunk)).split('\n');
    pending = lines.pop()!;
    for (const line of lines) write(criLine('stdout', `${line}\n`));
  };
}

function criLine(stream: 'stdout' | 'stderr', text: string): string {
  const blank = text.indexOf(' ');
  const whole = text.endsWith('\n');
  const content = text.slice(blank + 1, whole ? -1 : undefined);
  return `${text.slice(0, blank)} ${stream} ${whole ? 'F' : 'P'} ${content}\n`;
}
