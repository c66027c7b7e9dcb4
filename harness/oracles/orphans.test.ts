import { describe, expect, it } from 'vitest';
import { fastTimings } from '../spec/timings.js';
import { exercised, failed } from './testing/failed.js';
import { removed, webPod } from './testing/removed-pod.js';
import type { TraceBuilder } from './testing/trace-builder.js';

describe('what is left of a pod that has ended', () => {
  it('GC-01: a stopped pod is never removed from the runtime', () => {
    const trace = removed().stop(webPod, { timeoutS: 20 });
    expect(failed(trace.rest())).toEqual(['GC-01']);
  });

  it('GC-01 holds where a pod was removed from the runtime, not where a run ended before it had to be', () => {
    const stopped = (): TraceBuilder => removed().stop(webPod, { timeoutS: 20 });
    expect(exercised(stopped(), 'GC-01')).toBe(0);
    expect(exercised(stopped().remove(webPod), 'GC-01')).toBe(1);
    expect(exercised(stopped().rest(), 'GC-01')).toBe(1);
  });

  it('GC-01: so it is when the world was at rest for two periods, though the bound is not over', () => {
    const end = (phase: 'settled' | 'unsettled', afterMs: number, refusedMs?: number): TraceBuilder => {
      const trace = removed().stop(webPod, { timeoutS: 20 });
      const stoppedMs = trace.events.at(-1)!.t;
      const target = { pod: webPod, container: 'main', containerId: 'c-u1-main' };
      if (refusedMs !== undefined)
        trace.at(stoppedMs + refusedMs).call('RemoveContainer', { ...target, code: 'INTERNAL' });
      trace
        .phase('heal')
        .phase('settle')
        .at(stoppedMs + (refusedMs ?? 0) + 1_000)
        .phase(phase)
        .phase('quiet');
      return trace.at(stoppedMs + afterMs).add({ kind: 'run.ended', actor: 'harness', outcome: 'complete' });
    };
    const periodsMs = 2 * fastTimings.garbageCollectionMs;
    expect(failed(end('settled', periodsMs))).toEqual(['GC-01']);
    expect(failed(end('settled', periodsMs - 1))).toEqual([]);
    // What the runtime refused is tried again with the next collection.
    expect(failed(end('settled', periodsMs, 1_000))).toEqual([]);
    expect(failed(end('settled', periodsMs + 2_000, 1_000))).toEqual(['GC-01']);
    expect(failed(end('unsettled', periodsMs))).not.toContain('GC-01');
  });

  it('GC-01: the time that the runtime takes for a removal is not the agent’s', () => {
    const { garbageCollectionMs } = fastTimings;
    const removedAfter = (heldMs: number): TraceBuilder => {
      const trace = removed().stop(webPod, { timeoutS: 20 });
      const target = { pod: webPod, container: 'main', containerId: 'c-u1-main' };
      trace.at(trace.events.at(-1)!.t + garbageCollectionMs);
      const end = trace.events.at(-1)!.t + heldMs;
      if (heldMs > 0)
        trace.call('RemoveContainer', { ...target, code: 'DEADLINE_EXCEEDED' }, () => trace.looking(end));
      else trace.looking(trace.events.at(-1)!.t + 4 * garbageCollectionMs);
      return trace.remove(webPod);
    };
    expect(failed(removedAfter(4 * garbageCollectionMs))).toEqual([]);
    expect(failed(removedAfter(0))).toEqual(['GC-01']);
  });
});
