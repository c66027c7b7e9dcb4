import { describe, expect, it } from 'vitest';
import { exercised, failed } from './testing/failed.js';
import { removed, runs, web, webPod } from './testing/removed-pod.js';
import { asGiven, asStatic, createTrace, makePod } from './testing/trace-builder.js';
import type { TraceBuilder } from './testing/trace-builder.js';

describe('the order in which a pod stops', () => {
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

  it('TERM-02: sidecars that wait for one that outlasts the grace period stop together when that is over', () => {
    const sidecar = (name: string) => ({ name, image: 'image:1', restartPolicy: 'Always' as const });
    const sidecars = [sidecar('first'), sidecar('second')];
    const pod = makePod('web', { uid: 'u1', graceS: 4, initContainers: sidecars });
    const stop = (container: string): object => ({
      pod: webPod,
      container,
      containerId: `c-u1-${container}`,
      request: { timeout: 4 },
    });
    const stoppedAt = (ms: number, isRepaired = false): TraceBuilder => {
      const trace = createTrace(['feed']).agent().list('feed', [pod]).at(500).start(asGiven(pod));
      for (const name of ['first', 'second']) runs(trace, name);
      // What an edit made the agent stop long before has nothing to do with the end of the pod.
      if (isRepaired) {
        const edited = makePod('web', { uid: 'u1', graceS: 4, image: 'image:2', initContainers: sidecars });
        trace.at(5_000).list('feed', [edited]).at(5_100);
        trace.call('StopContainer', stop('main'), () => trace.container('c-u1-main', webPod, 'exited'));
        trace.at(5_200).list('feed', [pod]).at(5_300);
        runs(trace, 'main');
      }
      trace.at(20_000).list('feed', []).at(20_500);
      return trace.call('StopContainer', stop('main'), () => {
        trace.at(22_000).container('c-u1-main', webPod, 'exited', { exitCode: 137 });
        trace.at(ms).call('StopContainer', stop('first'));
      });
    };
    expect(failed(stoppedAt(24_500))).toEqual([]);
    expect(failed(stoppedAt(23_000))).toEqual(['TERM-02']);
    expect(failed(stoppedAt(23_000, true))).toEqual(['TERM-02']);
  });

  it('TERM-02: … also where nobody could see yet that the pod was to end when its first container was stopped', () => {
    const sidecar = (name: string) => ({ name, image: 'image:1', restartPolicy: 'Always' as const });
    const pod = makePod('web', {
      graceS: 4,
      initContainers: [sidecar('first'), sidecar('second')],
    });
    const running = asStatic(pod, 'uid-1');
    const stoppedAt = (ms: number): TraceBuilder => {
      const trace = createTrace(['file']).agent().list('file', [pod]).at(500).start(running);
      for (const name of ['first', 'second']) {
        const sandboxId = `s-${running.uid}`;
        const id = `c-${running.uid}-${name}`;
        const target = { pod: running, sandboxId, container: name };
        trace.call('CreateContainer', { ...target, id }, () =>
          trace.container(id, running, 'created', { name, sandboxId }),
        );
        trace.call('StartContainer', { ...target, containerId: id }, () =>
          trace.container(id, running, 'running', { name, sandboxId }),
        );
      }
      const stop = (container: string): object => ({
        pod: running,
        container,
        containerId: `c-${running.uid}-${container}`,
        request: { timeout: 4 },
      });
      // The directory is read at some moment between the two.
      trace.at(20_000).held('file', []).at(20_010);
      return trace.call('StopContainer', stop('main'), () => {
        trace.at(24_000).container(`c-${running.uid}-main`, running, 'exited', { exitCode: 137 });
        trace.at(24_100).list('file', [], { held: false });
        trace.at(ms).call('StopContainer', stop('first'));
      });
    };
    expect(failed(stoppedAt(24_200))).not.toContain('TERM-02');
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
});
