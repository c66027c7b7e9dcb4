import { expect, test } from 'vitest';
import { referenceFeatures } from '../../fakes/agent/reference-agent.js';
import type { Agent, AgentPorts } from '../ports/agent.js';
import type { Plan } from '../spec/plan.js';
import { fastTimings } from '../spec/timings.js';
import { executeSim, simNodeName } from './execute-sim.js';
import { withVirtualGlobals } from './virtual-globals.js';

const timerMs = 700;

/** Whatever it is called back with, it sets a timer there, and logs how long that took by each clock. */
function createAgent(ports: AgentPorts): Agent {
  const { file, api, feed } = ports.sources;
  const setTimer = (where: string): void => {
    const at = { port: ports.clock.now(), date: Date.now() };
    setTimeout(() => ports.log(`${where}: ${ports.clock.now() - at.port} ${Date.now() - at.date}`), timerMs);
  };
  return {
    start() {
      setTimer('start');
      ports.clock.after(10, () => setTimer('clock'));
      ports.runtime.events(
        () => setTimer('runtime event'),
        () => setTimer('runtime events end'),
      );
      void ports.runtime.call('ListPodSandbox', {}).then(() => setTimer('call'));
      file!.watch(() => setTimer('file'));
      feed!.subscribe(
        () => setTimer('feed'),
        () => setTimer('feed end'),
      );
      api!.watch(
        { path: '/api/v1/pods', query: { fieldSelector: `spec.nodeName=${simNodeName}` } },
        () => setTimer('api'),
        () => setTimer('api end'),
      );
      void startPod(ports);
    },
    stop: () => setTimer('stop'),
  };
}

/** What the runtime tells of by an event. */
async function startPod({ runtime }: AgentPorts): Promise<void> {
  const image = { image: 'conformance/workload:v1' };
  const sandboxConfig = {
    metadata: { name: 'web', namespace: 'default', uid: 'uid-0', attempt: 0 },
    labels: {},
  };
  const containerConfig = { metadata: { name: 'main', attempt: 0 }, image, labels: {} };
  await runtime.call('PullImage', { image });
  const { podSandboxId } = await runtime.call('RunPodSandbox', { config: sandboxConfig });
  const { containerId } = await runtime.call('CreateContainer', {
    podSandboxId,
    config: containerConfig,
    sandboxConfig,
  });
  await runtime.call('StartContainer', { containerId });
}

const plan: Plan = {
  plan: 1,
  seed: 'virtual',
  suite: 'mixed',
  setup: {
    sources: ['file', 'api', 'feed'],
    timings: fastTimings,
    pods: [
      {
        slot: 0,
        identity: { namespace: 'default', name: 'web' },
        specs: [
          {
            restartPolicy: 'Always',
            graceS: 0,
            containers: [{ name: 'main', image: 'conformance/workload:v1', workload: {} }],
          },
        ],
      },
    ],
  },
  steps: [
    { id: 's1', do: 'wait', ms: 2_000 },
    { id: 's2', do: 'add', source: 'file', pod: 0, spec: 0 },
    { id: 's3', do: 'add', source: 'api', pod: 0, spec: 0 },
    { id: 's4', do: 'add', source: 'feed', pod: 0, spec: 0 },
    { id: 's5', do: 'wait', ms: 2_000 },
    { id: 's6', do: 'outage', source: 'api', phase: 'begin' },
    { id: 's7', do: 'outage', source: 'feed', phase: 'begin' },
    { id: 's8', do: 'wait', ms: 2_000 },
  ],
  faults: [],
  schedule: [],
};

test('timers are virtual in everything that an agent is called back with', async () => {
  const lines = new Set<string>();
  await executeSim({
    plan,
    createAgent: withVirtualGlobals(createAgent),
    profile: {
      name: 'test',
      sources: ['file', 'api', 'feed'],
      features: referenceFeatures,
      timings: fastTimings,
    },
    log: (line) => lines.add(line),
  });
  const places = ['start', 'clock', 'call', 'runtime event', 'file', 'feed', 'feed end', 'api', 'api end'];
  expect([...lines].sort()).toEqual(places.map((where) => `${where}: ${timerMs} ${timerMs}`).sort());
});
