import { describe, expect, it } from 'vitest';
import { boundsOf, fastTimings, garbageBoundMs } from '../spec/timings.js';
import { exercised, failed } from './testing/failed.js';
import { asGiven, createTrace, makePod } from './testing/trace-builder.js';
import type { TraceBuilder } from './testing/trace-builder.js';

const web = makePod('web', { uid: 'u1' });
const webPod = asGiven(web);

function running(): TraceBuilder {
  return createTrace(['feed']).agent().list('feed', [web]).at(500).start(webPod);
}

describe('agent restart, orphans and runtime faults', () => {
  it('ADOPT-01: a restarted agent stops, or doubles, what runs', () => {
    const restarted = (): TraceBuilder =>
      running().at(20_000).gone().at(21_000).agent(2).list('feed', [web]).at(21_500);
    expect(failed(restarted().rest())).toEqual([]);
    expect(exercised(restarted(), 'ADOPT-01')).toBe(1);
    expect(failed(restarted().stop(webPod))).toEqual(['ADOPT-01']);
    expect(failed(restarted().call('RunPodSandbox', { pod: webPod }))).toEqual(['ADOPT-01']);
  });

  it('ADOPT-01: of two sandboxes that a restarted agent took for ready, one had been ended from outside', () => {
    const stoppedWith = (lostAtMs: number): TraceBuilder => {
      const trace = createTrace(['feed']).agent().list('feed', [web]).gone().at(500).agent(2);
      trace.list('feed', [web]).at(1_000).sandbox('s-late', webPod, 'ready').at(lostAtMs);
      trace.sandbox('s-late', webPod, 'notReady', 'outside').sandbox('s-late', webPod, 'removed', 'outside');
      const own = { pod: webPod, id: 's-own' };
      trace.at(4_000).call('RunPodSandbox', own, () => trace.sandbox('s-own', webPod, 'ready'));
      return trace.at(4_010).call('StopPodSandbox', { pod: webPod, sandboxId: 's-own' });
    };
    expect(failed(stoppedWith(3_900))).toEqual([]);
    expect(failed(stoppedWith(1_500))).toEqual(['ADOPT-01']);
  });

  it('ADOPT-01: a restarted agent reports what runs as not ready', () => {
    const status = (trace: TraceBuilder, ready: 'True' | 'False', pod = web): TraceBuilder =>
      trace.add({
        kind: 'api.request',
        actor: 'agent',
        verb: 'patch',
        resource: 'pods',
        subresource: 'status',
        namespace: 'default',
        name: 'web',
        query: {},
        status: 200,
        result: { ...pod, status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready }] } },
      });
    const restarted = (pod = web, until = (trace: TraceBuilder) => trace): TraceBuilder => {
      const trace = createTrace(['api']).agent().list('api', [pod]).at(500).start(webPod, { spec: pod });
      return status(until(trace).at(1_000), 'True', pod)
        .at(20_000)
        .gone()
        .at(21_000)
        .agent(2)
        .list('api', [pod]);
    };
    expect(failed(status(restarted().at(21_500), 'True'))).toEqual([]);
    expect(failed(status(restarted().at(21_500), 'False'))).toEqual(['ADOPT-01']);
    const crashed = { cause: 'workload', exitCode: 1, sandboxId: 's-u1' } as const;
    const changed = restarted().at(21_400).container('c-u1-main', webPod, 'exited', crashed);
    expect(failed(status(changed.at(21_500), 'False'))).toEqual([]);
    // What the life before reported last was from before the end of a container.
    const { spec } = web;
    const two = {
      ...web,
      spec: { ...spec, containers: [...spec.containers, { name: 'side', image: 'image:1' }] },
    };
    const outdated = restarted(two, (trace) =>
      trace.at(990).container('c-u1-side', webPod, 'exited', { ...crashed, name: 'side' }),
    );
    expect(failed(status(restarted(two).at(21_500), 'False', two))).toEqual(['ADOPT-01']);
    expect(failed(status(outdated.at(21_500), 'False', two))).toEqual([]);
    const unknown = restarted().at(21_400).call('ContainerStatus', { pod: webPod, code: 'UNAVAILABLE' });
    expect(failed(status(unknown.at(21_500), 'False'))).toEqual([]);
    const edited = makePod('web', { uid: 'u1', image: 'image:2' });
    expect(failed(status(restarted().at(21_400).list('api', [edited]).at(21_500), 'False'))).toEqual([]);
  });

  it('ADOPT-02: a container that ended while the agent was down is never replaced', () => {
    const trace = running().at(20_000).gone().at(20_500);
    trace.container('c-u1-main', webPod, 'exited', { cause: 'workload', exitCode: 1, sandboxId: 's-u1' });
    expect(failed(trace.at(21_000).agent(2).list('feed', [web]).rest())).toEqual(['ADOPT-02']);
  });

  it('ADOPT-03: an interrupted termination is never finished', () => {
    const trace = running().at(20_000).list('feed', []).at(20_500);
    trace.call('StopContainer', {
      pod: webPod,
      container: 'main',
      containerId: 'c-u1-main',
      request: { timeout: 2 },
      effect: 'none',
    });
    expect(failed(trace.at(20_600).gone().at(21_000).agent(2).list('feed', []).rest())).toContain('ADOPT-03');
  });

  it('MUX-11: a deletion that this life was shown may be carried out, though its object has gone since', () => {
    const deleting = { ...web, metadata: { ...web.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    const stoppedAfter = (shown: typeof web): TraceBuilder => {
      const trace = createTrace(['feed', 'http']).agent().list('feed', [web]).list('http', []);
      trace.at(500).start(webPod).at(20_000).gone().at(21_000).agent(2).list('feed', [shown]);
      return trace.at(21_100).list('feed', []).at(21_500).stop(webPod);
    };
    expect(failed(stoppedAfter(deleting))).toEqual([]);
    expect(failed(stoppedAfter(web))).toEqual(['MUX-11']);
  });

  it('WORK-04: a new life may have found the end of an earlier one that is removed only now', () => {
    const never = makePod('job', { uid: 'uid-job', restartPolicy: 'Never' });
    const job = asGiven(never);
    const trace = createTrace(['feed']).agent().list('feed', [never]).at(500).start(job);
    trace.at(2_000).container('c-uid-job-main', job, 'exited', { cause: 'workload', exitCode: 0 });
    trace
      .at(3_000)
      .list('feed', [])
      .at(3_100)
      .call('StopPodSandbox', { pod: job, sandboxId: 's-uid-job' }, () =>
        trace.sandbox('s-uid-job', job, 'notReady'),
      );
    trace.at(3_200).gone().agent(2).list('feed', [never]);
    trace.at(3_300).container('c-uid-job-main', job, 'removed', { cause: 'agent' });
    expect(failed(trace.rest())).toEqual([]);
  });

  it('ORPH-01: what was removed while the agent was down runs on', () => {
    const trace = running().at(20_000).gone().at(21_000).agent(2).list('feed', []);
    expect(failed(trace.rest())).toEqual(['ORPH-01']);
  });

  it('ORPH-01: … and may do so for as long as a look at it takes the runtime', () => {
    const stoppedAfter = (lateMs: number): string[] => {
      const trace = running().at(20_000).gone().at(21_000).agent(2).list('feed', []);
      const look = { pod: webPod, container: 'main', containerId: 'c-u1-main' };
      trace.call('ContainerStatus', look, () => trace.looking(21_000 + lateMs));
      return failed(trace.looking(29_000).stop(webPod));
    };
    expect(stoppedAfter(7_000)).toEqual([]);
    expect(stoppedAfter(0)).toEqual(['ORPH-01']);
  });

  it('ORPH-02: a wanted pod is stopped after a listing failed', () => {
    const trace = running()
      .at(20_000)
      .call('ListPodSandbox', { code: 'UNAVAILABLE' })
      .at(20_500)
      .stop(webPod);
    expect(failed(trace)).toEqual(['ORPH-02']);
  });

  it('RT-05: a failed listing is read as empty', () => {
    const trace = running().at(20_000).call('ListPodSandbox', { code: 'UNAVAILABLE' }).at(20_500);
    expect(failed(trace.call('RunPodSandbox', { pod: webPod }))).toEqual(['RT-05']);
    expect(exercised(trace, 'RT-05')).toBe(1);
  });

  it('RT-01: a start that took effect although it failed is done again', () => {
    const trace = createTrace(['feed']).agent().list('feed', [web]).at(500);
    trace.call('RunPodSandbox', { pod: webPod, code: 'DEADLINE_EXCEEDED', effect: 'OK', id: 's-1' }, () =>
      trace.sandbox('s-1', webPod, 'ready'),
    );
    expect(exercised(trace, 'RT-01')).toBe(1);
    expect(failed(trace.at(9_000).call('RunPodSandbox', { pod: webPod }))).toEqual(['RT-01']);
  });

  it('QUIET-01: what is done in vain for a container that keeps ending is no unrest either', () => {
    const crashing = makePod('web', { uid: 'uid-1', args: ['--run-ms=500'] });
    const pod = asGiven(crashing);
    const trace = createTrace(['feed']).agent().list('feed', [crashing]).at(500).start(pod);
    trace.at(59_500).container('c-uid-1-main', pod, 'exited', { cause: 'workload', exitCode: 0 });
    trace.at(60_000).phase('quiet').at(61_000);
    const again = { containerId: 'c-uid-1-main' };
    trace.call('RemoveContainer', again, () => trace.container('c-uid-1-main', pod, 'removed'));
    expect(failed(trace.call('RemoveContainer', again))).toEqual([]);
    expect(failed(trace.call('RemoveContainer', { containerId: 'never-there' }))).toEqual(['QUIET-01']);
  });

  it('QUIET-01: what a restart left behind may be removed within a period of garbage collection', () => {
    const restarted = (): TraceBuilder => {
      const trace = createTrace(['feed']).agent().list('feed', [web]).at(500).start(webPod);
      trace.at(50_000).container('c-u1-main', webPod, 'exited', { cause: 'workload', exitCode: 1 });
      const next = { sandboxId: 's-u1' };
      trace.container('c-2', webPod, 'created', next).container('c-2', webPod, 'running', next);
      return trace.at(50_100).phase('settled').phase('quiet');
    };
    const removed = (trace: TraceBuilder): TraceBuilder =>
      trace.call('RemoveContainer', { containerId: 'c-u1-main' }, () =>
        trace.container('c-u1-main', webPod, 'removed'),
      );
    const lastMs = 50_000 + garbageBoundMs(boundsOf(fastTimings));
    expect(failed(removed(restarted().at(lastMs)))).toEqual([]);
    expect(failed(removed(restarted().at(lastMs + 100)))).toEqual(['QUIET-01']);
    // Who keeps the last one that ended removes the one before it, however long ago that ended.
    const again = createTrace(['feed']).agent().list('feed', [web]).at(500).start(webPod);
    const run = (id: string, endedMs: number): void => {
      again
        .at(endedMs)
        .container(id, webPod, 'exited', { cause: 'workload', exitCode: 1, sandboxId: 's-u1' });
    };
    run('c-u1-main', 10_000);
    for (const [id, fromMs] of [
      ['c-2', 12_000],
      ['c-3', 50_000],
    ] as const) {
      if (id === 'c-3') run('c-2', 49_000);
      again.at(fromMs).container(id, webPod, 'created', { sandboxId: 's-u1' });
      again.container(id, webPod, 'running', { sandboxId: 's-u1' });
    }
    expect(failed(removed(again.at(50_100).phase('settled').phase('quiet').at(54_000)))).not.toContain(
      'QUIET-01',
    );
  });

  it('QUIET-01: what is left of a pod may be collected in the quiet phase, while that is due', () => {
    const ended = (): TraceBuilder => {
      const trace = createTrace(['feed']).agent().list('feed', [web]).at(500).start(webPod);
      trace.at(50_000).list('feed', []).at(50_500).stop(webPod);
      return trace.at(50_600).phase('settled').phase('quiet');
    };
    const sandbox = { pod: webPod, sandboxId: 's-u1' };
    const containersMs = 50_500 + garbageBoundMs(boundsOf(fastTimings));
    expect(failed(ended().at(containersMs).call('StopPodSandbox', sandbox).remove(webPod))).toEqual([]);
    const stoppedAgain = ended()
      .at(containersMs - 100)
      .call('StopPodSandbox', sandbox);
    expect(failed(stoppedAgain)).toEqual([]);
    expect(failed(stoppedAgain.at(containersMs).call('StopPodSandbox', sandbox))).toEqual(['QUIET-01']);
    // What the runtime could not do is asked of it again.
    const refused = ended().at(containersMs - 100);
    refused.call('StopPodSandbox', { ...sandbox, code: 'UNKNOWN' }).call('StopPodSandbox', sandbox);
    expect(failed(refused)).toEqual([]);
    expect(failed(refused.call('StopPodSandbox', sandbox))).toEqual(['QUIET-01']);
    expect(
      failed(
        ended()
          .at(containersMs + 100)
          .remove(webPod),
      ),
    ).toEqual(['QUIET-01']);
    expect(
      failed(
        ended()
          .at(containersMs + 100)
          .call('StopPodSandbox', sandbox),
      ),
    ).toEqual(['QUIET-01']);
  });

  it('QUIET-01: a pod that has ended for good is at rest, and one that is restarted is not', () => {
    const ended = (restartPolicy: 'Never' | 'OnFailure', exitCode: number): TraceBuilder => {
      const given = makePod('web', { uid: 'uid-1', args: ['--run-ms=500'], restartPolicy });
      const pod = asGiven(given);
      const sandbox = { pod, sandboxId: 's-uid-1' };
      const trace = createTrace(['feed']).agent().list('feed', [given]).at(500).start(pod);
      trace.at(1_000).container('c-uid-1-main', pod, 'exited', { cause: 'workload', exitCode });
      trace.call('StopPodSandbox', sandbox, () => trace.sandbox('s-uid-1', pod, 'notReady'));
      return trace
        .at(60_000)
        .phase('settled')
        .phase('quiet')
        .at(61_000)
        .call('StopPodSandbox', sandbox)
        .at(62_000)
        .call('StopPodSandbox', sandbox);
    };
    expect(failed(ended('Never', 1))).toEqual(['QUIET-01']);
    expect(failed(ended('OnFailure', 0))).toEqual(['QUIET-01']);
    expect(failed(ended('OnFailure', 1))).not.toContain('QUIET-01');
  });

  it('QUIET-01: a call in the quiet phase', () => {
    const trace = running().at(90_000).phase('settled').phase('quiet').at(91_000);
    expect(failed(trace)).toEqual([]);
    expect(failed(trace.call('PullImage', { pod: webPod }))).toEqual(['QUIET-01']);
  });
});
