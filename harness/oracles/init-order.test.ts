import { describe, expect, it } from 'vitest';
import { fastTimings } from '../spec/timings.js';
import { exercised, failed } from './testing/failed.js';
import { asGiven, createTrace, makePod } from './testing/trace-builder.js';
import type { TraceBuilder } from './testing/trace-builder.js';

const init = { name: 'init', image: 'image:1' };
const helper = { name: 'helper', image: 'image:1', restartPolicy: 'Always' as const };
const plainPod = asGiven(makePod('web', { uid: 'u1', initContainers: [init] }));
const sidecarPod = asGiven(makePod('web', { uid: 'u1', initContainers: [helper] }));
type Pod = typeof plainPod;
const { backoffInitialMs } = fastTimings;

/** The pod is listed, and has its first sandbox. */
function begun(pod: Pod, world: 'sim' | 'live' = 'sim'): TraceBuilder {
  const trace = createTrace(['feed'], { world }).agent().list('feed', [pod.pod]).at(500);
  return sandbox(trace, pod, 's-1', 0);
}

function sandbox(trace: TraceBuilder, pod: Pod, id: string, attempt: number): TraceBuilder {
  return trace.call('RunPodSandbox', { pod, id }, () => trace.sandbox(id, pod, 'ready', 'agent', attempt));
}

/** CreateContainer and StartContainer. */
function start(trace: TraceBuilder, pod: Pod, name: string, id: string, sandboxId = 's-1'): TraceBuilder {
  const request = { config: { metadata: { name }, image: { image: 'image:1' } } };
  if (name === 'main') Object.assign(request.config, { command: ['/workload'] });
  return trace
    .call('CreateContainer', { pod, sandboxId, container: name, id, request }, () =>
      trace.container(id, pod, 'created', { name, sandboxId }),
    )
    .call('StartContainer', { pod, sandboxId, container: name, containerId: id }, () =>
      trace.container(id, pod, 'running', { name, sandboxId }),
    );
}

function exit(trace: TraceBuilder, pod: Pod, name: string, id: string, exitCode: number): TraceBuilder {
  return trace.container(id, pod, 'exited', { name, exitCode, cause: 'workload', sandboxId: 's-1' });
}

/** The pod runs: its init container has succeeded once. */
function running(): TraceBuilder {
  const trace = begun(plainPod);
  start(trace, plainPod, 'init', 'i1').at(700);
  return start(exit(trace, plainPod, 'init', 'i1', 0), plainPod, 'main', 'm1');
}

/** The sandbox is killed from outside, and the agent makes another one. */
function damaged(): TraceBuilder {
  const trace = running().at(5_000);
  trace.sandbox('s-1', plainPod, 'notReady', 'outside');
  trace.container('m1', plainPod, 'exited', { cause: 'outside', exitCode: 137, sandboxId: 's-1' });
  return sandbox(trace.at(5_500), plainPod, 's-2', 1);
}

