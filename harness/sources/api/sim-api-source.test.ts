import { expect, test } from 'vitest';
import type { Pod } from '../../spec/pod.js';
import { bookmarks, ofNode, setUpSimApi as setUp } from '../testing/sim-api.js';
import { createTestContext, step } from '../testing/test-context.js';
import { createSimApiSource } from './sim-api-source.js';

const podPath = '/api/v1/namespaces/default/pods/db';
const strategic = 'application/strategic-merge-patch+json';

test('pods of steps are listed as bound to the node, with the UID of the plan, and journalled as held and served', async () => {
  const { add, list, context } = setUp();
  expect(add(1).applied).toBe(true);
  expect(add(1)).toEqual({ applied: false, why: 'a pod of its name is held already' });
  add(0);
  const { pods } = await list();
  expect(pods.map((pod) => [pod.metadata.name, pod.spec.nodeName])).toEqual([
    ['db', 'node-1'],
    ['web', 'node-1'],
  ]);
  expect(pods[0]!.metadata.uid).toBe('11111111-0000-4000-8000-000000000001');
  expect(pods[0]!.metadata.creationTimestamp).toBe('2026-01-01T00:00:00Z');
  expect(context.held().map((event) => event.pods.length)).toEqual([0, 1, 2]);
  expect(context.served()).toMatchObject([{ t: 2, outcome: 'list', revision: 3, pods }]);
  const requests = context.journal.events.filter((event) => event.kind === 'api.request');
  expect(requests).toMatchObject([{ t: 1, verb: 'list', resource: 'pods', query: ofNode, status: 200 }]);
});

test('a list that is not of the whole node is not journalled as one', async () => {
  const { add, list, context } = setUp();
  add(0);
  await list({ ...ofNode, labelSelector: 'app=other' });
  await list({ fieldSelector: 'spec.nodeName=node-2' });
  expect(context.served()).toEqual([]);
  const { status } = await list({ ...ofNode, limit: '1' });
  expect([status, context.served().length]).toEqual([200, 1]);
});

test('a selector that leaves out none of the pods of the node shows them all', async () => {
  const { add, list, watch, advance: pass, context } = setUp();
  add(0);
  const fieldSelector = 'metadata.namespace!=none,spec.nodeName=node-1';
  const { version } = await list({ fieldSelector, labelSelector: 'colour!=red' });
  watch({ fieldSelector, resourceVersion: version });
  add(1);
  await pass(10);
  expect(context.served().map((event) => event.change ?? event.outcome)).toEqual(['list', 'added']);
  await list({ fieldSelector: 'spec.nodeName=node-1,metadata.name!=web' });
  await list({ fieldSelector: 'spec.nodeName=node-1,spec.colour=red' });
  expect(context.served().length).toBe(2);
});

test('a selector of one pod does not show all even where there is none', async () => {
  const { list, context } = setUp();
  await list({ fieldSelector: 'spec.nodeName=node-1,metadata.name=web' });
  expect(context.served()).toEqual([]);
});

test('a list in pages is journalled whole with its last page, as of its first', async () => {
  const { add, ask, context, remove } = setUp();
  add(0);
  add(1);
  const page = { method: 'GET', path: '/api/v1/pods' } as const;
  const first = await ask({ ...page, query: { ...ofNode, limit: '1' } });
  const { metadata, items } = first.body as { metadata: { continue: string }; items: Pod[] };
  expect([items.length, context.served().length]).toEqual([1, 0]);
  remove(0);
  const second = await ask({ ...page, query: { ...ofNode, limit: '1', continue: metadata.continue } });
  expect((second.body as { items: Pod[] }).items.map((pod) => pod.metadata.name)).toEqual(['web']);
  expect(context.served()[0]!.pods!.map((pod) => pod.metadata.name)).toEqual(['db', 'web']);
});

test('a watch from a list sees every later change once, and the journal says what arrived', async () => {
  const { add, update, remove, list, watch, advance: pass, context } = setUp();
  add(0);
  const { version } = await list();
  const watching = watch({ ...ofNode, resourceVersion: version });
  add(1);
  await pass(10);
  update(1, 1);
  remove(0);
  await pass(10);
  expect(watching.seen).toEqual(['ADDED db', 'MODIFIED db', 'MODIFIED web', 'DELETED web']);
  expect(context.served().map((event) => event.change ?? event.outcome)).toEqual([
    'list',
    'added',
    'modified',
    'modified',
    'deleted',
  ]);
  watching.close();
  update(1, 2);
  await pass(10);
  expect(watching.seen.length).toBe(4);
});

