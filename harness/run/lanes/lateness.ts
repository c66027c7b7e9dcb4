import type { Clock } from '../../core/clock.js';
import type { RuntimeChange } from '../../ports/runtime.js';
import type { CriMethod } from '../../spec/plan.js';

/** How far an agent lags behind, as its calls to the runtime show. All times in milliseconds. */
export interface Lateness {
  noteChange(change: RuntimeChange): void;
  noteCall(method: CriMethod, request: object): void;
  /** The machine did not let it run for so long. */
  noteStarved(ms: number): void;
  /** The worst since this was last asked. */
  take(): number;
  forget(): void;
}

/**
 * Who takes so many periods between two looks at all containers learns of them in another way, by events or pod by pod,
 * and is not late for that.
 */
const regularPeriods = 10;

/** @param relistMs how often the agent looks at the runtime; what takes longer is late */
export function createLateness(clock: Clock, relistMs: number): Lateness {
  let lookedAtMs = 0;
  let isRegular = false;
  let worstMs = 0;
  /** By container, when it started or ended by itself, and was not asked for since. */
  const unseen = new Map<string, number>();

  const note = (sinceMs: number): void => {
    worstMs = Math.max(worstMs, clock.now() - sinceMs - relistMs);
  };
  const noteSilence = (): void => {
    if (clock.now() - lookedAtMs > regularPeriods * relistMs) isRegular = false;
    if (isRegular) note(lookedAtMs);
  };

  return {
    noteChange(change) {
      if (change.kind !== 'container') return;
      const isNews = change.state === 'running' || (change.state === 'exited' && change.cause === 'workload');
      if (isNews) unseen.set(change.id, clock.now());
      else unseen.delete(change.id);
    },
    noteCall(method, request) {
      if (method === 'ContainerStatus') {
        // One that looks often enough, and takes its time over what it saw, is late too. Not all agents ask at all.
        const { containerId = '' } = request as { containerId?: string };
        const changedAtMs = unseen.get(containerId);
        if (changedAtMs !== undefined) note(changedAtMs);
        unseen.delete(containerId);
      }
      if (method !== 'ListContainers' || isNarrow(request)) return;
      noteSilence();
      isRegular = clock.now() - lookedAtMs <= regularPeriods * relistMs;
      lookedAtMs = clock.now();
    },
    noteStarved(ms) {
      worstMs = Math.max(worstMs, ms);
    },
    take() {
      noteSilence();
      const takenMs = worstMs;
      worstMs = 0;
      return takenMs;
    },
    forget() {
      worstMs = 0;
      lookedAtMs = clock.now();
    },
  };
}

/** It asks for some of the containers only. Absent and empty mean the same in a filter. */
function isNarrow(request: object): boolean {
  const { filter } = request as { filter?: object | null };
  const narrows = (value: unknown): boolean =>
    typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
  return Object.values(filter ?? {}).some(narrows);
}
