import { expect, test } from 'vitest';
import { createReferenceAgent, referenceFeatures } from '../../fakes/agent/reference-agent.js';
import { checkPlan } from '../../harness/run/check-plan.js';
import type { Plan } from '../../harness/spec/plan.js';
import { sourceKinds, type SourceKind } from '../../harness/spec/pod.js';
import { fastTimings } from '../../harness/spec/timings.js';
import { failureText } from './failure-text.js';

const profile = {
  name: 'reference',
  sources: sourceKinds,
  features: referenceFeatures,
  timings: fastTimings,
};

type PodSpec = Plan['setup']['pods'][number]['specs'][number];

function specOf(more: Partial<PodSpec> = {}, workload: object = {}, version = 1): PodSpec {
  const main = { name: 'main', image: `conformance/workload:v${version}`, workload };
  return { restartPolicy: 'Always', graceS: 1, containers: [main], ...more } as PodSpec;
}

function planOf(
  source: SourceKind,
  specs: readonly PodSpec[],
  { steps, schedule, namesakes = 1 }: Pick<Plan, 'steps' | 'schedule'> & { readonly namesakes?: number },
): Plan {
  const pods = Array.from({ length: namesakes }, (_, slot) => ({
    slot,
    identity: { namespace: 'default', name: 'web', uid: `uid-${slot}` },
    specs: [...specs],
  }));
  return {
    plan: 1,
    seed: 'rare',
    suite: 'mixed',
    setup: { sources: [source], timings: fastTimings, pods },
    steps,
    faults: [],
    schedule,
  };
}

const side = { name: 'side', image: 'conformance/workload:v1', workload: {} };
const ignoring = { ...side, workload: { ignoreTerm: true } };
const brief = specOf({ restartPolicy: 'OnFailure', graceS: 0 }, { runMs: 496, exitCode: 0 });

