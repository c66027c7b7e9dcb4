import { describe, expect, it } from 'vitest';
import { judgeTrace } from './judge.js';
import { failed } from './testing/failed.js';
import { asGiven, asStatic, createTrace, makePod, type TraceBuilder } from './testing/trace-builder.js';

const given = makePod('web', { uid: 'u1' });
const givenPod = asGiven(given);
const first = makePod('web');
const second = makePod('web', { image: 'image:2' });
const third = makePod('web', { image: 'image:3' });

describe('workers', () => {
  it('WORK-01: two containers of one name run together', () => {
    const trace = createTrace(['feed']).agent().list('feed', [given]).at(500).start(givenPod);
    trace.at(9_000).call('StartContainer', { pod: givenPod, containerId: 'c-u1-twin' }, () => {
      trace.container('c-u1-twin', givenPod, 'created');
      trace.container('c-u1-twin', givenPod, 'running');
    });
    expect(failed(trace)).toEqual(['WORK-01']);
  });

  it('WORK-01: … and when their image changes, what comes of there being two is no other fault', () => {
    const trace = createTrace(['feed']).agent().list('feed', [given]).at(500).start(givenPod);
    const sandboxId = 's-u1';
    const start = (id: string, image: string): void => {
      const request = { config: { metadata: { name: 'main' }, image: { image }, command: ['/workload'] } };
      trace.call('CreateContainer', { pod: givenPod, sandboxId, container: 'main', id, request }, () =>
        trace.container(id, givenPod, 'created', { sandboxId, image }),
      );
      trace.call('StartContainer', { pod: givenPod, containerId: id }, () =>
        trace.container(id, givenPod, 'running', { sandboxId, image }),
      );
    };
    trace.at(9_000).add({ kind: 'fault', actor: 'harness', fault: 0, effect: 'staleList', target: '' });
    start('c-u1-twin', 'image:1');
    trace
      .at(20_000)
      .list('feed', [makePod('web', { uid: 'u1', image: 'image:2' })])
      .at(20_500);
    trace.call('StopContainer', { pod: givenPod, containerId: 'c-u1-twin', request: { timeout: 2 } }, () =>
      trace.container('c-u1-twin', givenPod, 'exited', { sandboxId, exitCode: 143 }),
    );
    trace.at(60_000);
    start('c-u1-new', 'image:2');
    expect(failed(trace.rest())).toEqual(['WORK-01']);
  });

  it('WORK-01: lists that lied hid from a new life what an earlier one had run', () => {
    const lie = { kind: 'fault', actor: 'harness', fault: 0, effect: 'staleList', target: '' } as const;
    const twin = (trace: TraceBuilder): TraceBuilder =>
      trace.call('StartContainer', { pod: givenPod, containerId: 'c-u1-twin' }, () => {
        trace.container('c-u1-twin', givenPod, 'created', { sandboxId: 's-u1' });
        trace.container('c-u1-twin', givenPod, 'running', { sandboxId: 's-u1' });
      });
    const started = (): TraceBuilder =>
      createTrace(['feed']).agent().list('feed', [given]).at(500).start(givenPod).at(2_000);
    const again = (): TraceBuilder => started().gone().at(2_100).agent(2);
    expect(failed(twin(again().add(lie).list('feed', [given]).at(2_300)))).toEqual([]);
    expect(failed(twin(again().list('feed', [given]).at(2_300)))).toEqual(['WORK-01']);
    // Whoever started it knows of it, and time brings another list.
    expect(failed(twin(started().add(lie).at(2_300)))).toEqual(['WORK-01']);
    expect(failed(twin(again().add(lie).list('feed', [given]).at(60_000)))).toEqual(['WORK-01']);
  });

  it('WORK-01: a start that an earlier life asked for may take effect when a later one has asked for another', () => {
    type Moment = (trace: TraceBuilder) => unknown;
    const runs =
      (id: string): Moment =>
      (trace) =>
        trace.container(id, givenPod, 'running', { sandboxId: 's-u1' });
    /** The first start takes until `begins`, in the same life or in the next one, which starts a twin. */
    const slow = (isRestarted: boolean, asked: Moment, begins: Moment): TraceBuilder => {
      const trace = createTrace(['feed']).agent().list('feed', [given]).at(500);
      trace.call('RunPodSandbox', { pod: givenPod, id: 's-u1' }, () =>
        trace.sandbox('s-u1', givenPod, 'ready'),
      );
      for (const id of ['c-u1', 'c-u1-twin']) trace.container(id, givenPod, 'created', { sandboxId: 's-u1' });
      const again = (): void => {
        trace.at(2_000);
        if (isRestarted) trace.gone().at(2_100).agent(2).list('feed', [given]);
        asked(trace.at(4_000));
        trace.call('StartContainer', { pod: givenPod, containerId: 'c-u1-twin' }, () => begins(trace));
      };
      return trace.call('StartContainer', { pod: givenPod, containerId: 'c-u1' }, again);
    };
    const both: Moment = (trace) => [runs('c-u1')(trace.at(4_500)), runs('c-u1-twin')(trace)];
    const bothInTurn: Moment = (trace) => [runs('c-u1-twin')(trace.at(4_500)), runs('c-u1')(trace)];
    const nothing: Moment = () => {};
    expect(failed(slow(true, nothing, both))).toEqual([]);
    expect(failed(slow(true, nothing, bothInTurn))).toEqual([]);
    // The next look shows it; and what one life asks for, it knows.
    const longBefore: Moment = (trace) => runs('c-u1')(trace) && trace.at(60_000);
    expect(failed(slow(true, longBefore, runs('c-u1-twin')))).toEqual(['WORK-01']);
    expect(failed(slow(false, nothing, both))).toEqual(['WORK-01']);
    expect(failed(slow(false, nothing, bothInTurn))).toEqual(['WORK-01']);
  });

  it('MUX-04: a start that was asked for while nobody wanted the pod may be undone when it comes', () => {
    const begun = (removed: boolean): TraceBuilder => {
      const trace = createTrace(['feed'], { world: 'live' }).agent().list('feed', [given]);
      if (removed) trace.at(100).change('feed', 'deleted', given);
      const again = (): void => {
        if (removed) trace.at(1_000).change('feed', 'added', given);
        trace.at(60_000).sandbox('s-u1', givenPod, 'ready');
      };
      trace.at(103).call('RunPodSandbox', { pod: givenPod, id: 's-u1' }, again);
      trace
        .at(60_100)
        .call('StopPodSandbox', { pod: givenPod, sandboxId: 's-u1' }, () =>
          trace.sandbox('s-u1', givenPod, 'notReady'),
        );
      return trace;
    };
    expect(failed(begun(true))).toEqual([]);
    expect(failed(begun(false))).not.toEqual([]);
  });

  it('MUX-02: an agent that the machine kept from running is given its time again', () => {
    const late = (stalledMs?: number): TraceBuilder => {
      const trace = createTrace(['feed'], { world: 'live' }).agent().list('feed', [given]);
      for (let ms = 1_000; ms <= 30_000; ms += 1_000) {
        trace.at(ms).call('ListContainers', {});
        if (ms === stalledMs) trace.add({ kind: 'stalled', actor: 'harness', ms: 900 });
      }
      return trace;
    };
    const firstMs = (trace: TraceBuilder): number => judgeTrace(trace.events).findings[0]!.atMs;
    expect(firstMs(late(4_000))).toBeGreaterThanOrEqual(firstMs(late()) + 3_000);
  });

  it('MUX-02: so is one that looks at the runtime later than it would, but not one that looks no more', () => {
    const silent = (fromMs: number, toMs: number): TraceBuilder => {
      const trace = createTrace(['feed'], { world: 'live' }).agent().list('feed', [given]);
      for (let ms = 1_000; ms <= 90_000; ms += 1_000) {
        trace.at(ms);
        if (ms <= fromMs || ms >= toMs) trace.call('ListContainers', {});
        // Questions about single pods are no looks.
        else trace.call('ListContainers', { request: { filter: { labelSelector: { uid: 'u1' } } } });
      }
      return trace;
    };
    const firstMs = (trace: TraceBuilder): number => judgeTrace(trace.events).findings[0]!.atMs;
    const usualMs = firstMs(silent(90_000, 90_000));
    expect(firstMs(silent(2_000, 6_000))).toBeGreaterThanOrEqual(usualMs + 4_000);
    expect(firstMs(silent(2_000, 90_000))).toBeLessThan(40_000);
  });

  it('WORK-02: a new version starts while the old one runs', () => {
    const trace = createTrace(['file']).agent().list('file', [first]).at(500).start(asStatic(first, 'a'));
    trace.at(20_000).list('file', [second]).at(20_500).start(asStatic(second, 'b'));
    expect(failed(trace)).toEqual(['WORK-02']);
  });

  it('WORK-02: … and may once the old one has stopped', () => {
    const old = asStatic(first, 'a');
    const trace = createTrace(['file']).agent().list('file', [first]).at(500).start(old);
    trace.at(20_000).list('file', [second]).at(20_500).stop(old).start(asStatic(second, 'b'));
    expect(failed(trace.at(24_000).remove(old).rest())).toEqual([]);
  });

  it('WORK-03: the last of quick edits is never run', () => {
    const old = asStatic(first, 'a');
    const trace = createTrace(['file']).agent().list('file', [first]).at(500).start(old);
    trace.at(20_000).list('file', [second]).at(20_100).list('file', [third]).at(20_500).stop(old);
    trace.start(asStatic(second, 'b')).at(24_000).remove(old);
    expect(failed(trace.rest())).toEqual(['WORK-03']);
  });

  it('WORK-04: a pod that was removed and added again is never restarted', () => {
    const trace = createTrace(['feed']).agent().list('feed', [given]).at(500).start(givenPod);
    trace.at(20_000).list('feed', []).at(20_100).list('feed', [given]).at(20_500).stop(givenPod);
    expect(failed(trace.rest())).toEqual(['WORK-04']);
  });

  it('WORK-04: its first life simply goes on', () => {
    const trace = createTrace(['feed']).agent().list('feed', [given]).at(500).start(givenPod);
    trace.at(20_000).list('feed', []).at(20_100).list('feed', [given]);
    expect(failed(trace.rest())).toEqual(['WORK-04']);
  });

  it('WORK-04: it stops and starts again', () => {
    const trace = createTrace(['feed']).agent().list('feed', [given]).at(500).start(givenPod);
    trace.at(20_000).list('feed', []).at(20_100).list('feed', [given]).at(20_500).stop(givenPod);
    expect(failed(trace.at(23_000).start(givenPod, { suffix: 'x' }).rest())).toEqual([]);
  });

  it('WORK-06: a failed start is never tried again', () => {
    const trace = createTrace(['feed']).agent().list('feed', [given]).at(500);
    trace.call('RunPodSandbox', { pod: givenPod, code: 'UNKNOWN' });
    expect(failed(trace.rest())).toEqual(['WORK-06']);
  });
});