test('the initial events of a watch become a list with their closing bookmark', async () => {
  const { add, watch, advance: pass, context } = setUp();
  add(0);
  add(1);
  const query = { ...bookmarks, sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };
  const watching = watch(query);
  await pass(10);
  expect(watching.seen).toEqual(['ADDED db', 'ADDED web', 'BOOKMARK']);
  const annotations = watching.events[2]!.object.metadata as { annotations?: object };
  expect(annotations.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  expect(context.served()).toMatchObject([{ outcome: 'list', pods: [{}, {}] }]);
  const refused = watch({ ...bookmarks, sendInitialEvents: 'true' });
  await pass(10);
  expect(refused.ends).toEqual([422]);
});

test('a watch that sends the present and takes no bookmarks shows it as a list all the same', async () => {
  const { add, update, watch, context, advance: pass } = setUp();
  add(0);
  add(1);
  const { allowWatchBookmarks: _none, ...plain } = bookmarks;
  const query = { ...plain, sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };
  const watching = watch(query);
  await pass(10);
  expect(watching.seen).toEqual(['ADDED db', 'ADDED web']);
  expect(context.served()).toMatchObject([{ outcome: 'list', revision: 3, pods: [{}, {}] }]);
  update(1, 1);
  await pass(10);
  expect(context.served().map((event) => event.change ?? event.outcome)).toEqual(['list', 'modified']);
});

test('graceful deletion lasts until the agent deletes with grace 0 and the right UID', async () => {
  const { add, delete: remove, list, ask, context } = setUp();
  add(1);
  expect(remove(1, 5).applied).toBe(true);
  expect(remove(1, 7)).toEqual({ applied: false, why: 'it is being deleted already' });
  const { pods } = await list();
  expect(pods[0]!.metadata.deletionTimestamp).toBe('2026-01-01T00:00:05Z');
  const options = (uid: string) => ({ gracePeriodSeconds: 0, preconditions: { uid } });
  const wrong = await ask({ method: 'DELETE', path: podPath, body: options('other') });
  expect(wrong).toMatchObject({ status: 409, body: { kind: 'Status', reason: 'Conflict', code: 409 } });
  const right = await ask({ method: 'DELETE', path: podPath, body: options(pods[0]!.metadata.uid!) });
  expect(right.status).toBe(200);
  expect((await list()).pods).toEqual([]);
  // Its last deletion is held for the moment in which it is seen.
  expect(context.held().map((event) => event.pods.length)).toEqual([0, 1, 1, 1, 0]);
});

test('a status patch changes the status alone, and what is held stays as it was', async () => {
  const { add, ask, context, list } = setUp();
  add(1);
  const body = { status: { phase: 'Running' }, spec: { containers: [] } };
  const labelled = { ...body, metadata: { labels: { a: 'b' } } };
  const refused = await ask({
    method: 'PATCH',
    path: `${podPath}/status`,
    body: labelled,
    contentType: strategic,
  });
  expect(refused).toMatchObject({ status: 403, body: { reason: 'Forbidden' } });
  const answer = await ask({ method: 'PATCH', path: `${podPath}/status`, body, contentType: strategic });
  expect(answer).toMatchObject({ status: 200, body: { status: { phase: 'Running' } } });
  const [pod] = (await list()).pods;
  expect([pod!.metadata.labels, pod!.spec.containers.length]).toEqual([undefined, 1]);
  expect(context.held().length).toBe(2);
  const again = await ask({ method: 'PATCH', path: `${podPath}/status`, body, contentType: strategic });
  expect((again.body as Pod).metadata.resourceVersion).toBe(pod!.metadata.resourceVersion);
});

test('mirror pods are created, listed and served, but never held; other pods are forbidden', async () => {
  const { ask, list, context } = setUp();
  const node = await ask({ method: 'GET', path: '/api/v1/nodes/node-1' });
  const { uid } = (node.body as { metadata: { uid: string } }).metadata;
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: 'node-1', uid, controller: true }];
  const mirror = (annotations: Record<string, string>) => ({
    method: 'POST' as const,
    path: '/api/v1/namespaces/default/pods',
    body: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web-node-1', annotations, ownerReferences },
      spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'workload' }] },
    },
  });
  expect((await ask(mirror({}))).status).toBe(403);
  const request = mirror({ 'kubernetes.io/config.mirror': 'hash' });
  expect((await ask(request)).status).toBe(201);
  expect((await ask(request)).body).toMatchObject({ code: 409, reason: 'AlreadyExists' });
  expect((await list()).pods.map((pod) => pod.metadata.name)).toEqual(['web-node-1']);
  expect(context.held().length).toBe(1);
});

