import type { DockerEngine } from './docker-engine.js';
import { runLabels } from '../run-labels.js';

/** What the engine tells of one container as it happens. */
export interface EngineEvent {
  readonly action: 'start' | 'die' | 'oom' | 'destroy';
  readonly containerId: string;
  /** Nanoseconds since the epoch. */
  readonly atNs: number;
  /** Of `die`. */
  readonly exitCode: number;
}

interface RawEvent {
  readonly Action?: string;
  readonly timeNano?: number;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: { readonly exitCode?: string } };
}

const actions: readonly EngineEvent['action'][] = ['start', 'die', 'oom', 'destroy'];

/** Watches the containers of one run. `onEnd` is called once when the engine goes away, not after `close`. */
export async function watchEngine(
  engine: DockerEngine,
  options: {
    readonly runId: string;
    readonly onEvent: (event: EngineEvent) => void;
    readonly onEnd: (error?: Error) => void;
  },
): Promise<{ close(): void }> {
  const stream = (await engine.container.dockerode.getEvents({
    filters: { type: ['container'], event: [...actions], label: [`${runLabels.run}=${options.runId}`] },
  })) as NodeJS.ReadableStream & { destroy(): void };
  let closed = false;
  const end = (error?: Error): void => {
    if (closed) return;
    closed = true;
    options.onEnd(error);
  };
  let pending = '';
  stream.on('data', (chunk: Buffer) => {
    pending += chunk.toString();
    for (let at = pending.indexOf('\n'); at >= 0; at = pending.indexOf('\n')) {
      const event = toEvent(pending.slice(0, at));
      pending = pending.slice(at + 1);
      if (event !== undefined && !closed) options.onEvent(event);
    }
  });
  stream.on('error', end);
  stream.on('end', () => end());
  stream.on('close', () => end());
  return {
    close() {
      closed = true;
      stream.destroy();
    },
  };
}

function toEvent(line: string): EngineEvent | undefined {
  const raw = JSON.parse(line) as RawEvent;
  const action = actions.find((known) => known === raw.Action);
  const containerId = raw.Actor?.ID;
  if (action === undefined || containerId === undefined) return undefined;
  const exitCode = Number(raw.Actor?.Attributes?.exitCode ?? 0);
  return { action, containerId, atNs: raw.timeNano ?? Date.now() * 1e6, exitCode };
}
