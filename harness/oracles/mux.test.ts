import { describe, expect, it } from 'vitest';
import { checkedRequirements, judgeTrace } from './judge.js';
import { exercised, failed } from './testing/failed.js';
import { asGiven, asStatic, createTrace, makePod } from './testing/trace-builder.js';
import type { TraceBuilder } from './testing/trace-builder.js';

const web = makePod('web');
const webPod = asStatic(web, 'uid-1');
const db = makePod('db');
const dbPod = asStatic(db, 'uid-2');

describe('what a container is made from', () => {
  const [plain, wrong] = [makePod('web', { args: ['--a'] }), makePod('web', { args: [] })];
  const seenOf = (trace: { readonly events: Parameters<typeof judgeTrace>[0] }): string[] =>
    judgeTrace(trace.events).findings.map(({ requirement, seen }) => `${requirement}: ${seen}`);
  const expected =
    /^MUX-02: Container main was created with another command or other arguments than `\/workload --a`/;

  it('MUX-02: a static pod made of what no manifest says is still the pod that it was taken for', () => {
    const trace = createTrace(['file']).agent().list('file', [plain]).at(500);
    expect(seenOf(trace.start(asStatic(plain, 'u1'), { spec: wrong }).rest())).toEqual([
      expect.stringMatching(expected),
    ]);
  });

  /** The runtime said that `image:1` has the identifier `id-1`; then the pod is started from this one. */
  const startedFrom = (image: string): TraceBuilder => {
    const given = makePod('web', { uid: 'u2', image: 'image:1' });
    const trace = createTrace(['feed']).agent().list('feed', [given]).at(500);
    const asked = (name: string): object => ({ request: { image: { image: name } } });
    trace.call('PullImage', { ...asked('image:1'), response: { imageRef: 'id-1' } });
    const tagged = { image: { id: 'id-2', repoTags: ['image:2'] } };
    trace.call('ImageStatus', { ...asked('image:2'), response: tagged });
    return trace.start(asGiven(given), { spec: makePod('web', { uid: 'u2', image }) }).rest();
  };

  it('MUX-02: an agent may name an image by the identifier that the runtime gave it', () => {
    expect(seenOf(startedFrom('id-1'))).toEqual([]);
  });

  it('MUX-02: … and the identifier of another image is caught, under the name of that', () => {
    expect(seenOf(startedFrom('id-2'))).toEqual(['MUX-02: Container main runs image image:2, not image:1.']);
  });

  it('MUX-02: what the runtime refused is part of what was seen', () => {
    const given = makePod('web', { uid: 'u2' });
    const pod = asGiven(given);
    const trace = createTrace(['feed']).agent().list('feed', [given]).at(500);
    trace.call('RunPodSandbox', { pod, id: 's' }, () => trace.sandbox('s', pod, 'ready'));
    trace.call('CreateContainer', { pod, sandboxId: 's', container: 'main', code: 'NOT_FOUND' });
    expect(seenOf(trace.rest())).toContainEqual(
      expect.stringContaining('Container main is not running; the last CreateContainer answered NOT_FOUND'),
    );
  });

  it('MUX-02: arguments count where a pod has a UID, too', () => {
    const given = makePod('web', { uid: 'u2', args: ['--a'] });
    const trace = createTrace(['feed']).agent().list('feed', [given]).at(500);
    expect(seenOf(trace.start(asGiven(given), { spec: wrong }).rest())).toEqual([
      expect.stringMatching(expected),
    ]);
  });
});

