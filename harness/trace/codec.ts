import { createHash } from 'node:crypto';
import { ExitCode, HarnessError } from '../core/errors.js';
import { traceVersion, type TraceEvent } from './events.js';

/** A trace as text: one event a line, each line ended by a newline. */
export function encodeTrace(events: readonly TraceEvent[]): string {
  return events.map((event) => `${encodeEvent(event)}\n`).join('');
}

/** An event as a line begins with when it happened and who did what. */
function encodeEvent({ t, seq, actor, kind, ...rest }: TraceEvent): string {
  return JSON.stringify({ t, seq, actor, kind, ...rest });
}

/** SHA-256 of the encoded trace, in hexadecimal, without building the whole text. */
export function hashTrace(events: readonly TraceEvent[]): string {
  const hash = createHash('sha256');
  for (const event of events) hash.update(`${encodeEvent(event)}\n`);
  return hash.digest('hex');
}

const digestLength = 4;

/**
 * Four hexadecimal digits for each event, in one string. It is small enough to be saved with a case, and says
 * where a later trace departs from the saved one.
 */
export function digestTrace(events: readonly TraceEvent[]): string {
  return events.map(digestEvent).join('');
}

/** The index of the first event that does not fit the digests, or undefined when all do. */
export function firstDigestDivergence(digests: string, events: readonly TraceEvent[]): number | undefined {
  const count = Math.floor(digests.length / digestLength);
  for (let index = 0; index < Math.min(count, events.length); index++) {
    if (digests.slice(index * digestLength, (index + 1) * digestLength) !== digestEvent(events[index]!))
      return index;
  }
  return count === events.length ? undefined : Math.min(count, events.length);
}

function digestEvent(event: TraceEvent): string {
  return createHash('sha256').update(encodeEvent(event)).digest('hex').slice(0, digestLength);
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