/** What a campaign of tens of thousands of cases met once, and the reference agent was right about. */
test.each<[what: string, plan: Plan]>([
  [
    'a pod is removed and listed again while its sandbox is made, and what was left of it goes meanwhile',
    planOf('api', [specOf(), specOf({}, {}, 2), specOf({}, {}, 3)], {
      steps: [
        { id: 's1', do: 'add', source: 'api', pod: 0, spec: 0 },
        { id: 's2', do: 'wait', ms: 500 },
        { id: 's3', do: 'remove', source: 'api', pod: 0 },
        { id: 's4', do: 'wait', ms: 1_000 },
        { id: 's5', do: 'add', source: 'api', pod: 0, spec: 1 },
        { id: 's6', do: 'wait', ms: 3_000 },
        { id: 's7', do: 'restartAgent', how: 'kill', downMs: 0 },
        { id: 's8', do: 'wait', ms: 20 },
        { id: 's9', do: 'remove', source: 'api', pod: 0 },
        { id: 's10', do: 'add', source: 'api', pod: 0, spec: 2 },
      ],
      schedule: [
        { message: { kind: 'request', call: 'StopPodSandbox', pod: 0, nth: 1 }, delayMs: 2_000 },
        { message: { kind: 'request', call: 'RemoveContainer', pod: 0, nth: 1 }, delayMs: 2_000 },
      ],
    }),
  ],
  [
    'a call of the life before removes a finished container that the present life has seen',
    planOf('file', [{ ...brief, containers: [...brief.containers, side] } as PodSpec], {
      steps: [
        { id: 's1', do: 'add', source: 'file', pod: 0, spec: 0 },
        { id: 's2', do: 'wait', ms: 1_000 },
        { id: 's3', do: 'remove', source: 'file', pod: 0 },
        { id: 's4', do: 'wait', ms: 50 },
        { id: 's5', do: 'restartAgent', how: 'kill', downMs: 0 },
        { id: 's6', do: 'add', source: 'file', pod: 0, spec: 0 },
      ],
      schedule: [{ message: { kind: 'request', call: 'RemoveContainer', pod: 0, nth: 1 }, delayMs: 50 }],
    }),
  ],
  [
    'a second entry of a name is chosen while the sandbox of the first, removed and listed again, is made',
    planOf('feed', [specOf()], {
      namesakes: 2,
      steps: [
        { id: 's1', do: 'add', source: 'feed', pod: 0, spec: 0 },
        { id: 's2', do: 'wait', ms: 10 },
        { id: 's3', do: 'remove', source: 'feed', pod: 0 },
        { id: 's4', do: 'add', source: 'feed', pod: 1, spec: 0 },
        { id: 's5', do: 'add', source: 'feed', pod: 0, spec: 0 },
      ],
      schedule: [{ message: { kind: 'request', call: 'RunPodSandbox', pod: 0, nth: 1 }, delayMs: 500 }],
    }),
  ],
  [
    'a list says one UID twice, with two grace periods, and is empty afterwards',
    {
      ...planOf('http', [specOf({ graceS: 2 }), specOf({ graceS: 4 })], {
        steps: [
          { id: 's1', do: 'add', source: 'http', pod: 0, spec: 0 },
          { id: 's2', do: 'duplicate', source: 'http', pod: 0, spec: 0, uid: 'uid-0-twin' },
          { id: 's3', do: 'duplicate', source: 'http', pod: 0, spec: 0, uid: 'uid-0-twin' },
          { id: 's4', do: 'remove', source: 'http', pod: 0 },
          { id: 's5', do: 'update', source: 'http', pod: 0, spec: 1 },
          { id: 's6', do: 'wait', ms: 3_000 },
        ],
        schedule: [],
      }),
      faults: [{ at: { source: 'http', poll: 3 }, effect: 'empty' }],
    },
  ],
  ...[1, 2].map((kills): [string, Plan] => [
    `two sources say one name, and the sandboxes begun by lives of the agent before (${kills}) are made afterwards`,
    {
      ...planOf('file', [specOf()], {
        steps: [
          { id: 's1', do: 'add', source: 'http', pod: 1, spec: 0 },
          { id: 's2', do: 'add', source: 'file', pod: 0, spec: 0 },
          ...Array.from({ length: kills }, (_, before): Plan['steps'] => [
            { id: 's3', do: 'wait', ms: 10 },
            { id: 's4', do: 'restartAgent', how: 'kill', downMs: 100 * before },
          ]).flat(),
          { id: 's5', do: 'wait', ms: 200 },
        ],
        schedule: [],
      }),
      setup: {
        sources: ['file', 'http'],
        timings: fastTimings,
        pods: [
          { slot: 0, identity: { namespace: 'default', name: 'web' }, specs: [specOf()] },
          { slot: 1, identity: { namespace: 'default', name: 'web' }, specs: [specOf({ graceS: 0 }, {}, 2)] },
        ],
      },
    },
  ]),
  [
    'a report from before a container ended is the last of a life, and the next reports what is there',
    planOf('api', [specOf({ restartPolicy: 'Never', containers: [{ ...ignoring, name: 'main' }, side] })], {
      steps: [
        { id: 's1', do: 'add', source: 'api', pod: 0, spec: 0 },
        { id: 's2', do: 'wait', ms: 3_000 },
        { id: 's3', do: 'delete', source: 'api', pod: 0 },
        { id: 's4', do: 'wait', ms: 10 },
        { id: 's5', do: 'remove', source: 'api', pod: 0 },
        { id: 's6', do: 'add', source: 'api', pod: 0, spec: 0 },
        { id: 's7', do: 'wait', ms: 10 },
        { id: 's8', do: 'restartAgent', how: 'kill', downMs: 0 },
      ],
      schedule: [],
    }),
  ],
])('the reference agent conforms where %s', async (_what, plan) => {
  const checked = await checkPlan({ plan, createAgent: (ports) => createReferenceAgent(ports), profile });
  expect(checked.findings.map(failureText)).toEqual([]);
});
