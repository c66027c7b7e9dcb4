import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Lines of output that are kept for messages. */
const keptLinesMax = 20;
const lineLengthMax = 500;

/** The end of what a process writes, in bounded memory however much it writes and however long its lines are. */
export interface OutputTail {
  /** Reads this stream to its end. */
  read(stream: Readable): void;
  /** The last lines, oldest first; also one that has no end yet. */
  lines(): readonly string[];
}

export function createOutputTail(): OutputTail {
  const kept: string[] = [];
  const open = new Map<Readable, string>();
  const keep = (line: string): void => {
    kept.push(line);
    if (kept.length > keptLinesMax) kept.shift();
  };
  return {
    read(stream) {
      const decoder = new StringDecoder('utf8');
      stream.on('data', (chunk: Buffer) => {
        const [first = '', ...rest] = decoder.write(chunk).split('\n');
        let line = `${open.get(stream) ?? ''}${first}`.slice(0, lineLengthMax);
        for (const next of rest) {
          keep(line);
          line = next.slice(0, lineLengthMax);
        }
        open.set(stream, line);
      });
      stream.on('end', () => {
        const line = open.get(stream) ?? '';
        open.delete(stream);
        if (line !== '') keep(line);
      });
      stream.on('error', () => {});
    },
    lines: () => [...kept, ...[...open.values()].filter((line) => line !== '')].slice(-keptLinesMax),
  };
}
