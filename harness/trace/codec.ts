import { createHash } from 'node:crypto';
import { ExitCode, HarnessError } from '../core/errors.js';
import { traceVersion, type TraceEvent } from './events.js';

/** A trace as text: one event a line, each line ended by a newline. */
export function encodeTrace(events: readonly TraceEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

/** SHA-256 of the encoded trace, in hexadecimal, without building the whole text. */
export function hashTrace(events: readonly TraceEvent[]): string {
  const hash = createHash('sha256');
  for (const event of events) hash.update(`${JSON.stringify(event)}\n`);
  return hash.digest('hex');
}

/** The index of the first event in which two traces differ, or undefined when they are identical. */
export function firstDivergence(
  left: readonly TraceEvent[],
  right: readonly TraceEvent[],
): number | undefined {
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index++) {
    if (JSON.stringify(left[index]) !== JSON.stringify(right[index])) return index;
  }
  return left.length === right.length ? undefined : shorter;
}

/** Reads a trace back; refuses what is not one, naming the line. */
export function decodeTrace(text: string, file?: string): TraceEvent[] {
  const events: TraceEvent[] = [];
  const lines = text.split('\n');
  for (let number = 1; number <= lines.length; number++) {
    const line = lines[number - 1]!;
    if (line === '') continue;
    const event = parseLine(line, number, file);
    if (event.seq !== events.length)
      throw malformed(`line ${number}`, `seq ${events.length}`, `seq ${String(event.seq)}`, file);
    events.push(event);
  }
  const first = events[0];
  if (first?.kind !== 'run.started')
    throw malformed('line 1', 'an event of kind run.started', first?.kind ?? 'nothing', file);
  if (first.trace !== traceVersion)
    throw malformed('line 1', `trace version ${traceVersion}`, `version ${String(first.trace)}`, file);
  return events;
}

function parseLine(line: string, number: number, file: string | undefined): TraceEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw malformed(`line ${number}`, 'one JSON object', line.slice(0, 80), file);
  }
  const { t, seq, kind, actor } = (value ?? {}) as Record<string, unknown>;
  if (
    typeof t !== 'number' ||
    typeof seq !== 'number' ||
    typeof kind !== 'string' ||
    typeof actor !== 'string'
  ) {
    throw malformed(`line ${number}`, 'an event with t, seq, actor and kind', line.slice(0, 80), file);
  }
  return value as TraceEvent;
}

function malformed(path: string, expected: string, got: string, file: string | undefined): HarnessError {
  return new HarnessError({
    code: 'trace-malformed',
    message: 'This is not a trace that the suite can read.',
    exitCode: ExitCode.usage,
    file,
    path,
    expected,
    got,
    hint: 'A trace is newline-delimited JSON as `conformance` writes it, one event a line, seq counting from 0.',
  });
}