describe('mux', () => {
  it('MUX-01: a change in one source stops a pod of another', () => {
    const trace = createTrace(['file', 'http']).agent().list('file', [web]).list('http', [db]);
    trace.at(500).start(webPod).start(dbPod).at(9_000).list('http', []).at(9_500).stop(dbPod);
    expect(failed(trace.at(12_000).remove(dbPod).rest())).toEqual([]);
    expect(exercised(trace, 'MUX-01')).toBeGreaterThan(0);
  });

  it('MUX-01: … and is caught', () => {
    const trace = createTrace(['file', 'http']).agent().list('file', [web]).list('http', [db]);
    trace.at(500).start(webPod).start(dbPod).at(9_000).list('http', []).at(9_500).stop(webPod);
    expect(failed(trace)).toEqual(['MUX-01']);
  });

  it('MUX-02: a listed pod never starts', () => {
    const trace = createTrace(['file']).agent().list('file', [web]).rest();
    expect(failed(trace)).toEqual(['MUX-02']);
  });

  it('MUX-01: a list that was answered late may have held up the start of an earlier version', () => {
    const endedAfter = (lateMs: number): string[] => {
      const trace = createTrace(['file', 'api']).agent().list('api', []).list('file', [web]).at(2_000);
      trace.call('ListContainers', {}, () => {
        trace
          .at(2_100)
          .list('file', [makePod('web', { image: 'image:2' })])
          .at(2_100 + lateMs);
      });
      trace.call('RunPodSandbox', { pod: webPod, id: 's-1' }, () => trace.sandbox('s-1', webPod, 'ready'));
      trace.list('api', [makePod('other', { uid: 'u9' })]);
      return failed(trace.call('StopPodSandbox', { pod: webPod, sandboxId: 's-1' }));
    };
    expect(endedAfter(2_600)).toEqual([]);
    expect(endedAfter(0)).toEqual([]);
  });

  it('MUX-08: two static sources say the same name, and both pods run', () => {
    const other = makePod('web', { image: 'image:2' });
    const both = (): TraceBuilder =>
      createTrace(['file', 'http']).agent().list('file', [web]).list('http', [other]).at(500).start(webPod);
    const verdictOf = (trace: TraceBuilder): string =>
      judgeTrace(trace.events).verdicts.find(({ requirement }) => requirement === 'MUX-08')!.verdict;
    expect(verdictOf(both().rest())).toBe('pass');
    expect(checkedRequirements.has('MUX-08')).toBe(true);
    expect(verdictOf(both().start(asStatic(other, 'uid-3')).rest())).toBe('fail');
  });

  it('MUX-11: a listed pod never starts while another source has not delivered', () => {
    const trace = createTrace(['file', 'http']).agent().list('file', [web]).looking(30_000);
    expect(failed(trace)).toEqual(['MUX-11']);
    expect(failed(createTrace(['file']).agent().list('file', [web]).looking(30_000))).toEqual(['MUX-02']);
    // In another file it is another pod, which waits for the end of the first, and that for the other source.
    const inFile = (name: string, trace: TraceBuilder): TraceBuilder =>
      trace.held('file', [web], [{ name, type: 'file', readable: true, text: '', pod: web }]);
    const moved = inFile('a.tmp', createTrace(['file', 'http']).agent()).list('file', [web], { held: false });
    inFile('a.yaml', moved.at(20)).list('file', [web], { held: false });
    expect(failed(moved.looking(30_000))).toEqual([]);
  });

  it('MUX-03: a removed pod runs on', () => {
    const trace = createTrace(['file']).agent().list('file', [web]).at(500).start(webPod);
    expect(failed(trace.at(20_000).list('file', []).rest())).toEqual(['MUX-03']);
  });

  it('MUX-03: a second life may begin before its end was noticed, but not later', () => {
    const given = makePod('web', { uid: 'u1' });
    const startedAfter = (ms: number): string[] => {
      const trace = createTrace(['feed']).agent().list('feed', [given]).at(500).start(asGiven(given));
      trace.at(9_000).change('feed', 'deleted', given).at(9_050).change('feed', 'added', given);
      trace.at(9_100).change('feed', 'deleted', given).at(9_300).stop(asGiven(given));
      return failed(trace.at(9_100 + ms).start(asGiven(given), { suffix: 'b' }));
    };
    expect(startedAfter(260)).toEqual([]);
    expect(startedAfter(1_100)).toEqual(['MUX-03']);
  });

  it('MUX-04: a pod with a deletion timestamp runs on', () => {
    const given = makePod('web', { uid: 'u1' });
    const metadata = { ...given.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    const trace = createTrace(['feed']).agent().list('feed', [given]).at(500).start(asGiven(given));
    trace.at(20_000).list('feed', [{ ...given, metadata }]);
    expect(failed(trace.rest())).toEqual(['MUX-04']);
  });

  it('MUX-04: an update of a label stops the pod', () => {
    const given = makePod('web', { uid: 'u1' });
    const trace = createTrace(['feed']).agent().list('feed', [given]).at(500).start(asGiven(given));
    trace.at(20_000).list('feed', [makePod('web', { uid: 'u1', labels: { a: 'b' } })]);
    expect(failed(trace.at(20_500).stop(asGiven(given)))).toEqual(['MUX-04']);
  });

  it('MUX-04: what came to be while nobody wanted it may be stopped although it is wanted again', () => {
    const given = makePod('web', { uid: 'u1' });
    const pod = asGiven(given);
    const trace = createTrace(['feed']).agent().list('feed', [given]).at(500);
    const call = { actor: 'agent', call: 99, method: 'RunPodSandbox' } as const;
    const target = { podUid: 'u1', podNamespace: 'default', podName: 'web', request: {} };
    trace
      .add({ kind: 'runtime.request', incarnation: 1, ...call, ...target })
      .at(600)
      .gone();
    trace.at(700).agent(2).list('feed', []).at(900).sandbox('s-u1', pod, 'ready');
    expect(failed(trace.at(2_000).list('feed', [given]).at(2_100).stop(pod))).toEqual([]);
  });

  it('MUX-04: a container may be replaced when its definition changed back too soon for the agent', () => {
    const [first, second] = [1, 2].map((image) => makePod('web', { uid: 'u1', image: `image:${image}` }));
    const pod = asGiven(first!);
    const replaced = { pod, container: 'main', containerId: 'c-u1-main', request: { timeout: 2 } };
    const replacedAt = (startedMs: number, lists = [first!, second!, first!]): string[] => {
      const trace = createTrace(['feed']).agent().list('feed', [first!]).at(500);
      for (const listed of lists) trace.list('feed', [listed]);
      trace.at(startedMs).start(pod);
      return failed(trace.at(startedMs + 20).call('StopContainer', replaced));
    };
    expect(replacedAt(590)).toEqual([]);
    expect(replacedAt(1_600)).toEqual(['MUX-04']);
    // What the agent has not been shown since cannot be what it acts on.
    expect(replacedAt(590, [first!])).toEqual(['MUX-05']);
    // Made from the former definition, which is listed again before the container is stopped for the other one.
    const begun = createTrace(['feed']).agent().list('feed', [first!]).at(500).list('feed', [second!]);
    begun.at(5_000).start(pod).at(5_300).list('feed', [first!]).at(5_320).call('StopContainer', replaced);
    expect(failed(begun)).toEqual([]);
  });

  it('MUX-04: a pod may end for a removal that was taken back before its sandbox was asked for', () => {
    const given = makePod('web', { uid: 'u1' });
    const stopped = (startedMs: number): string[] => {
      const trace = createTrace(['feed']).agent().list('feed', []).at(500).change('feed', 'added', given);
      trace.change('feed', 'deleted', given).change('feed', 'added', given).at(startedMs);
      trace
        .start(asGiven(given))
        .at(startedMs + 50)
        .stop(asGiven(given));
      return failed(trace.start(asGiven(given), { suffix: 'b' }));
    };
    expect(stopped(502)).toEqual([]);
    expect(stopped(1_600)).toEqual(['MUX-04']);
  });

  it('MUX-04: a static pod may end for an edit that was taken back before its sandbox was asked for', () => {
    const edited = makePod('web', { image: 'image:2' });
    const stopped = (startedMs: number, lists = [web, edited, web]): string[] => {
      const trace = createTrace(['http']).agent().list('http', []).at(500);
      for (const listed of lists) trace.list('http', [listed]);
      trace
        .at(startedMs)
        .start(webPod)
        .at(startedMs + 50)
        .stop(webPod);
      return failed(trace.start(webPod, { suffix: 'b' }));
    };
    expect(stopped(1_100)).toEqual([]);
    expect(stopped(1_600)).toEqual(['MUX-04']);
    expect(stopped(1_100, [edited, web])).toEqual(['MUX-04']);
  });

  it('MUX-05: the same list again stops the pod', () => {
    const trace = createTrace(['http']).agent().list('http', [web]).at(500).start(webPod);
    expect(failed(trace.at(30_000).list('http', [web]).at(30_500).stop(webPod))).toEqual(['MUX-05']);
  });

  it('MUX-06: two entries of one name run together', () => {
    const twin = makePod('web', { image: 'image:2' });
    const trace = createTrace(['file']).agent().list('file', [web, twin]).at(500).start(webPod);
    expect(failed(trace.at(2_000).start(asStatic(twin, 'uid-2')))).toContain('MUX-06');
  });

  it('MUX-06: what an earlier life asked for may come while the other runs', () => {
    const twin = makePod('web', { image: 'image:2' });
    const trace = createTrace(['file']).agent().list('file', [web]).at(500);
    const target = { podUid: 'uid-1', podNamespace: 'default', podName: webPod.name, request: {} };
    const call = { actor: 'agent', call: 99, method: 'RunPodSandbox', incarnation: 1 } as const;
    trace
      .add({ kind: 'runtime.request', ...call, ...target })
      .at(600)
      .gone()
      .at(700)
      .agent(2);
    trace.list('file', [web, twin]).at(800).start(asStatic(twin, 'uid-2')).at(1_500);
    expect(failed(trace.sandbox('s-uid-1', webPod, 'ready'))).toEqual([]);
  });

  it('MUX-06: either of the two may run', () => {
    const twin = makePod('web', { image: 'image:2' });
    for (const pod of [web, twin]) {
      const trace = createTrace(['file'])
        .agent()
        .list('file', [web, twin])
        .at(500)
        .start(asStatic(pod, 'uid-1'));
      expect(failed(trace.rest())).toEqual([]);
    }
  });

  it('MUX-10: the UID changes without a change of content', () => {
    const trace = createTrace(['file']).agent().list('file', [web]).at(500).start(webPod);
    trace.at(20_000).list('file', []).at(20_500).stop(webPod).at(22_000).remove(webPod);
    trace.at(40_000).list('file', [web]).at(40_500).start(asStatic(web, 'uid-9'));
    expect(failed(trace.rest())).toEqual(['MUX-10']);
  });

  it('MUX-10: the UID follows a file that was renamed during the look', () => {
    const [temporary, final] = ['web.yaml.tmp', 'web.yaml'].map((name) => [
      { name, type: 'file' as const, readable: true, pod: web, text: '' },
    ]);
    const served = (names?: string[]) =>
      ({
        kind: 'source.served',
        actor: 'source:file',
        source: 'file',
        revision: 2,
        outcome: 'list',
        pods: [web],
        ...(names === undefined ? {} : { names }),
      }) as const;
    const renamed = (names?: string[]): TraceBuilder => {
      const trace = createTrace(['file']).agent().held('file', [web], temporary).held('file', [web], final);
      trace.at(500).add(served(names)).start(webPod).at(700).add(served());
      return trace.stop(webPod).remove(webPod).at(1_000).start(asStatic(web, 'uid-9')).rest();
    };
    expect(failed(renamed(['web.yaml.tmp']))).toEqual([]);
    expect(failed(renamed())).toContain('MUX-10');
  });

  it('MUX-10: the agent may not have acted yet on the new name of a file that it has read', () => {
    const file = (name: string) => [{ name, type: 'file' as const, readable: true, pod: web, text: '' }];
    const renamed = (startedMs: number, slowMs = 0): string[] => {
      const trace = createTrace(['file']).agent().held('file', [web], file('web.tmp'));
      trace.list('file', [web], { held: false }).at(14).held('file', [web], file('web.yaml'));
      trace.list('file', [web], { held: false }).at(startedMs - slowMs);
      trace.call('ListPodSandbox', {}, () => trace.at(startedMs)).start(webPod);
      trace
        .at(startedMs + 50)
        .stop(webPod)
        .at(startedMs + 100)
        .remove(webPod);
      return failed(trace.start(asStatic(web, 'uid-9')).at(20_000).rest());
    };
    expect(renamed(300)).toEqual([]);
    expect(renamed(1_100)).toContain('MUX-10');
    // It waits for the listing that it began with.
    expect(renamed(1_650, 1_600)).toEqual([]);
  });

  it('MUX-10: on a real clock the agent may not have seen yet that a file was renamed', () => {
    const file = (name: string) => [{ name, type: 'file' as const, readable: true, pod: web, text: '' }];
    const renamed = (afterMs: number): TraceBuilder => {
      const trace = createTrace(['file'], { world: 'live' }).agent().held('file', [web], file('a.yaml'));
      trace.looking(9_000).held('file', [web], file('b.yaml'));
      trace.looking(9_000 + afterMs).start(webPod);
      trace.looking(20_000).stop(webPod).looking(22_000).remove(webPod);
      return trace.looking(40_000).start(asStatic(web, 'uid-9'));
    };
    expect(failed(renamed(40))).not.toContain('MUX-10');
    expect(failed(renamed(8_000))).toContain('MUX-10');
  });

  it('MUX-10: on a real clock what the agent could not start at once may be an earlier version', () => {
    const labelled = makePod('web', { labels: { a: 'b' } });
    const restarted = (isRuntimeDown: boolean): string[] => {
      const trace = createTrace(['http'], { world: 'live' }).agent().list('http', []);
      trace.looking(13_000).list('http', [web]).at(13_500).list('http', [labelled]);
      const runtime = { kind: 'step', actor: 'harness', id: 's', do: 'runtime', applied: true } as const;
      if (isRuntimeDown) trace.looking(14_000).add(runtime);
      trace.looking(18_000).start(webPod).looking(20_000).stop(webPod).looking(22_000).remove(webPod);
      return failed(trace.looking(24_000).start(asStatic(labelled, 'uid-9')));
    };
    expect(restarted(true)).toEqual([]);
    expect(restarted(false)).toContain('MUX-10');
  });

  it('MUX-10: the UID stays after a change of content', () => {
    const trace = createTrace(['file']).agent().list('file', [web]).at(500).start(webPod);
    trace.at(20_000).list('file', [makePod('web', { labels: { a: 'b' } })]);
    expect(failed(trace.rest())).toEqual(['MUX-10']);
  });

  it('MUX-11: an unknown pod is stopped before every source is ready', () => {
    const trace = createTrace(['file', 'http']).agent().list('file', [web]).list('http', [db]);
    trace.at(500).start(webPod).start(dbPod).at(9_000).gone().at(9_500).agent(2).list('file', [web]);
    expect(failed(trace.at(10_000).stop(dbPod))).toEqual(['MUX-11']);
  });

  it('MUX-11: a removal seen before readiness is lost', () => {
    const trace = createTrace(['file', 'http']).agent().list('file', [web]).at(500).start(webPod);
    trace.at(9_000).list('file', []).at(12_000).list('http', []);
    expect(failed(trace.rest())).toEqual(['MUX-11']);
  });

  it('MUX-01: a pod that two static sources said alike goes with the one that it came from', () => {
    const trace = createTrace(['file', 'http']).agent().list('http', []).list('file', [web]);
    trace.at(500).start(asStatic(web, 'of-file')).at(10_000).list('http', [web]);
    trace.at(20_000).list('file', []).at(20_500).stop(asStatic(web, 'of-file'));
    expect(failed(trace.at(22_000).start(asStatic(web, 'of-http'), { suffix: 'b' }))).toEqual([]);
    const other = createTrace(['file', 'http']).agent().list('http', [web]).list('file', []);
    other.at(500).start(asStatic(web, 'of-http')).at(10_000).list('file', [web]).at(20_000).list('file', []);
    expect(failed(other.at(20_500).stop(asStatic(web, 'of-http')))).toEqual(['MUX-01']);
  });
});