describe('init containers', () => {
  it('LIFE-03: a regular container is created while one still runs', () => {
    const trace = start(begun(plainPod), plainPod, 'init', 'i1').at(700);
    expect(failed(start(trace, plainPod, 'main', 'm1'))).toEqual(['LIFE-03']);
  });

  it('LIFE-03: … after one has failed', () => {
    const trace = start(begun(plainPod), plainPod, 'init', 'i1').at(700);
    expect(failed(start(exit(trace, plainPod, 'init', 'i1', 1), plainPod, 'main', 'm1'))).toEqual([
      'LIFE-03',
    ]);
  });

  it('LIFE-03: … after it has succeeded', () => {
    expect(failed(running())).toEqual([]);
    expect(exercised(running(), 'LIFE-03')).toBe(1);
  });

  it('LIFE-03: an init container is created while the one in front of it still runs', () => {
    const two = asGiven(makePod('web', { uid: 'u1', initContainers: [init, { ...init, name: 'setup' }] }));
    const trace = start(begun(two), two, 'init', 'i1').at(700);
    expect(failed(start(trace, two, 'setup', 'i2'))).toEqual(['LIFE-03']);
    const inTurn = start(begun(two), two, 'init', 'i1').at(700);
    expect(failed(start(exit(inTurn, two, 'init', 'i1', 0), two, 'setup', 'i2'))).toEqual([]);
  });

  it('LIFE-03: on a real clock the harness may hear of the end after the agent', () => {
    const trace = start(begun(plainPod, 'live'), plainPod, 'init', 'i1').at(700);
    expect(failed(start(trace, plainPod, 'main', 'm1'))).toEqual([]);
    expect(failed(start(begun(plainPod, 'live'), plainPod, 'main', 'm1'))).toEqual(['LIFE-03']);
  });

  it('LIFE-03: one that the version which the agent works on did not have is not asked for', () => {
    const trace = createTrace(['feed'])
      .agent()
      .list('feed', [makePod('web', { uid: 'u1' })])
      .at(500);
    sandbox(trace, plainPod, 's-1', 0).list('feed', [plainPod.pod]);
    expect(failed(start(trace, plainPod, 'main', 'm1'))).toEqual([]);
  });

  it('LIFE-02: they do not run again in a new sandbox', () => {
    expect(failed(start(damaged(), plainPod, 'main', 'm2', 's-2'))).toEqual(['LIFE-02']);
  });

  it('LIFE-02: they do', () => {
    const trace = start(damaged(), plainPod, 'init', 'i2', 's-2').at(6_000);
    trace.container('i2', plainPod, 'exited', {
      name: 'init',
      exitCode: 0,
      cause: 'workload',
      sandboxId: 's-2',
    });
    expect(failed(start(trace, plainPod, 'main', 'm2', 's-2'))).toEqual([]);
  });

  it('LIFE-09: what was damaged waits for them, however long they take', () => {
    const trace = start(damaged(), plainPod, 'init', 'i2', 's-2').looking(90_000);
    trace.container('i2', plainPod, 'exited', {
      name: 'init',
      exitCode: 0,
      cause: 'workload',
      sandboxId: 's-2',
    });
    expect(failed(trace.looking(91_000))).toEqual([]);
    expect(failed(trace.looking(180_000))).toEqual(['LIFE-09']);
  });

  it('LIFE-06, BACK-01: … and so does what has ended by itself', () => {
    const trace = running().at(2_000);
    start(exit(trace, plainPod, 'main', 'm1', 1).at(2_500), plainPod, 'main', 'm2').at(3_000);
    exit(trace, plainPod, 'main', 'm2', 1).sandbox('s-1', plainPod, 'notReady', 'outside');
    sandbox(trace.at(3_500), plainPod, 's-2', 1);
    start(trace, plainPod, 'init', 'i2', 's-2').looking(90_000);
    expect(failed(trace)).toEqual([]);
    trace.container('i2', plainPod, 'exited', {
      name: 'init',
      exitCode: 0,
      cause: 'workload',
      sandboxId: 's-2',
    });
    expect(failed(trace.looking(180_000))).toEqual(['BACK-01']);
  });

  it('BACK-01: one that has failed twice starts again at once', () => {
    const trace = start(begun(plainPod), plainPod, 'init', 'i1').at(700);
    start(exit(trace, plainPod, 'init', 'i1', 1).at(800), plainPod, 'init', 'i2').at(900);
    start(exit(trace, plainPod, 'init', 'i2', 1).at(1_000), plainPod, 'init', 'i3');
    expect(failed(trace)).toEqual(['BACK-01']);
  });

  it('BACK-01: … starts again in time', () => {
    const trace = start(begun(plainPod), plainPod, 'init', 'i1').at(700);
    start(exit(trace, plainPod, 'init', 'i1', 1).at(800), plainPod, 'init', 'i2').at(900);
    start(exit(trace, plainPod, 'init', 'i2', 1).at(1_000 + backoffInitialMs), plainPod, 'init', 'i3');
    expect(failed(trace.looking(120_000))).toEqual([]);
  });

  it('BACK-01: … never starts again', () => {
    const trace = start(begun(plainPod), plainPod, 'init', 'i1').at(700);
    start(exit(trace, plainPod, 'init', 'i1', 1).at(800), plainPod, 'init', 'i2').at(900);
    expect(failed(exit(trace, plainPod, 'init', 'i2', 1).looking(120_000))).toEqual(['BACK-01']);
  });
});

describe('the rest of a pod with init containers', () => {
  it('MUX-02: a sidecar is never started', () => {
    expect(failed(start(begun(sidecarPod), sidecarPod, 'main', 'm1').rest())).toEqual(['MUX-02']);
  });

  it('MUX-02: it is', () => {
    const trace = start(begun(sidecarPod), sidecarPod, 'helper', 'h1');
    expect(failed(start(trace, sidecarPod, 'main', 'm1').rest())).toEqual([]);
  });

  it('MUX-02: what waits behind a sidecar in back-off is not missed', () => {
    const trace = start(begun(sidecarPod), sidecarPod, 'helper', 'h1')
      .at(118_000)
      .phase('heal')
      .phase('settle');
    exit(trace.at(119_900), sidecarPod, 'helper', 'h1', 1).at(120_000).phase('settled').phase('quiet');
    expect(
      failed(trace.at(120_100).add({ kind: 'run.ended', actor: 'harness', outcome: 'complete' })),
    ).toEqual([]);
  });

  it('MUX-02: the regular containers are never started', () => {
    const trace = start(begun(plainPod), plainPod, 'init', 'i1').at(700);
    expect(failed(exit(trace, plainPod, 'init', 'i1', 0).rest())).toEqual(['MUX-02']);
  });

  it('MUX-02: an init container has only just succeeded when the world is found at rest', () => {
    const trace = start(begun(plainPod), plainPod, 'init', 'i1').at(118_000).phase('heal').phase('settle');
    exit(trace.at(119_900), plainPod, 'init', 'i1', 0).at(120_000).phase('settled').phase('quiet');
    expect(
      failed(trace.at(120_100).add({ kind: 'run.ended', actor: 'harness', outcome: 'complete' })),
    ).toEqual([]);
  });

  it('MUX-02: … and the first regular container was started, but not yet the second', () => {
    const { pod } = plainPod;
    const containers = [...pod.spec.containers, { name: 'side', image: 'image:1' }];
    const two = asGiven({ ...pod, spec: { ...pod.spec, containers } });
    const trace = start(begun(two), two, 'init', 'i1').at(118_000).phase('heal').phase('settle');
    start(exit(trace.at(119_900), two, 'init', 'i1', 0), two, 'main', 'm1');
    const end = { kind: 'run.ended', actor: 'harness', outcome: 'complete' } as const;
    expect(failed(trace.at(120_000).phase('settled').phase('quiet').at(120_100).add(end))).toEqual([]);
  });

  it('LIFE-02: nothing runs in the new sandbox, not even an init container', () => {
    expect(failed(damaged().rest())).toEqual(['LIFE-02']);
  });
});
