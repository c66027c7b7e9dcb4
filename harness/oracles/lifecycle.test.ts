import { describe, expect, it } from 'vitest';
import { exercised, failed } from './testing/failed.js';
import { asGiven, asStatic, createTrace, makePod } from './testing/trace-builder.js';
import type { TraceBuilder } from './testing/trace-builder.js';

const web = makePod('web', { uid: 'u1' });
const webPod = asGiven(web);
const job = makePod('job', { uid: 'u2', restartPolicy: 'OnFailure' });
const jobPod = asGiven(job);
const exit = { cause: 'workload' as const, sandboxId: 's-u1' };

function running(): TraceBuilder {
  return createTrace(['feed']).agent().list('feed', [web]).at(500).start(webPod);
}

function replace(trace: TraceBuilder, id: string): TraceBuilder {
  const request = {
    config: { metadata: { name: 'main' }, image: { image: 'image:1' }, command: ['/workload'] },
  };
  return trace
    .call('CreateContainer', { pod: webPod, sandboxId: 's-u1', container: 'main', id, request }, () =>
      trace.container(id, webPod, 'created', { sandboxId: 's-u1' }),
    )
    .call('StartContainer', { pod: webPod, containerId: id }, () =>
      trace.container(id, webPod, 'running', { sandboxId: 's-u1' }),
    );
}

