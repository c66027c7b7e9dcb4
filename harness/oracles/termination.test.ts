import { describe, expect, it } from 'vitest';
import { exercised, failed } from './testing/failed.js';
import { removed, web, webPod } from './testing/removed-pod.js';
import { asStatic, createTrace, makePod } from './testing/trace-builder.js';
import type { TraceBuilder } from './testing/trace-builder.js';

describe('termination', () => {
  it('TERM-01: grace is ignored, extended or given', () => {
    expect(failed(removed().stop(webPod, { timeoutS: 0 }))).toEqual(['TERM-01']);
    expect(failed(removed().stop(webPod, { timeoutS: 2 }))).toEqual(['TERM-01']);
    expect(failed(removed().stop(webPod, { timeoutS: 21 }))).toEqual(['TERM-01']);
    const good = removed().stop(webPod, { timeoutS: 20 });
    expect(failed(good)).toEqual([]);
    expect(exercised(good, 'TERM-01')).toBe(1);
  });

  it('TERM-01: an orphan of an earlier life is listed again while it is being stopped', () => {
    const left = createTrace(['feed']).agent().list('feed', [web]).at(500).start(webPod).at(5_000).gone();
    const orphan = left.at(5_100).agent(2).list('feed', []).at(5_200).list('feed', [web]).at(5_210);
    expect(failed(orphan.stop(webPod, { timeoutS: 2 }))).toEqual([]);
    // A life that knows the pod from the start gives it what is its own.
    const known = createTrace(['feed']).agent().list('feed', [web]).at(500).start(webPod).at(5_000).gone();
    known.at(5_100).agent(2).list('feed', [web]).at(20_200).list('feed', []).at(20_210);
    expect(failed(known.stop(webPod, { timeoutS: 2 }))).toEqual(['TERM-01']);
  });

  it('TERM-01: a preStop hook outlasts the grace', () => {
    const hook = { cmd: ['/workload', 'pre-stop', '--run-ms=90000'] };
    const target = { pod: webPod, containerId: 'c-u1-main', container: 'main', request: hook };
    const run = {
      kind: 'runtime.request',
      actor: 'agent',
      call: 99,
      method: 'ExecSync',
      incarnation: 1,
    } as const;
    const trace = removed().add({ ...run, ...target, podUid: 'u1', request: hook });
    for (let second = 21; second < 60; second++) trace.at(second * 1_000).call('ListContainers', {});
    expect(failed(trace)).toEqual(['TERM-01']);
  });

  it('TERM-01: the time of the hook is not part of the grace', () => {
    const hook = {
      pod: webPod,
      containerId: 'c-u1-main',
      container: 'main',
      request: { cmd: ['/workload', 'pre-stop'] },
    };
    const ended = (): TraceBuilder => removed().call('ExecSync', hook).at(24_600);
    expect(failed(ended().stop(webPod, { timeoutS: 20 }))).toEqual(['TERM-01']);
    expect(failed(ended().stop(webPod, { timeoutS: 16 }))).toEqual([]);
  });

  it('TERM-01: a pod that is deleted at once may have its own grace, and no more', () => {
    const deletion = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 };
    const gone = { ...web, metadata: { ...web.metadata, ...deletion } };
    const deleted = (): TraceBuilder =>
      createTrace(['feed'])
        .agent()
        .list('feed', [web])
        .at(500)
        .start(webPod)
        .at(20_000)
        .list('feed', [gone])
        .at(20_010)
        .list('feed', [])
        .at(20_500);
    // A kubelet takes a grace period of zero for none that was asked for.
    for (const timeoutS of [2, 20]) expect(failed(deleted().stop(webPod, { timeoutS }))).toEqual([]);
    expect(failed(deleted().stop(webPod, { timeoutS: 21 }))).toEqual(['TERM-01']);
  });

  it('TERM-01: a later request lengthens the grace', () => {
    const deletion = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 3 };
    const gone = { ...web, metadata: { ...web.metadata, ...deletion } };
    const trace = createTrace(['feed']).agent().list('feed', [web]).at(500).start(webPod);
    trace.at(20_000).list('feed', [gone]).at(20_100).list('feed', []).at(20_500);
    expect(failed(trace.stop(webPod, { timeoutS: 20 }))).toEqual(['TERM-01']);
  });

  it('TERM-01: a replacement that has begun may go on until the agent has noticed the shorter grace period', () => {
    const edited = makePod('web', { uid: 'u1', graceS: 20, image: 'image:2' });
    const deletion = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 3 };
    const gone = (pod: typeof web) => ({ ...pod, metadata: { ...pod.metadata, ...deletion } });
    const stoppedAfter = (ms: number, pod = edited): string[] => {
      const trace = createTrace(['feed']).agent().list('feed', [web]).at(500).start(webPod).at(20_000);
      trace.list('feed', [pod]).list('feed', [gone(pod)]);
      return failed(trace.at(20_000 + ms).stop(webPod, { timeoutS: 20 }));
    };
    expect(stoppedAfter(300)).toEqual([]);
    expect(stoppedAfter(1_100)).toEqual(['TERM-01']);
    expect(stoppedAfter(300, web)).toEqual(['TERM-01']);
  });

  it('TERM-01: a later life of the pod is deleted with less while the first is still being ended', () => {
    const metadata = {
      ...web.metadata,
      deletionTimestamp: '2026-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 3,
    };
    const again = (): TraceBuilder => {
      const trace = createTrace(['feed']).agent().list('feed', [web]).at(500).start(webPod).at(20_000);
      trace.change('feed', 'deleted', web).change('feed', 'added', web);
      return trace.change('feed', 'modified', { ...web, metadata });
    };
    expect(failed(again().at(20_100).stop(webPod, { timeoutS: 20 }))).toEqual([]);
    expect(failed(again().at(20_100).stop(webPod, { timeoutS: 3 }))).toEqual([]);
    expect(failed(again().at(20_100).stop(webPod, { timeoutS: 21 }))).toEqual(['TERM-01']);
    const ended = removed().stop(webPod, { timeoutS: 20 }).at(24_000).remove(webPod);
    ended.change('feed', 'added', web).at(24_500).start(webPod).at(40_000);
    ended.change('feed', 'modified', { ...web, metadata }).at(40_100);
    expect(failed(ended.stop(webPod, { timeoutS: 20 }))).toEqual(['TERM-01']);
  });

  it('TERM-03: something starts while the pod is torn down', () => {
    const trace = removed().call('StopContainer', {
      pod: webPod,
      containerId: 'c-u1-main',
      container: 'main',
      request: { timeout: 20 },
    });
    expect(failed(trace)).toEqual([]);
    expect(
      failed(trace.call('CreateContainer', { pod: webPod, sandboxId: 's-u1', container: 'main' })),
    ).toEqual(['TERM-03']);
  });

  it('TERM-03: a list that lied hid the sandbox of an orphan from a new life, which took it for stopped', () => {
    const lie = { kind: 'fault', actor: 'harness', fault: 0, effect: 'staleList', target: '' } as const;
    const orphan = (): TraceBuilder =>
      createTrace(['feed'])
        .agent()
        .list('feed', [web])
        .at(500)
        .start(webPod)
        .at(5_000)
        .gone()
        .at(5_100)
        .agent(2);
    const target = { pod: webPod, containerId: 'c-u1-main', container: 'main', request: { timeout: 20 } };
    const again = (trace: TraceBuilder): TraceBuilder => {
      trace.list('feed', []).at(5_200);
      trace.call('StopContainer', target, () => trace.container('c-u1-main', webPod, 'exited'));
      trace.at(5_300).list('feed', [web]).at(6_000);
      return trace.call('CreateContainer', { pod: webPod, sandboxId: 's-u1', container: 'main' });
    };
    expect(failed(again(orphan().add(lie)))).toEqual([]);
    expect(failed(again(orphan()))).toEqual(['TERM-03']);
  });

  it('TERM-03: a container is being replaced when the pod is removed', () => {
    const pod = makePod('web', { uid: 'u1', image: 'image:2', graceS: 20 });
    const trace = createTrace(['feed']).agent().list('feed', [web]).at(500).start(webPod);
    trace.at(20_000).list('feed', [pod]).at(20_100).list('feed', []).at(20_200);
    const target = { pod: webPod, containerId: 'c-u1-main', container: 'main', request: { timeout: 20 } };
    trace.call('StopContainer', target, () => trace.container('c-u1-main', webPod, 'exited'));
    trace.at(20_300).call('CreateContainer', { pod: webPod, sandboxId: 's-u1', container: 'main' });
    expect(failed(trace)).toEqual([]);
    trace.at(20_400).call('StopPodSandbox', { pod: webPod, sandboxId: 's-u1' });
    trace.at(20_500).call('CreateContainer', { pod: webPod, sandboxId: 's-u1', container: 'main' });
    expect(failed(trace)).toEqual(['TERM-03']);
  });

  it('TERM-03: what is left of an earlier life is stopped once more, which ends nothing', () => {
    const trace = removed().list('feed', [web]).at(20_600).stop(webPod, { timeoutS: 20 }).at(22_000);
    trace.start(webPod, { suffix: '2' });
    // The agent may go on as if nothing had been.
    trace.at(26_000).list('feed', []).at(26_010).list('feed', [web]);
    trace.at(30_000).call('StopPodSandbox', { pod: webPod, sandboxId: 's-u1' });
    trace.container('c-u12-main', webPod, 'exited', { cause: 'workload', exitCode: 1 });
    trace.at(31_000).call('CreateContainer', { pod: webPod, sandboxId: 's-u12', container: 'main' });
    expect(failed(trace)).toEqual([]);
  });

  it('TERM-03: a container is replaced that one of two manifests defined otherwise for a moment', () => {
    const other = makePod('web', { uid: 'u1', image: 'image:2', graceS: 20 });
    const trace = createTrace(['file']).agent().list('file', [web]);
    const pod = asStatic(web, 'u1');
    trace.at(500).start(pod).at(20_000).list('file', [other, web]).at(20_100).list('file', [web]);
    const target = { pod, containerId: 'c-u1-main', container: 'main', request: { timeout: 20 } };
    trace.at(20_200).call('StopContainer', target, () => trace.container('c-u1-main', pod, 'exited'));
    trace.at(20_300).call('CreateContainer', { pod, sandboxId: 's-u1', container: 'main' });
    expect(failed(trace)).toEqual([]);
  });

  it('TERM-05: a failed stop is never tried again', () => {
    const trace = removed().call('StopContainer', {
      pod: webPod,
      containerId: 'c-u1-main',
      container: 'main',
      request: { timeout: 20 },
      code: 'UNKNOWN',
    });
    expect(failed(trace.rest())).toEqual(['TERM-05']);
  });

  it('GC-02: a running container is removed', () => {
    const trace = removed().call('RemoveContainer', {
      pod: webPod,
      containerId: 'c-u1-main',
      container: 'main',
    });
    expect(failed(trace)).toEqual(['GC-02']);
  });
});
