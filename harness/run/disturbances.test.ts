import { expect, test } from 'vitest';
import { createApiGate } from '../sources/api/api-gate.js';
import { createTestContext } from '../sources/testing/test-context.js';
import { planSchema, planVersion, type FaultPoint } from '../spec/plan.js';
import { createDisturbances } from './disturbances.js';
import { createPodSlots } from './pod-slots.js';

type ApiPoint = Omit<Extract<FaultPoint, { source: 'api' }>, 'source'>;

/** A server of which one request is hit: answers the status of each request in turn. */
function serverWith(at: ApiPoint) {
  const context = createTestContext();
  const { clock, journal, nodeName } = context;
  const plan = planSchema.parse({
    plan: planVersion,
    seed: 's',
    suite: 'smoke',
    setup: { sources: ['api'], timings: {}, pods: [] },
    steps: [],
    faults: [{ at: { source: 'api', ...at }, effect: 'status', status: 503 }],
    schedule: [],
  });
  const disturbances = createDisturbances(plan, journal, createPodSlots([], nodeName));
  const gate = createApiGate(
    { clock, journal, nodeName, pods: [], disturbances },
    { wallClock: () => 0, latencies: { replyMs: 0, eventMs: 0 }, isAttended: () => true },
  );
  return async (method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<number> => {
    let status = 0;
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    gate.request({ alive: true }, { method, path, body, contentType }, (outcome) => {
      if (outcome.kind === 'answer') status = outcome.answer.status;
    });
    await new Promise((resolve) => setImmediate(resolve));
    clock.step();
    return status;
  };
}

const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const accounts = '/api/v1/namespaces/default/serviceaccounts';
const metadata = { name: 'a' };

test('a fault may name any resource that the server keeps, and its object', async () => {
  const ask = serverWith({ request: 'get', resource: 'leases', name: 'node-1', nth: 2 });
  await ask('POST', leases, { metadata: { name: 'node-1' } });
  const look = (name: string): Promise<number> => ask('GET', `${leases}/${name}`);
  // That of another node is not there.
  expect([await look('node-1'), await look('node-2'), await look('node-1'), await look('node-1')]).toEqual([
    200, 404, 503, 200,
  ]);
});

test('a fault may be about a subresource only', async () => {
  const ask = serverWith({ request: 'create', resource: 'serviceaccounts', subresource: 'token', nth: 1 });
  expect(await ask('POST', accounts, { metadata })).toBe(201);
  const issue = (): Promise<number> => ask('POST', `${accounts}/a/token`, { spec: {} });
  expect([await issue(), await issue()]).toEqual([503, 201]);
});

test('a fault that names no resource is about pods, as it has always been', async () => {
  const ask = serverWith({ request: 'list', nth: 1 });
  expect(await ask('GET', '/api/v1/nodes')).toBe(200);
  expect(await ask('GET', '/api/v1/secrets')).toBe(200);
  expect(await ask('GET', '/api/v1/pods')).toBe(503);
});
