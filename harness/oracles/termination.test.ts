import { describe, expect, it } from 'vitest';
import { fastTimings } from '../spec/timings.js';
import { exercised, failed } from './testing/failed.js';
import { asGiven, asStatic, createTrace, makePod } from './testing/trace-builder.js';
import type { TraceBuilder } from './testing/trace-builder.js';

const web = makePod('web', { uid: 'u1', graceS: 20 });
const webPod = asGiven(web);

function removed(): TraceBuilder {
  return createTrace(['feed'])
    .agent()
    .list('feed', [web])
    .at(500)
    .start(webPod)
    .at(20_000)
    .list('feed', [])
    .at(20_500);
}

function runs(trace: TraceBuilder, name: string): void {
  const id = `c-u1-${name}`;
  const target = { pod: webPod, sandboxId: 's-u1', container: name };
  const request = { podSandboxId: 's-u1', config: { metadata: { name }, image: { image: 'image:1' } } };
  trace.call('CreateContainer', { ...target, request, id }, () =>
    trace.container(id, webPod, 'created', { name, sandboxId: 's-u1' }),
  );
  trace.call('StartContainer', { ...target, containerId: id }, () =>
    trace.container(id, webPod, 'running', { name, sandboxId: 's-u1' }),
  );
}

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

  it('TERM-02: the sandbox stops before its containers', () => {
    const trace = removed().call('StopPodSandbox', { pod: webPod, sandboxId: 's-u1' });
    expect(failed(trace)).toEqual(['TERM-02']);
  });

  it('TERM-02: a sidecar stops before the regular containers', () => {
    const proxy = { name: 'proxy', image: 'image:1', restartPolicy: 'Always' as const };
    const pod = makePod('web', { uid: 'u1', initContainers: [proxy] });
    const trace = createTrace(['feed']).agent().list('feed', [pod]).at(500).start(asGiven(pod));
    trace.container('c-u1-proxy', webPod, 'created', { name: 'proxy', sandboxId: 's-u1' });
    trace.container('c-u1-proxy', webPod, 'running', { name: 'proxy', sandboxId: 's-u1' });
    trace.at(20_000).list('feed', []).at(20_500);
    trace.call('StopContainer', {
      pod: webPod,
      container: 'proxy',
      containerId: 'c-u1-proxy',
      request: { timeout: 2 },
    });
    expect(failed(trace)).toEqual(['TERM-02']);
  });

  it('TERM-02: a sidecar waits for the others no longer than the grace period', () => {
    const proxy = { name: 'proxy', image: 'image:1', restartPolicy: 'Always' as const };
    const pod = makePod('web', { uid: 'u1', graceS: 4, initContainers: [proxy] });
    const stoppedAt = (ms: number): TraceBuilder => {
      const trace = createTrace(['feed']).agent().list('feed', [pod]).at(500).start(asGiven(pod));
      runs(trace, 'proxy');
      trace.at(20_000).list('feed', []).at(20_500);
      const timeout = { request: { timeout: 4 } };
      const main = { pod: webPod, container: 'main', containerId: 'c-u1-main', ...timeout };
      return trace.call('StopContainer', main, () => {
        trace.at(ms);
        const target = {
          pod: webPod,
          container: 'proxy',
          containerId: 'c-u1-proxy',
          request: { timeout: 2 },
        };
        trace.call('StopContainer', target, () =>
          trace.container('c-u1-proxy', webPod, 'exited', { name: 'proxy' }),
        );
        trace.container('c-u1-main', webPod, 'exited', { exitCode: 137 });
      });
    };
    expect(failed(stoppedAt(24_500))).toEqual([]);
    expect(failed(stoppedAt(22_000))).toEqual(['TERM-02']);
  });

  it('TERM-02: a look at one container that the runtime holds up delays its stop', () => {
    const helper = { name: 'helper', image: 'image:1' };
    const made = makePod('web', { uid: 'u1', graceS: 20 });
    const pod = { ...made, spec: { ...made.spec, containers: [...made.spec.containers, helper] } };
    const stoppedWhile = (isLookedAt: boolean): TraceBuilder => {
      const trace = createTrace(['feed']).agent().list('feed', [pod]).at(500).start(asGiven(pod));
      trace.at(20_000).list('feed', []).at(20_500);
      const stop = (container: string): object => ({
        pod: webPod,
        container,
        containerId: `c-u1-${container}`,
        request: { timeout: 20 },
      });
      const look = { pod: webPod, container: 'helper', containerId: 'c-u1-helper' };
      return trace.call('StopContainer', stop('main'), () => {
        const between = (): void => void trace.looking(22_600);
        if (isLookedAt) trace.call('ContainerStatus', look, between);
        else between();
        trace.call('StopContainer', stop('helper'));
      });
    };
    expect(failed(stoppedWhile(true))).toEqual([]);
    expect(failed(stoppedWhile(false))).toEqual(['TERM-02']);
  });

  it('TERM-02: sidecars stop in the order of their starts', () => {
    const sidecar = (name: string) => ({ name, image: 'image:1', restartPolicy: 'Always' as const });
    const stoppedWithin = (graceS: number, ...order: string[]): TraceBuilder => {
      const pod = makePod('web', {
        uid: 'u1',
        graceS,
        initContainers: [sidecar('first'), sidecar('second')],
      });
      const trace = createTrace(['feed']).agent().list('feed', [pod]).at(500);
      trace.call('RunPodSandbox', { pod: webPod, id: 's-u1' }, () => trace.sandbox('s-u1', webPod, 'ready'));
      for (const name of ['first', 'second']) runs(trace, name);
      trace.at(20_000).list('feed', []).at(20_500);
      for (const name of order) {
        const target = { pod: webPod, container: name, containerId: `c-u1-${name}`, request: { timeout: 2 } };
        trace.call('StopContainer', target, () =>
          trace.container(`c-u1-${name}`, webPod, 'exited', { name, sandboxId: 's-u1', exitCode: 143 }),
        );
      }
      return trace;
    };
    expect(failed(stoppedWithin(2, 'first', 'second'))).toEqual(['TERM-02']);
    expect(failed(stoppedWithin(2, 'second', 'first'))).toEqual([]);
    // With no time to share there is nobody to wait for.
    expect(failed(stoppedWithin(0, 'first', 'second'))).toEqual([]);
  });

  it('TERM-02: a regular container stops only when another has', () => {
    const two = { ...web.spec, containers: [...web.spec.containers, { name: 'side', image: 'image:1' }] };
    const pod = asGiven({ ...web, spec: two });
    const stopped = (sideAtMs: number, mainEndsAtMs: number): TraceBuilder => {
      const trace = createTrace(['feed']).agent().list('feed', [pod.pod]).at(500).start(pod);
      trace.at(20_000).list('feed', []).at(20_500);
      const stop = (container: string, during: () => void): void => {
        const containerId = `c-u1-${container}`;
        trace.call('StopContainer', { pod, container, containerId, request: { timeout: 20 } }, () => {
          during();
          trace.container(containerId, pod, 'exited', { name: container, exitCode: 143 });
        });
      };
      const idle = (untilMs: number): void => {
        for (let ms = 21_000; ms < untilMs; ms += 1_000) trace.at(ms).call('ListContainers', {});
      };
      if (sideAtMs < mainEndsAtMs) {
        stop('main', () => {
          trace.at(sideAtMs);
          stop('side', () => {});
          idle(mainEndsAtMs);
          trace.at(mainEndsAtMs);
        });
      } else {
        stop('main', () => {
          idle(mainEndsAtMs);
          trace.at(mainEndsAtMs);
        });
        trace.at(sideAtMs);
        stop('side', () => {});
      }
      return trace;
    };
    expect(failed(stopped(25_100, 25_000))).toEqual(['TERM-02']);
    expect(failed(stopped(20_500, 25_000))).toEqual([]);
    expect(exercised(stopped(20_500, 25_000), 'TERM-02')).toBeGreaterThan(0);
    // What takes no time tells nothing.
    expect(failed(stopped(20_800, 20_700))).toEqual([]);
  });

  it('TERM-02: a container is being replaced when the pod is deleted', () => {
    const sidecar = { name: 'proxy', image: 'image:1', restartPolicy: 'Always' as const };
    const containers = ['main', 'side'].map((name) => ({ name, image: 'image:1' }));
    const whole = { ...web, spec: { ...web.spec, containers, initContainers: [sidecar] } };
    const edited = (name: string) => {
      const edit = (container: (typeof containers)[number]) =>
        container.name === name ? { ...container, image: 'image:2' } : container;
      const spec = { ...whole.spec, containers: containers.map(edit), initContainers: [edit(sidecar)] };
      return { ...whole, spec: spec as typeof whole.spec };
    };
    const gone = (pod: typeof web) => ({
      ...pod,
      metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:40Z' },
    });
    const replaced = (name: string, listed: typeof web): TraceBuilder => {
      const trace = createTrace(['feed']).agent().list('feed', [whole]).at(500);
      trace.call('RunPodSandbox', { pod: webPod, id: 's-u1' }, () => trace.sandbox('s-u1', webPod, 'ready'));
      for (const each of ['proxy', 'main', 'side']) runs(trace, each);
      trace
        .at(20_000)
        .list('feed', [listed])
        .list('feed', [gone(listed)])
        .at(20_001);
      const target = { pod: webPod, container: name, containerId: `c-u1-${name}`, request: { timeout: 20 } };
      return trace.call('StopContainer', target, () => {
        for (let ms = 21_000; ms < 25_000; ms += 1_000) trace.at(ms).call('ListContainers', {});
        trace.container(`c-u1-${name}`, webPod, 'exited', { name, sandboxId: 's-u1', exitCode: 143 });
      });
    };
    expect(failed(replaced('main', edited('main')))).toEqual([]);
    expect(failed(replaced('main', edited('side')))).toEqual(['TERM-02']);
    expect(failed(replaced('proxy', edited('proxy')))).toEqual([]);
    expect(failed(replaced('proxy', edited('main')))).toEqual(['TERM-02']);
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

  it('GC-01: a stopped pod is never removed from the runtime', () => {
    const trace = removed().stop(webPod, { timeoutS: 20 });
    expect(failed(trace.rest())).toEqual(['GC-01']);
  });

  it('GC-01: so it is when the world was at rest for two periods, though the bound is not over', () => {
    const end = (phase: 'settled' | 'unsettled', afterMs: number): TraceBuilder => {
      const trace = removed().stop(webPod, { timeoutS: 20 });
      const stoppedMs = trace.events.at(-1)!.t;
      trace
        .phase('heal')
        .phase('settle')
        .at(stoppedMs + 1_000)
        .phase(phase)
        .phase('quiet');
      return trace.at(stoppedMs + afterMs).add({ kind: 'run.ended', actor: 'harness', outcome: 'complete' });
    };
    const periodsMs = 2 * fastTimings.garbageCollectionMs;
    expect(failed(end('settled', periodsMs))).toEqual(['GC-01']);
    expect(failed(end('settled', periodsMs - 1))).toEqual([]);
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

  it('GC-02: a running container is removed', () => {
    const trace = removed().call('RemoveContainer', {
      pod: webPod,
      containerId: 'c-u1-main',
      container: 'main',
    });
    expect(failed(trace)).toEqual(['GC-02']);
  });
});
