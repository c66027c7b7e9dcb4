import { expect, test } from 'vitest';
import type { Plan, PlanPod } from '../../spec/plan.js';
import { laneNames, laneOfNamespace, planInLane } from './lane-names.js';

const specs: PlanPod['specs'] = [
  { restartPolicy: 'Always', graceS: 1, containers: [{ name: 'main', image: 'i', workload: {} }] },
];

function planOf(identities: PlanPod['identity'][]): Plan {
  return {
    plan: 1,
    seed: 's',
    suite: 'mux',
    setup: {
      sources: ['file'],
      timings: {},
      pods: identities.map((identity, slot) => ({ slot, identity, specs })),
    },
    steps: [{ do: 'duplicate', id: 's1', source: 'file', pod: 0, spec: 0, uid: 'u9' }],
    faults: [{ at: { call: 'StartContainer', pod: 0, nth: 1 }, effect: 'errorBefore' }],
    schedule: [],
  };
}

test('names that were equal stay equal, different ones different, and no other lane has them', () => {
  const long = 'n'.repeat(62);
  const plan = planOf([
    { namespace: 'default', name: 'web', uid: 'u1' },
    { namespace: 'team', name: 'web', uid: 'u1' },
    { namespace: 'default', name: 'db' },
    { namespace: `${long}a`, name: 'x' },
    { namespace: `${long}b`, name: 'x' },
  ]);
  const [one, two] = [planInLane(plan, 1), planInLane(plan, 12)];
  const identities = one.setup.pods.map(({ identity }) => identity);
  expect(identities.slice(0, 3)).toEqual([
    { namespace: 'default-lane1', name: 'web', uid: 'u1-lane1' },
    { namespace: 'team-lane1', name: 'web', uid: 'u1-lane1' },
    { namespace: 'default-lane1', name: 'db' },
  ]);
  expect(new Set(identities.map(({ namespace }) => namespace)).size).toBe(4);
  for (const { namespace } of identities) {
    expect(namespace).toMatch(/^[a-z0-9-]{1,63}$/);
    expect(laneOfNamespace(namespace)).toBe(1);
    expect(namespace.slice(namespace.lastIndexOf('-'))).toBe(laneNames(1).ending);
    expect(namespace.endsWith(laneNames(12).ending)).toBe(false);
  }
  expect(two.setup.pods.every(({ identity }) => laneOfNamespace(identity.namespace) === 12)).toBe(true);
  expect(one.steps).toEqual([{ ...plan.steps[0], uid: 'u9-lane1' }]);
  expect({ ...one, setup: undefined, steps: undefined }).toEqual({
    ...plan,
    setup: undefined,
    steps: undefined,
  });
});

test('files of a lane have its name, and those that are hidden stay hidden', () => {
  const { fileName } = laneNames(3);
  expect([fileName('web-0.yaml'), fileName('.web-0.yaml.new')]).toEqual([
    'lane3-web-0.yaml',
    '.lane3-web-0.yaml.new',
  ]);
});

test.each([undefined, 'default', 'lane', 'default-lane', 'default-lanex'])(
  '%s is in no lane',
  (namespace) => {
    expect(laneOfNamespace(namespace)).toBeUndefined();
  },
);
