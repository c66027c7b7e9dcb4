import { describe, expect, it } from 'vitest';
import type { Pod } from '../spec/pod.js';
import type { HeldFile } from '../trace/events.js';
import { exercised, failed } from './testing/failed.js';
import { asStatic, createTrace, makePod, type TraceBuilder } from './testing/trace-builder.js';

const web = makePod('web');
const webPod = asStatic(web, 'uid-1');
const db = makePod('db');
const dbPod = asStatic(db, 'uid-2');

describe('file', () => {
  it('FILE-01: a manifest is never read', () => {
    const trace = createTrace(['file']).agent().list('file', []).at(5_000).held('file', [web]);
    expect(failed(trace.rest())).toEqual(['FILE-01']);
  });

  it('FILE-01: a dot-file is started', () => {
    const hidden: HeldFile = { name: '.web.yaml', type: 'file', readable: true, pod: web, text: '…' };
    const trace = createTrace(['file']).agent().held('file', [], [hidden]).list('file', [], { held: false });
    expect(failed(trace.at(500).start(webPod))).toEqual(['FILE-01']);
  });

  it('FILE-02: a deletion is never noticed', () => {
    const trace = createTrace(['file']).agent().list('file', [web]).at(500).start(webPod);
    expect(failed(trace.at(5_000).held('file', []).rest())).toEqual(['FILE-02']);
  });

  it('FILE-02: deleting one manifest stops the pod of another', () => {
    const trace = createTrace(['file']).agent().list('file', [web, db]).at(500).start(webPod).start(dbPod);
    expect(failed(trace.at(30_000).list('file', [web]).at(30_500).stop(webPod))).toEqual(['FILE-02']);
  });

  it('FILE-03: a replaced manifest is never read again', () => {
    const trace = createTrace(['file']).agent().list('file', [web]).at(500).start(webPod);
    trace.at(5_000).held('file', [makePod('web', { image: 'image:2' })]);
    expect(failed(trace.rest())).toEqual(['FILE-03']);
    expect(exercised(trace, 'FILE-03')).toBe(1);
  });

  it.each([
    ['a UID of the agent', web, webPod],
    ['a UID of its own', makePod('web', { uid: 'u1' }), asStatic(makePod('web', { uid: 'u1' }), 'u1')],
  ])(
    'FILE-04: on a real clock a pod with %s may come from a name that its file had before',
    (_uid, web, webPod) => {
      const file = (name: string) => [{ name, type: 'file' as const, readable: true, pod: web, text: '' }];
      const stopped = (afterMs: number, isRuntimeDown = false): string[] => {
        const trace = createTrace(['file', 'http'], { world: 'live' }).agent().list('http', []);
        trace.looking(9_000).held('file', [web], file('web.yaml.tmp'));
        trace.at(9_030).held('file', [web], file('web.yaml'));
        const runtime = { kind: 'step', actor: 'harness', id: 's', do: 'runtime', applied: true } as const;
        if (isRuntimeDown) trace.looking(14_000).add(runtime);
        trace.looking(9_030 + afterMs).start(webPod);
        return failed(trace.at(30_000).list('http', [db]).at(30_500).stop(webPod));
      };
      expect(stopped(5)).toEqual([]);
      expect(stopped(9_000)).toEqual(['MUX-01']);
      // A runtime that is not ready keeps the agent from starting what it has read.
      expect(stopped(9_000, true)).toEqual([]);
    },
  );

  it('FILE-04: on a real clock what ran when its file got another name may be restarted for that, however late', () => {
    const known = makePod('web', { uid: 'u1' });
    const knownPod = asStatic(known, 'u1');
    const file = (name: string) => [{ name, type: 'file' as const, readable: true, pod: known, text: '' }];
    const stopped = (nameAfterwards: string): string[] => {
      const trace = createTrace(['file', 'http'], { world: 'live' }).agent().list('http', []);
      trace.looking(9_000).held('file', [known], file('web.yaml.tmp')).at(9_010).start(knownPod);
      trace.at(9_030).held('file', [known], file(nameAfterwards));
      return failed(trace.looking(30_000).stop(knownPod));
    };
    expect(stopped('web.yaml')).toEqual([]);
    expect(stopped('web.yaml.tmp')).toEqual(['MUX-05']);
  });

  it('FILE-04: … and what had ended for good then need not run again, unless the pod was removed in between', () => {
    const base = makePod('web', { uid: 'u1', restartPolicy: 'OnFailure' });
    const [main] = base.spec.containers;
    const known: Pod = { ...base, spec: { ...base.spec, containers: [main!, { ...main!, name: 'side' }] } };
    const knownPod = asStatic(known, 'u1');
    const sidePod = {
      ...knownPod,
      pod: { ...known, spec: { ...known.spec, containers: [{ ...main!, name: 'side' }] } },
    };
    const restarted = (isRemoved: boolean): string[] => {
      const trace = createTrace(['file'], { world: 'live' }).agent();
      trace.held('file', [known]).at(500).start(knownPod).at(2_000);
      trace.container('c-u1-main', knownPod, 'exited', { cause: 'workload', exitCode: 0, sandboxId: 's-u1' });
      trace.looking(9_000);
      if (isRemoved) trace.held('file', []).at(9_010);
      trace.held('file', [known], [{ name: 'b.yaml', type: 'file', readable: true, pod: known, text: '' }]);
      trace.looking(12_000).stop(knownPod);
      return failed(trace.at(15_000).start(sidePod, { suffix: 'b' }).rest());
    };
    expect(restarted(false)).toEqual([]);
    expect(restarted(true)).toEqual(['WORK-04']);
  });

  it('FILE-05: a bad file takes a good one down', () => {
    const trace = createTrace(['file']).agent().list('file', [web, db]).at(500).start(webPod).start(dbPod);
    trace.at(30_000).list('file', [web], { held: false, bad: ['db.yaml'] });
    expect(failed(trace.at(30_500).stop(webPod))).toEqual(['FILE-05']);
  });

  it('FILE-05: the pod of the bad file itself may stop or run on', () => {
    for (const stops of [true, false]) {
      const trace = createTrace(['file']).agent().list('file', [web, db]).at(500).start(webPod).start(dbPod);
      trace
        .at(30_000)
        .list('file', [web], { held: false, bad: ['db.yaml'] })
        .at(30_500);
      if (stops) trace.stop(dbPod);
      expect(failed(trace)).toEqual([]);
    }
  });

  it('FILE-05, FILE-08: on a real clock, where nobody sees an agent read, what is held exercises them', () => {
    const files: HeldFile[] = [
      { name: 'web.yaml', type: 'file', readable: true, pod: web, text: '…' },
      { name: 'garbage.yaml', type: 'file', readable: true, text: '…' },
    ];
    const begun = (): TraceBuilder =>
      createTrace(['file'], { world: 'live' }).agent().held('file', [web], files).at(500);
    const counts = (trace: TraceBuilder): number[] =>
      ['FILE-05', 'FILE-08'].map((requirement) => exercised(trace, requirement));
    expect(counts(begun())).toEqual([0, 0]);
    expect(counts(begun().start(webPod).rest())).toEqual([1, 0]);
    const removed = begun().start(webPod).at(20_000).held('file', []).at(20_500).stop(webPod);
    expect(counts(removed.rest())).toEqual([1, 1]);
  });

  it('FILE-08: a removed pod comes back because another file changed', () => {
    const trace = createTrace(['file']).agent().list('file', [web]).at(500).start(webPod);
    trace.at(20_000).list('file', []).at(20_500).stop(webPod).at(22_000).remove(webPod);
    trace.at(40_000).list('file', [db]).at(40_500).start(dbPod).start(webPod, { suffix: 'b' });
    expect(failed(trace)).toEqual(['FILE-08']);
  });

  it('FILE-08: a manifest that became garbage brings a stopped pod back, unless another one says it', () => {
    const other: HeldFile = { name: 'other.yaml', type: 'file', readable: true, pod: web, text: '…' };
    const stopped = (): TraceBuilder =>
      createTrace(['file'])
        .agent()
        .held('file', [web], [other])
        .list('file', [web])
        .at(500)
        .start(webPod)
        .at(20_000)
        .list('file', [])
        .at(20_500)
        .stop(webPod)
        .at(22_000)
        .remove(webPod)
        .list('file', [web]);
    const bad = ['other.yaml', 'web.yaml'];
    const garbage = stopped().at(24_000).list('file', [], { held: false, bad });
    expect(failed(garbage.at(24_500).start(webPod, { suffix: 'b' }))).toEqual(['FILE-08']);
    const beside = stopped()
      .at(24_000)
      .list('file', [web], { held: false, bad: ['other.yaml'] });
    expect(failed(beside.at(24_500).start(webPod, { suffix: 'b' }))).toEqual([]);
  });

  it('FILE-08: a manifest that was valid a moment ago may bring its pod back', () => {
    const startedAfter = (ms: number): string[] => {
      const trace = createTrace(['file']).agent().list('file', [web]).at(500).start(webPod);
      trace.at(20_000).list('file', []).at(20_500).stop(webPod).at(22_000).remove(webPod);
      trace
        .at(24_000)
        .list('file', [web])
        .at(24_010)
        .list('file', [], { held: false, bad: ['web.yaml'] });
      return failed(trace.at(24_000 + ms).start(webPod, { suffix: 'b' }));
    };
    expect(startedAfter(300)).toEqual([]);
    expect(startedAfter(1_100)).toEqual(['FILE-08']);
  });
});