describe('lifecycle', () => {
  it('LIFE-01: a container is created in a sandbox that the agent had stopped', () => {
    const trace = running().at(5_000).list('feed', []).at(5_500).stop(webPod).at(6_000).list('feed', [web]);
    expect(
      failed(trace.at(6_500).call('CreateContainer', { pod: webPod, sandboxId: 's-u1', container: 'main' })),
    ).toEqual(['LIFE-01']);
  });

  it('LIFE-01: a stop that an earlier life asked for takes effect behind the back of this one', () => {
    const trace = running().at(5_000).list('feed', []);
    trace.call('StopContainer', { pod: webPod, containerId: 'c-u1-main', request: { timeout: 2 } }, () =>
      trace.container('c-u1-main', webPod, 'exited', { exitCode: 143 }),
    );
    const call = { actor: 'agent', call: 99, method: 'StopPodSandbox', sandboxId: 's-u1' } as const;
    trace.add({ kind: 'runtime.request', incarnation: 1, request: {}, podUid: 'u1', ...call });
    trace.at(5_010).gone().agent(2).list('feed', [web]).at(5_020).sandbox('s-u1', webPod, 'notReady');
    trace.add({ kind: 'runtime.effect', actor: 'runtime', call: 99, method: 'StopPodSandbox', code: 'OK' });
    const create = { pod: webPod, sandboxId: 's-u1', container: 'main', code: 'UNKNOWN' } as const;
    expect(failed(trace.at(5_200).call('CreateContainer', create))).toEqual([]);
  });

  it('LIFE-02: two ready sandboxes persist', () => {
    const trace = running().at(5_000).sandbox('s-other', webPod, 'ready', 'outside');
    expect(failed(trace.rest())).toEqual(['LIFE-02']);
  });

  it('LIFE-02: a sandbox is made beside a ready one', () => {
    const trace = running().at(5_000).call('RunPodSandbox', { pod: webPod, id: 's-x' });
    expect(failed(trace)).toEqual(['LIFE-02']);
  });

  it('LIFE-02: a sandbox is made for a pod that has finished', () => {
    const trace = createTrace(['feed']).agent().list('feed', [job]).at(500).start(jobPod);
    trace
      .at(2_000)
      .container('c-u2-main', jobPod, 'exited', { cause: 'workload', exitCode: 0, sandboxId: 's-u2' });
    trace
      .at(3_000)
      .call('StopPodSandbox', { pod: jobPod, sandboxId: 's-u2' }, () =>
        trace.sandbox('s-u2', jobPod, 'notReady'),
      );
    expect(failed(trace)).toEqual([]);
    expect(failed(trace.at(6_000).call('RunPodSandbox', { pod: jobPod }))).toEqual(['LIFE-02']);
  });

  it('LIFE-02: it ended by itself while it was stopped for a removal that was taken back', () => {
    const stopped = (isTakenBack: boolean): TraceBuilder => {
      const trace = createTrace(['feed']).agent().list('feed', [job]).at(500);
      const created = { pod: jobPod, id: 'c-x', sandboxId: 's-u2', container: 'main' };
      trace.call('RunPodSandbox', { pod: jobPod, id: 's-u2' }, () => trace.sandbox('s-u2', jobPod, 'ready'));
      trace.call('CreateContainer', created, () =>
        trace.container('c-x', jobPod, 'created', { sandboxId: 's-u2' }),
      );
      // The life that started it never hears that it has.
      trace.gone().agent(2).list('feed', [job]).at(600);
      trace.container('c-x', jobPod, 'running', { sandboxId: 's-u2' }).at(700);
      if (isTakenBack) trace.change('feed', 'deleted', job).change('feed', 'added', job).at(800);
      trace.call('StopContainer', { pod: jobPod, containerId: 'c-x', request: { timeout: 2 } }, () =>
        trace.container('c-x', jobPod, 'exited', { cause: 'workload', exitCode: 0, sandboxId: 's-u2' }),
      );
      const sandbox = { pod: jobPod, sandboxId: 's-u2' };
      trace.call('StopPodSandbox', sandbox, () => trace.sandbox('s-u2', jobPod, 'notReady'));
      return trace.at(900).call('RunPodSandbox', { pod: jobPod, code: 'UNKNOWN' });
    };
    expect(failed(stopped(true))).toEqual([]);
    expect(failed(stopped(false))).toEqual(['LIFE-02']);
  });

  it('LIFE-06: a container that has finished runs again', () => {
    const trace = createTrace(['feed']).agent().list('feed', [job]).at(500).start(jobPod);
    trace
      .at(2_000)
      .container('c-u2-main', jobPod, 'exited', { cause: 'workload', exitCode: 0, sandboxId: 's-u2' });
    trace.at(3_000).call('CreateContainer', { pod: jobPod, sandboxId: 's-u2', container: 'main' });
    expect(failed(trace)).toEqual(['LIFE-06']);
  });

  it('LIFE-06, LIFE-02: an update is no reason to run again what has ended, unless it is about that', () => {
    const updated = (more: Parameters<typeof makePod>[1]): TraceBuilder => {
      const trace = createTrace(['feed']).agent().list('feed', [job]).at(500).start(jobPod).at(2_000);
      trace.container('c-u2-main', jobPod, 'exited', { cause: 'workload', exitCode: 0, sandboxId: 's-u2' });
      const next = makePod('job', { uid: 'u2', restartPolicy: 'OnFailure', ...more });
      return trace.at(3_000).change('feed', 'modified', next).at(3_100);
    };
    const pod = jobPod;
    const create = { pod, sandboxId: 's-u2', container: 'main' };
    const relabelled = (): TraceBuilder => updated({ labels: { app: 'next' } });
    expect(failed(relabelled().call('CreateContainer', create))).toEqual(['LIFE-06']);
    expect(failed(updated({ image: 'image:2' }).call('CreateContainer', create))).toEqual([]);
    const stopped = relabelled();
    stopped.call('StopPodSandbox', { pod, sandboxId: 's-u2' }, () =>
      stopped.sandbox('s-u2', pod, 'notReady'),
    );
    expect(failed(stopped.call('RunPodSandbox', { pod, code: 'UNKNOWN' }))).toEqual(['LIFE-02']);
  });

  it('LIFE-06: a list that lied hid from a new life what an earlier one had run', () => {
    const lie = { kind: 'fault', actor: 'harness', fault: 0, effect: 'staleList', target: '' } as const;
    const ended = (): TraceBuilder => {
      const trace = createTrace(['feed']).agent().list('feed', [job]).at(500).start(jobPod).at(2_000);
      const end = { cause: 'workload', exitCode: 0, sandboxId: 's-u2' } as const;
      return trace.container('c-u2-main', jobPod, 'exited', end);
    };
    const create = { pod: jobPod, sandboxId: 's-u2', container: 'main', code: 'ALREADY_EXISTS' } as const;
    const hidden = ended().at(2_100).gone().at(2_200).agent(2).add(lie).list('feed', [job]).at(2_300);
    expect(failed(hidden.call('CreateContainer', create))).toEqual([]);
    // Whoever started it knows of it, and time brings another list.
    expect(failed(ended().add(lie).at(2_300).call('CreateContainer', create))).toEqual(['LIFE-06']);
    expect(failed(hidden.at(60_000).call('CreateContainer', create))).toEqual(['LIFE-06']);
  });

  it('LIFE-06: what a later life removed before it was shown the pod again is forgotten', () => {
    const never = makePod('once', { restartPolicy: 'Never' });
    const once = asStatic(never, 'u3');
    const ended = (): TraceBuilder => {
      const trace = createTrace(['file']).agent().list('file', [never]).at(500).start(once).at(2_000);
      const end = { cause: 'workload', exitCode: 0, sandboxId: 's-u3' } as const;
      trace.container('c-u3-main', once, 'exited', end);
      trace.call('StopPodSandbox', { pod: once, sandboxId: 's-u3' }, () => {
        trace.sandbox('s-u3', once, 'notReady');
      });
      return trace.at(3_000).gone().agent(2);
    };
    const unreadable = ended()
      .list('file', [], { bad: ['once.yaml'] })
      .at(4_000)
      .remove(once);
    expect(failed(unreadable.at(5_000).list('file', [never]).at(5_100).start(once))).toEqual([]);
    const known = ended().list('file', [never]).at(4_000).remove(once);
    expect(failed(known.at(5_100).start(once))).toEqual(['LIFE-02', 'LIFE-06']);
  });

  it('LIFE-02: … and seemed to call for a sandbox', () => {
    const trace = createTrace(['feed']).agent().list('feed', [job]).at(500).start(jobPod).at(2_000);
    trace.container('c-u2-main', jobPod, 'exited', { cause: 'workload', exitCode: 0, sandboxId: 's-u2' });
    trace.at(3_000).call('StopPodSandbox', { pod: jobPod, sandboxId: 's-u2' }, () => {
      trace.sandbox('s-u2', jobPod, 'notReady');
    });
    trace.at(4_000).gone().agent(2).list('feed', [job]);
    trace.add({ kind: 'fault', actor: 'harness', fault: 0, effect: 'partialList', target: '' });
    expect(failed(trace.at(4_200).call('RunPodSandbox', { pod: jobPod }))).toEqual([]);
    expect(failed(trace.at(60_000).call('RunPodSandbox', { pod: jobPod }))).toEqual(['LIFE-02']);
  });

  it('LIFE-06: a container that has ended is never restarted', () => {
    const trace = running()
      .at(5_000)
      .container('c-u1-main', webPod, 'exited', { ...exit, exitCode: 1 });
    expect(failed(trace.rest())).toEqual(['LIFE-06']);
  });

  it('API-04: a container that has ended is not restarted while the API server is away', () => {
    const trace = createTrace(['feed', 'api'])
      .agent()
      .list('feed', [web])
      .list('api', [])
      .at(500)
      .start(webPod);
    trace.at(4_000).error('api', 'connection refused').at(5_000);
    trace.container('c-u1-main', webPod, 'exited', { ...exit, exitCode: 1 });
    expect(failed(trace.looking(40_000))).toEqual(['API-04']);
  });

  it('LIFE-06: it is restarted', () => {
    const trace = running()
      .at(5_000)
      .container('c-u1-main', webPod, 'exited', { ...exit, exitCode: 1 });
    expect(failed(replace(trace.at(6_000), 'c-u1-2').rest())).toEqual([]);
    expect(exercised(trace, 'LIFE-06')).toBeGreaterThan(0);
  });

  it('LIFE-09: a container killed from outside is never replaced', () => {
    const trace = running()
      .at(5_000)
      .container('c-u1-main', webPod, 'exited', { ...exit, cause: 'outside', exitCode: 137 });
    expect(failed(trace.rest())).toEqual(['LIFE-09']);
  });

  it('LIFE-09: a sandbox killed from outside is never replaced', () => {
    const trace = running().at(5_000).sandbox('s-u1', webPod, 'notReady', 'outside');
    trace.container('c-u1-main', webPod, 'exited', { ...exit, cause: 'outside', exitCode: 137 });
    expect(failed(trace.rest())).toEqual(['LIFE-09']);
  });

  it('BACK-01: the second restart in a row comes too soon', () => {
    const trace = running()
      .at(5_000)
      .container('c-u1-main', webPod, 'exited', { ...exit, exitCode: 1 });
    replace(trace.at(5_500), 'c-u1-2')
      .at(6_000)
      .container('c-u1-2', webPod, 'exited', { ...exit, exitCode: 1 });
    expect(failed(replace(trace.at(6_500), 'c-u1-3'))).toEqual(['BACK-01']);
  });

  it('BACK-01: the second restart in a row comes in time', () => {
    const trace = running()
      .at(5_000)
      .container('c-u1-main', webPod, 'exited', { ...exit, exitCode: 1 });
    replace(trace.at(5_500), 'c-u1-2')
      .at(6_000)
      .container('c-u1-2', webPod, 'exited', { ...exit, exitCode: 1 });
    expect(failed(replace(trace.at(7_500), 'c-u1-3').rest())).toEqual([]);
    expect(exercised(trace, 'BACK-01')).toBe(1);
  });

  it('BACK-01: an agent that comes back to a pod in back-off with its retries may be as late as these', () => {
    const restartedAt = (ms: number, errorRetryMs: number): string[] => {
      const timings = {
        syncFrequencyMs: 1_000,
        errorRetryMs,
        backoffInitialMs: 10_000,
        backoffMaxMs: 300_000,
      };
      const trace = createTrace(['feed'], { timings }).agent();
      trace.list('feed', [web]).at(500).start(webPod);
      trace.at(5_000).container('c-u1-main', webPod, 'exited', { ...exit, exitCode: 1 });
      replace(trace.at(5_500), 'c-u1-2')
        .at(6_000)
        .container('c-u1-2', webPod, 'exited', { ...exit, exitCode: 1 });
      for (let at = 10_000; at < ms; at += 2_000) trace.at(at).call('ListContainers', {});
      return failed(replace(trace.at(ms), 'c-u1-3').rest());
    };
    expect(restartedAt(30_500, 10_000)).toEqual([]);
    expect(restartedAt(30_500, 1_000)).toEqual(['BACK-01']);
    expect(restartedAt(44_000, 10_000)).toEqual(['BACK-01']);
  });

  it('BACK-01: an end that was seen late counts from when it was', () => {
    const restarted = (lateMs: number): string[] => {
      const trace = running()
        .at(5_000)
        .container('c-u1-main', webPod, 'exited', { ...exit, exitCode: 1 });
      replace(trace.at(5_500), 'c-u1-2')
        .at(6_200)
        .container('c-u1-2', webPod, 'exited', { ...exit, exitCode: 1, lateMs });
      return failed(replace(trace.at(7_000), 'c-u1-3'));
    };
    expect(restarted(200)).toEqual([]);
    expect(restarted(0)).toEqual(['BACK-01']);
  });

  it('BACK-01: an end whose record the runtime has lost is not counted', () => {
    const trace = running()
      .at(5_000)
      .container('c-u1-main', webPod, 'exited', { ...exit, cause: 'outside', exitCode: 137 })
      .container('c-u1-main', webPod, 'removed', { ...exit, cause: 'outside' });
    replace(trace.at(5_500), 'c-u1-2')
      .at(6_000)
      .container('c-u1-2', webPod, 'exited', { ...exit, exitCode: 1 });
    expect(failed(replace(trace.at(6_500), 'c-u1-3'))).toEqual([]);
  });

  it('BACK-01: an end that a list has just concealed is not counted, but others are', () => {
    const restarted = (lieAtMs: number): string[] => {
      const trace = running();
      const lie = (ms: number): void => {
        if (ms === lieAtMs)
          trace.at(ms).add({
            kind: 'fault',
            actor: 'harness',
            fault: 0,
            effect: 'partialList',
            target: 'ListContainers',
          });
      };
      lie(30_000);
      trace.at(60_000).container('c-u1-main', webPod, 'exited', { ...exit, exitCode: 1 });
      lie(60_400);
      replace(trace.at(60_500), 'c-u1-2')
        .at(90_000)
        .container('c-u1-2', webPod, 'exited', { ...exit, exitCode: 1 });
      lie(90_100);
      return failed(replace(trace.at(90_200), 'c-u1-3'));
    };
    expect(restarted(60_400)).toEqual([]);
    expect(restarted(90_100)).toEqual([]);
    expect(restarted(30_000)).toEqual(['BACK-01']);
    expect(restarted(-1)).toEqual(['BACK-01']);
  });

  /** Three crashes, then the pod is removed and listed again while the agent is down, and crashes again. */
  function crashedInTwoLives(): TraceBuilder {
    let trace = running();
    for (const [index, ms] of [5_000, 8_000, 12_000].entries()) {
      const id = index === 0 ? 'c-u1-main' : `c-u1-${index}`;
      trace = trace.at(ms).container(id, webPod, 'exited', { ...exit, exitCode: 1 });
      trace = replace(trace.at(ms + 2_100), `c-u1-${index + 1}`);
    }
    trace.at(20_000).list('feed', []).at(20_100).stop(webPod).at(20_200).gone().agent(2).list('feed', [web]);
    trace
      .at(20_500)
      .call('RunPodSandbox', { pod: webPod, id: 's-u1' }, () => trace.sandbox('s-u1', webPod, 'ready'));
    return replace(trace.at(24_500), 'c-u1-8').at(26_000);
  }

  it('BACK-01: an agent may count on through a later life of the pod', () => {
    const trace = crashedInTwoLives().container('c-u1-8', webPod, 'exited', { ...exit, exitCode: 1 });
    trace.at(30_000).call('ListContainers', {}).at(33_500).call('ListContainers', {});
    expect(failed(replace(trace.at(34_000), 'c-u1-9').rest())).toEqual([]);
  });

  it('BACK-01: … but not without end', () => {
    const trace = crashedInTwoLives().container('c-u1-8', webPod, 'exited', { ...exit, exitCode: 1 });
    expect(failed(trace.rest())).toEqual(['BACK-01']);
  });

  it('BACK-02: a restart after a long run is held back', () => {
    const trace = running()
      .at(5_000)
      .container('c-u1-main', webPod, 'exited', { ...exit, exitCode: 1 });
    replace(trace.at(5_500), 'c-u1-2')
      .at(60_000)
      .container('c-u1-2', webPod, 'exited', { ...exit, exitCode: 1 });
    expect(failed(trace.rest())).toContain('BACK-02');
  });

  it('BACK-01: an attempt that failed is made again as any other', () => {
    const trace = createTrace(['feed'], {
      timings: { syncFrequencyMs: 20_000, errorRetryMs: 10_000 },
    }).agent();
    trace.list('feed', [web]).at(500).start(webPod);
    trace.at(5_000).container('c-u1-main', webPod, 'exited', { ...exit, exitCode: 1 });
    replace(trace.at(5_500), 'c-u1-2');
    trace.at(6_000).container('c-u1-2', webPod, 'exited', { ...exit, exitCode: 1 });
    const create = { pod: webPod, sandboxId: 's-u1', container: 'main', code: 'UNKNOWN' } as const;
    trace.at(7_500).call('CreateContainer', create);
    for (let second = 8; second < 22; second++) trace.at(second * 1_000).call('ListContainers', {});
    expect(failed(trace)).toEqual([]);
    for (let second = 22; second < 60; second++) trace.at(second * 1_000).call('ListContainers', {});
    expect(failed(trace)).toEqual(['BACK-01']);
  });

  it('BACK-01: the second restart in a row never comes', () => {
    const trace = running()
      .at(5_000)
      .container('c-u1-main', webPod, 'exited', { ...exit, exitCode: 1 });
    replace(trace.at(5_500), 'c-u1-2')
      .at(6_000)
      .container('c-u1-2', webPod, 'exited', { ...exit, exitCode: 1 });
    expect(failed(trace.rest())).toEqual(['BACK-01']);
  });
});