test('a redelivery is a new version without a new meaning', async () => {
  const { add, source, list, watch, advance: pass, context } = setUp();
  add(0);
  const { pods, version } = await list();
  const watching = watch({ ...ofNode, resourceVersion: version });
  await pass(5);
  expect(source.apply(step({ do: 'redeliver', source: 'api', pod: 0 })).applied).toBe(true);
  await pass(5);
  expect(watching.seen).toEqual(['MODIFIED web']);
  expect(watching.events[0]!.object.spec).toBe(pods[0]!.spec);
  expect(context.held().length).toBe(2);
});

test('an outage refuses requests and cuts watches until its end or heal', async () => {
  const { outage, source, list, watch, advance: pass, context } = setUp();
  const watching = watch({ ...ofNode, resourceVersion: '0' });
  await pass(5);
  expect(outage('end').applied).toBe(false);
  outage('begin');
  await expect(list()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  const refused = watch(ofNode);
  await pass(5);
  expect([watching.ends, refused.ends]).toEqual([[0], [0]]);
  expect(context.served().map((event) => event.outcome)).toEqual(['error', 'error', 'error']);
  source.heal();
  expect((await list()).status).toBe(200);
});

test('watch steps: a normal end, 410 for open watches, 410 for those that resume from before, bookmarks', async () => {
  const { add, list, watch, watchStep, advance: pass } = setUp();
  add(0);
  expect(watchStep('close').applied).toBe(false);
  const { version } = await list();
  const first = watch({ ...bookmarks, resourceVersion: version });
  await pass(5);
  watchStep('bookmark');
  watchStep('close');
  await pass(5);
  expect([first.seen, first.ends]).toEqual([['BOOKMARK'], [200]]);
  const second = watch({ ...bookmarks, resourceVersion: version });
  await pass(5);
  watchStep('gone');
  await pass(5);
  expect([second.seen, second.ends]).toEqual([['ERROR 410'], [200]]);
  const third = watch({ ...bookmarks, resourceVersion: version });
  await pass(5);
  expect([third.seen, third.ends]).toEqual([['ERROR 410'], [200]]);
});

test('reordering swaps events of different pods, never two of one pod', async () => {
  const { add, update, watch, watchStep, advance: pass, source } = setUp();
  add(0);
  add(1);
  const watching = watch({ ...ofNode, resourceVersion: '0' });
  await pass(5);
  watching.seen.length = 0;
  watchStep('reorder');
  update(0, 1);
  await pass(5);
  expect([watching.seen, source.busy()]).toEqual([[], true]);
  update(1, 1);
  await pass(5);
  expect(watching.seen).toEqual(['MODIFIED db', 'MODIFIED web']);
  watchStep('reorder');
  update(0, 2);
  update(0, 1);
  await pass(5);
  const versions = watching.events.slice(-2).map((event) => Number(event.object.metadata!.resourceVersion));
  expect(versions[0]).toBeLessThan(versions[1]!);
  watchStep('reorder');
  update(0, 2);
  await pass(600);
  expect(watching.seen.length).toBe(5);
});

test('a repeated event is the last one again', async () => {
  const { add, watch, watchStep, advance: pass, context } = setUp();
  const watching = watch({ ...ofNode, resourceVersion: '0' });
  await pass(5);
  expect(watchStep('duplicate').applied).toBe(false);
  add(0);
  await pass(5);
  watchStep('duplicate');
  await pass(5);
  expect(watching.seen).toEqual(['ADDED web', 'ADDED web']);
  expect(context.served().some((event) => event.stale === true)).toBe(false);
});

test('a life that has ended gets nothing more and asks nothing more', async () => {
  const { add, port, watch, life, context, advance: pass, source } = setUp();
  const watching = watch({ ...ofNode, resourceVersion: '0' });
  await pass(5);
  let isSettled = false;
  const note = (): void => {
    isSettled = true;
  };
  port.request({ method: 'GET', path: '/api/v1/pods', query: ofNode }).then(note, note);
  life.alive = false;
  add(0);
  await pass(50);
  expect([isSettled, watching.seen, context.served(), source.busy()]).toEqual([false, [], [], false]);
});

test('what is under way to a life when it ends does not arrive', async () => {
  const { add, port, watch, life, context, advance: pass, source } = setUp();
  const watching = watch({ ...ofNode, resourceVersion: '0' });
  await pass(5);
  context.faults.set(2, { effect: 'delay', ms: 20 });
  let isSettled = false;
  const note = (): void => {
    isSettled = true;
  };
  port.request({ method: 'GET', path: '/api/v1/pods', query: ofNode }).then(note, note);
  await pass(5);
  context.deliveryDelaysMs.set(2, 20);
  add(0);
  expect(source.busy()).toBe(true);
  life.alive = false;
  await pass(50);
  expect([isSettled, watching.seen, context.served(), source.busy()]).toEqual([false, [], [], false]);
});

test('the server ends a watch after timeoutSeconds', async () => {
  const { watch, advance: pass } = setUp();
  const watching = watch({ ...ofNode, timeoutSeconds: '2' });
  await pass(1_900);
  expect(watching.ends).toEqual([]);
  await pass(200);
  expect(watching.ends).toEqual([200]);
});

test('it is busy while an agent that lost touch can still come back and see something new', async () => {
  const { add, list, outage, source, context, advance: pass } = setUp();
  context.journal.record({ kind: 'agent.started', actor: 'agent', incarnation: 1 });
  add(0);
  expect(source.busy()).toBe(true);
  await list();
  expect(source.busy()).toBe(false);
  await pass(70_000);
  source.apply(step({ do: 'update', source: 'api', pod: 0, spec: 1 }));
  expect(source.busy()).toBe(true);
  await list();
  outage('begin');
  add(1);
  await pass(30_000);
  source.heal();
  await pass(50_000);
  expect(source.busy()).toBe(true);
  await pass(15_000);
  expect(source.busy()).toBe(false);
  await list();
  context.journal.record({ kind: 'agent.started', actor: 'agent', incarnation: 2 });
  expect(source.busy()).toBe(true);
});

test('an agent that comes back only to be told to begin anew is waited for once more', async () => {
  const { add, list, outage, watch, watchStep, source, context, advance: pass } = setUp();
  context.journal.record({ kind: 'agent.started', actor: 'agent', incarnation: 1 });
  const { version } = await list();
  outage('begin');
  add(0);
  watchStep('compact');
  source.heal();
  expect(source.busy()).toBe(true);
  const comeBack = async (): Promise<void> => {
    await pass(50_000);
    watch({ ...ofNode, resourceVersion: version });
    await pass(50_000);
    expect(context.served().at(-1)).toMatchObject({ outcome: 'error', detail: 'status 410' });
  };
  await comeBack();
  expect(source.busy()).toBe(true);
  await comeBack();
  expect(source.busy()).toBe(false);
});

test('an open watch of all pods brings what is new, so nothing is waited for', async () => {
  const { add, watch, source, context, advance: pass } = setUp();
  context.journal.record({ kind: 'agent.started', actor: 'agent', incarnation: 1 });
  watch({ ...ofNode, resourceVersion: '0' });
  await pass(5);
  add(0);
  expect(source.busy()).toBe(true);
  await pass(5);
  expect(source.busy()).toBe(false);
});

test('before the first agent a graceful deletion has nobody to wait for', () => {
  const context = createTestContext();
  const source = createSimApiSource(context);
  source.apply(step({ do: 'add', source: 'api', pod: 1, spec: 0 }));
  expect(source.apply(step({ do: 'delete', source: 'api', pod: 1 })).applied).toBe(true);
  expect(context.held().at(-1)!.pods).toEqual([]);
});
