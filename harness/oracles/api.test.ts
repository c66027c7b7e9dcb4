import { describe, expect, it } from 'vitest';
import type { ApiRequest } from '../trace/events.js';
import { exercised, failed } from './testing/failed.js';
import { asGiven, createTrace, makePod, testNode } from './testing/trace-builder.js';
import type { TraceBuilder } from './testing/trace-builder.js';

const web = makePod('web', { uid: 'u1' });
const webPod = asGiven(web);

function ask(trace: TraceBuilder, request: Partial<ApiRequest>): TraceBuilder {
  return trace.add({
    kind: 'api.request',
    actor: 'agent',
    verb: 'list',
    resource: 'pods',
    query: {},
    status: 200,
    ...request,
  });
}

const ofThisNode = { query: { fieldSelector: `spec.nodeName=${testNode}` } };

describe('api', () => {
  it('API-01: pods of other nodes are asked for, or before the node is known', () => {
    const good = ask(ask(createTrace(['api']).agent(), { resource: 'nodes' }), ofThisNode);
    expect(failed(good)).toEqual([]);
    expect(exercised(good, 'API-01')).toBe(1);
    expect(failed(ask(ask(createTrace(['api']).agent(), { resource: 'nodes' }), {}))).toEqual(['API-01']);
    expect(failed(ask(createTrace(['api']).agent(), ofThisNode))).toEqual(['API-01']);
    const attached = createTrace(['api'], { attached: true }).agent();
    expect(failed(ask(attached, ofThisNode))).toEqual([]);
  });

  it('API-02: an event sent twice stops a pod', () => {
    const trace = createTrace(['api']).agent().list('api', [web]).at(500).start(webPod);
    trace.at(30_000).change('api', 'modified', web).at(30_500).stop(webPod);
    expect(failed(trace)).toEqual(['API-02']);
  });

  it('API-03: a pod that a new list lacks runs on', () => {
    const trace = createTrace(['api'], { features: [] }).agent().list('api', [web]).at(500).start(webPod);
    expect(failed(trace.at(30_000).error('api', '410 Gone').list('api', []).rest())).toContain('API-03');
  });

  it('API-04: an outage stops a pod', () => {
    const trace = createTrace(['api']).agent().list('api', [web]).at(500).start(webPod);
    expect(failed(trace.at(30_000).error('api', 'connection refused').at(30_500).stop(webPod))).toEqual([
      'API-04',
    ]);
  });

  it('TERM-06: an object is deleted while a container runs, or without naming its UID', () => {
    const gone = { ...web, metadata: { ...web.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    const start = (): TraceBuilder =>
      createTrace(['api']).agent().list('api', [web]).at(500).start(webPod).at(9_000).list('api', [gone]);
    const body = { gracePeriodSeconds: 0, preconditions: { uid: 'u1' } };
    const named = { verb: 'delete' as const, namespace: 'default', name: 'web' };
    expect(failed(ask(start(), { ...named, body }))).toEqual(['TERM-06']);
    expect(failed(ask(start().at(9_500).stop(webPod), { ...named, body }))).toEqual([]);
    const unnamed = { ...named, body: { gracePeriodSeconds: 0 } };
    expect(failed(ask(start().at(9_500).stop(webPod), unnamed))).toEqual(['TERM-06']);
  });

  it('TERM-06: an object is deleted without a grace period of zero, in the options or in the query', () => {
    const gone = { ...web, metadata: { ...web.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    const stopped = (): TraceBuilder => {
      const trace = createTrace(['api']).agent().list('api', [web]).at(500).start(webPod);
      return trace.at(9_000).list('api', [gone]).at(9_500).stop(webPod);
    };
    const body = { preconditions: { uid: 'u1' } };
    const named = { verb: 'delete' as const, namespace: 'default', name: 'web', body };
    expect(failed(ask(stopped(), named))).toEqual(['TERM-06']);
    expect(failed(ask(stopped(), { ...named, body: { ...body, gracePeriodSeconds: 30 } }))).toEqual([
      'TERM-06',
    ]);
    expect(failed(ask(stopped(), { ...named, query: { gracePeriodSeconds: '0' } }))).toEqual([]);
  });

  it('API-03: who came back only to be told to begin anew may wait once more', () => {
    const atRest = (detail: string, atMs: number): string[] => {
      const trace = createTrace(['api']).agent().list('api', []).at(1_000).error('api', 'ECONNREFUSED');
      trace.at(2_000).held('api', [web]).phase('heal').looking(50_000).error('api', detail);
      return failed(trace.looking(atMs).phase('settled'));
    };
    expect(atRest('status 410', 100_000)).toEqual([]);
    expect(atRest('status 410', 130_000)).toEqual(['API-03']);
    expect(atRest('status 503', 100_000)).toEqual(['API-02']);
  });

  it('API-03: … and so may a later life, whatever its predecessor was told', () => {
    const trace = createTrace(['api']).agent().list('api', []).at(2_000).held('api', [web]).phase('heal');
    trace.at(3_000).error('api', 'status 410').at(4_000).gone().agent(2).list('api', [], { held: false });
    trace.looking(50_000).error('api', 'status 410');
    expect(failed(trace.looking(100_000).phase('settled'))).toEqual([]);
  });

  it('TERM-06: lists that leave out what runs can mislead an agent, for as long as it may work on them', () => {
    const gone = { ...web, metadata: { ...web.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    const trace = createTrace(['api']).agent().list('api', [web]).at(500).start(webPod).at(9_000).gone();
    trace.at(9_100).agent(2).list('api', [gone]);
    trace.add({ kind: 'fault', actor: 'harness', fault: 0, effect: 'partialList', target: '' });
    const named = { verb: 'delete' as const, namespace: 'default', name: 'web' };
    const body = { gracePeriodSeconds: 0, preconditions: { uid: 'u1' } };
    expect(failed(ask(trace.at(9_300), { ...named, body }))).toEqual([]);
    expect(failed(ask(trace.at(60_000), { ...named, body }))).toEqual(['TERM-06']);
  });

  it('TERM-06: the object of a stopped pod is left', () => {
    const gone = { ...web, metadata: { ...web.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    const trace = createTrace(['api']).agent().list('api', [web]).at(500).start(webPod);
    expect(failed(trace.at(9_000).list('api', [gone]).at(9_500).stop(webPod).rest())).toEqual(['TERM-06']);
  });

  it('QUIET-01: a write in the quiet phase', () => {
    const trace = createTrace(['api']).agent().list('api', [web]).at(500).start(webPod).phase('quiet');
    const write = { verb: 'patch' as const, namespace: 'default', name: 'web', subresource: 'status' };
    expect(failed(ask(trace, write))).toEqual(['QUIET-01']);
    const node = createTrace(['api']).agent().phase('quiet');
    expect(failed(ask(node, { ...write, resource: 'nodes' }))).toEqual([]);
  });

  it('QUIET-01: what came back from its back-off just before the quiet phase is reported in it', () => {
    const write = { verb: 'patch' as const, namespace: 'default', name: 'web', subresource: 'status' };
    const restarted = (): TraceBuilder => {
      const trace = createTrace(['api']).agent().list('api', [web]).at(500).start(webPod).at(5_000);
      trace.container('c-u1-main', webPod, 'exited', { cause: 'workload', exitCode: 1 });
      const next = { sandboxId: 's-u1', attempt: 1 };
      trace.at(8_000).container('c-2', webPod, 'created', next).container('c-2', webPod, 'running', next);
      return trace.at(8_001).phase('quiet');
    };
    expect(failed(ask(restarted().at(8_004), write))).toEqual([]);
    expect(failed(ask(restarted().at(20_000), write))).toEqual(['QUIET-01']);
    // What is created has its name in the body alone.
    const create = { verb: 'create' as const, namespace: 'default', body: { metadata: { name: 'web' } } };
    expect(failed(ask(restarted().at(8_004), create))).toEqual([]);
    expect(failed(ask(restarted().at(20_000), create))).toEqual(['QUIET-01']);
  });
});
