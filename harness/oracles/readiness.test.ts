import { describe, expect, it } from 'vitest';
import type { Pod } from '../spec/pod.js';
import { Keys } from '../spec/pod.js';
import { failed } from './testing/failed.js';
import { asGiven, asStatic, createTrace, makePod, testNode } from './testing/trace-builder.js';
import type { TraceBuilder } from './testing/trace-builder.js';

const web = makePod('web');
const mirror = makePod(`web-${testNode}`, {
  uid: 'mirror-1',
  metadata: { annotations: { [Keys.annotationConfigMirror]: 'hash-1' } },
});

describe('mirrors before every source has delivered', () => {
  /** The present life of the agent has been shown the API's pods, and not yet what the manifest URL says. */
  const waiting = (options: { attached?: true } = {}): TraceBuilder => {
    const trace = createTrace(['api', 'file', 'http'], options).agent();
    return trace.list('api', []).list('file', []).at(500);
  };
  const deleted = (trace: TraceBuilder, result: object | undefined): TraceBuilder =>
    trace.add({
      kind: 'api.request',
      actor: 'agent',
      verb: 'delete',
      resource: 'pods',
      namespace: 'default',
      name: mirror.metadata.name,
      query: {},
      status: result === undefined ? 404 : 200,
      body: { gracePeriodSeconds: 0, preconditions: { uid: 'mirror-1' } },
      ...(result === undefined ? {} : { result }),
    });

  it('MUX-11: a mirror is deleted', () => {
    expect(failed(deleted(waiting(), mirror))).toEqual(['MUX-11']);
    expect(failed(deleted(waiting().list('http', []), mirror))).toEqual([]);
  });

  it('MUX-11: … one that is not there, or is no mirror, or is going already, does not count', () => {
    expect(failed(deleted(waiting(), undefined))).toEqual([]);
    expect(failed(deleted(waiting(), { ...mirror, metadata: { name: 'x', uid: 'mirror-1' } }))).toEqual([]);
    const metadata = { ...mirror.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    expect(failed(deleted(waiting(), { ...mirror, metadata }))).toEqual([]);
  });

  it('MUX-11: the answer to the deletion that ends a mirror says so, which was not asked for before', () => {
    const ended = (graceS: number): Pod => ({
      ...mirror,
      metadata: {
        ...mirror.metadata,
        deletionTimestamp: '2026-01-01T00:00:00Z',
        deletionGracePeriodSeconds: graceS,
      },
    });
    expect(failed(deleted(waiting(), ended(0)))).toEqual(['MUX-11']);
    expect(
      failed(
        deleted(
          waiting()
            .list('api', [ended(30)])
            .at(900),
          ended(0),
        ),
      ),
    ).toEqual([]);
    expect(failed(deleted(waiting(), ended(30)))).toEqual([]);
  });

  it('MUX-11: the mirror of a pod that a source lists may be replaced', () => {
    const trace = waiting()
      .list('file', [makePod('web', { image: 'image:2' })])
      .at(900);
    expect(failed(deleted(trace, mirror))).toEqual([]);
    trace.at(1_000).list('file', []).at(1_500);
    expect(failed(deleted(trace, mirror))).toEqual([]);
    expect(failed(deleted(trace.looking(12_000), mirror))).toEqual(['MUX-11']);
  });

  it('MUX-11: the first list of a source may lack a pod that the life before was shown', () => {
    const trace = createTrace(['api', 'file', 'http']).agent().list('api', []).list('file', [web]);
    trace.list('http', []).at(5_000).gone().at(6_000).agent(2).list('api', []).list('file', []).at(6_500);
    expect(failed(deleted(trace, mirror))).toEqual(['MUX-11']);
  });

  it('MUX-11: what an agent that somebody else started was shown before is not known', () => {
    expect(failed(deleted(waiting({ attached: true }), mirror))).toEqual([]);
  });
});

describe('garbage before every source has delivered', () => {
  const webPod = asStatic(web, 'u1');

  /** The pod has ended; the agent's next life has been shown no source but the one that says this. */
  const restarted = (shown: readonly Pod[], options: { starts?: string[] } = {}): TraceBuilder => {
    const trace = createTrace(['file', 'http']).agent().list('file', []);
    for (const suffix of options.starts ?? ['']) {
      const t = trace.events.at(-1)!.t;
      trace
        .list('http', [web])
        .at(t + 500)
        .start(webPod, { suffix });
      trace
        .at(t + 5_000)
        .list('http', [])
        .at(t + 5_500)
        .stop(webPod, { suffix });
    }
    return trace.at(20_000).gone().at(21_000).agent(2).list('file', shown).at(21_500);
  };

  it('MUX-11: what is left of a pod that no source has shown is removed', () => {
    expect(failed(restarted([]).remove(webPod))).toEqual(['MUX-11']);
    const sandbox = restarted([]).call('RemovePodSandbox', { pod: webPod, sandboxId: 's-u1' });
    expect(failed(sandbox)).toContain('MUX-11');
    expect(failed(restarted([]).list('http', []).at(21_800).remove(webPod))).toEqual([]);
  });

  it('MUX-11: … also when its own source has delivered, and lists it no more', () => {
    const job = makePod('job', { restartPolicy: 'Never' });
    const jobPod = asStatic(job, 'u3');
    const without = (options: { isListed: boolean }): string[] => {
      const trace = createTrace(['file', 'http']).agent().list('file', [job]).list('http', []).at(500);
      trace.start(jobPod).at(5_000);
      trace.container('c-u3-main', jobPod, 'exited', { cause: 'workload', exitCode: 0, sandboxId: 's-u3' });
      trace.sandbox('s-u3', jobPod, 'notReady').at(20_000).gone().at(21_000).agent(2);
      if (options.isListed) trace.list('file', [job]).at(21_200);
      return failed(trace.list('file', []).looking(35_000).remove(jobPod));
    };
    expect(without({ isListed: false })).toEqual(['MUX-11']);
    // What this life has been shown it may have found finished, and so done with.
    expect(without({ isListed: true })).not.toContain('MUX-11');
  });

  it('MUX-11: … but not while a source shows it, or has shown another version of it', () => {
    expect(failed(restarted([web]).remove(webPod))).not.toContain('MUX-11');
    expect(failed(restarted([makePod('web', { image: 'image:2' })]).remove(webPod))).not.toContain('MUX-11');
  });

  it('MUX-11: what a newer attempt has taken the place of is surplus, whoever wants the pod', () => {
    const trace = restarted([], { starts: ['', 'b'] });
    const old = { pod: webPod, container: 'main', containerId: 'c-u1-main' };
    trace.call('RemoveContainer', old).call('RemovePodSandbox', { pod: webPod, sandboxId: 's-u1' });
    expect(failed(trace)).not.toContain('MUX-11');
    trace.call('RemoveContainer', { ...old, containerId: 'c-u1b-main' });
    expect(failed(trace)).toContain('MUX-11');
  });

  it('MUX-11: a container that never ran is no pod’s past', () => {
    const trace = createTrace(['file', 'http']).agent().list('file', []).list('http', [web]).at(500);
    trace.call('RunPodSandbox', { pod: webPod, id: 's' }, () => trace.sandbox('s', webPod, 'ready'));
    const target = { pod: webPod, sandboxId: 's', container: 'main' };
    trace.call('CreateContainer', { ...target, id: 'c' }, () =>
      trace.container('c', webPod, 'created', { sandboxId: 's' }),
    );
    trace.call('StopPodSandbox', { pod: webPod, sandboxId: 's' }, () =>
      trace.sandbox('s', webPod, 'notReady'),
    );
    trace.at(20_000).gone().at(21_000).agent(2).list('file', []).at(21_500);
    trace.call('RemoveContainer', { pod: webPod, container: 'main', containerId: 'c' });
    trace.call('RemovePodSandbox', { pod: webPod, sandboxId: 's' });
    expect(failed(trace)).not.toContain('MUX-11');
  });

  it('MUX-11: a deletion that an earlier life was shown may go on', () => {
    const given = makePod('db', { uid: 'u2' });
    const collected = (shown: Pod): string[] => {
      const trace = createTrace(['feed', 'http']).agent().list('feed', [given]).list('http', []).at(500);
      trace.start(asGiven(given)).at(9_000).list('feed', [shown]).at(9_500).stop(asGiven(given));
      trace.at(20_000).gone().at(21_000).agent(2).list('http', []).at(21_500);
      return failed(trace.remove(asGiven(given)));
    };
    const metadata = { ...given.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    expect(collected({ ...given, metadata })).not.toContain('MUX-11');
    expect(collected(given)).toContain('MUX-11');
  });
});
