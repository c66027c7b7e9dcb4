import { describe, expect, it } from 'vitest';
import { failed } from './testing/failed.js';
import { asStatic, createTrace, makePod } from './testing/trace-builder.js';
import type { CallSketch, TraceBuilder } from './testing/trace-builder.js';

const web = makePod('web');
const webPod = asStatic(web, 'u1');
const container = { pod: webPod, container: 'main', containerId: 'c-u1-main' };

/** The pod was removed and has ended; its records are left. */
function ended(): TraceBuilder {
  const trace = createTrace(['file']).agent().list('file', [web]).at(500).start(webPod);
  return trace.at(9_000).list('file', []).at(9_500).stop(webPod).at(10_000);
}

function removeSandbox(trace: TraceBuilder): TraceBuilder {
  return trace.call('RemovePodSandbox', { pod: webPod, sandboxId: 's-u1' }, () => {
    trace.container('c-u1-main', webPod, 'removed', { sandboxId: 's-u1' });
    trace.sandbox('s-u1', webPod, 'removed');
  });
}

describe('the order in which a pod is removed from the runtime', () => {
  it('GC-01: a sandbox is removed while a container of it is left', () => {
    expect(failed(removeSandbox(ended()))).toEqual(['GC-01']);
    expect(failed(ended().remove(webPod))).toEqual([]);
  });

  it('GC-02: so it is while the pod is still wanted', () => {
    const trace = createTrace(['file']).agent().list('file', [web]).at(500).start(webPod).at(9_000);
    trace.container('c-u1-main', webPod, 'exited', { cause: 'workload', exitCode: 1, sandboxId: 's-u1' });
    trace.sandbox('s-u1', webPod, 'notReady', 'outside');
    expect(failed(removeSandbox(trace.at(9_500)))).toContain('GC-02');
  });

  it.each<
    [what: string, method: 'RemoveContainer' | 'ContainerStatus' | 'StopContainer', sketch: CallSketch]
  >([
    ['was removed as far as the answer said', 'RemoveContainer', { effect: 'none' }],
    ['was gone already, as far as the answer said', 'RemoveContainer', { code: 'NOT_FOUND', effect: 'none' }],
    ['may have been removed', 'RemoveContainer', { code: 'DEADLINE_EXCEEDED', effect: 'none' }],
    ['is unknown to the runtime, as that said', 'ContainerStatus', { code: 'NOT_FOUND' }],
    ['cannot be stopped, since it is not there', 'StopContainer', { code: 'NOT_FOUND', effect: 'none' }],
  ])('GC-01: … unless the container %s', (_what, method, sketch) => {
    expect(failed(removeSandbox(ended().call(method, { ...container, ...sketch })))).toEqual([]);
  });

  it('GC-01: … or a list has just concealed it', () => {
    const trace = ended().add({
      kind: 'fault',
      actor: 'harness',
      fault: 0,
      effect: 'partialList',
      target: 'ListContainers',
    });
    expect(failed(removeSandbox(trace))).toEqual([]);
  });

  /** An earlier life of the agent started the container. */
  const adopted = (): TraceBuilder => ended().gone().at(11_000).agent(2).list('file', []).at(11_500);
  const listed = (trace: TraceBuilder, asOf: number, request: object = {}): TraceBuilder => {
    trace.call('ListContainers', { request });
    trace.events[trace.events.length - 1] = {
      ...trace.events.at(-1)!,
      asOf,
    } as (typeof trace.events)[number];
    return trace;
  };

  it('GC-01: what an earlier life has left counts once a whole list has shown it', () => {
    const now = adopted().events.length;
    expect(failed(removeSandbox(adopted()))).toEqual([]);
    expect(failed(removeSandbox(listed(adopted(), 3)))).toEqual([]);
    expect(failed(removeSandbox(listed(adopted(), now, { filter: { id: 'c-2' } })))).toEqual([]);
    expect(failed(removeSandbox(listed(adopted(), now)))).toEqual(['GC-01']);
  });

  it('GC-01: an answer from before the container was started says that there is none', () => {
    expect(failed(removeSandbox(listed(ended(), 3)))).toEqual([]);
  });
});
