import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { liveTimings } from '../spec/timings.js';
import type { CheckedPlan } from '../run/check-plan.js';
import { liveDeadlinesOf } from '../run/deadlines.js';
import { slackMsDefault } from '../run/execute-live.js';
import type { AgentDriver } from '../ports/driver.js';
import type { Plan } from '../spec/plan.js';
import { signatureOf } from '../spec/verdict.js';
import { checkLive } from './live-pool.js';
import { resolveTarget } from './target.js';

/** A pod that runs and is removed, and after it a wait. */
const plan: Plan = {
  plan: 1,
  seed: 'until',
  suite: 'termination',
  setup: {
    sources: ['file'],
    timings: liveTimings,
    pods: [
      {
        slot: 0,
        identity: { namespace: 'default', name: 'web' },
        specs: [
          {
            restartPolicy: 'Always',
            graceS: 1,
            containers: [{ name: 'main', image: 'conformance/workload:v1', workload: {} }],
          },
        ],
      },
    ],
  },
  steps: [
    { id: 's1', do: 'add', source: 'file', pod: 0, spec: 0 },
    { id: 's2', do: 'wait', ms: 1_000 },
    { id: 's3', do: 'remove', source: 'file', pod: 0 },
    { id: 's4', do: 'wait', ms: 8_000 },
  ],
  faults: [],
  schedule: [],
};

test(
  'a real process is let go as soon as it has failed with the signature that is asked for',
  { timeout: 60_000 },
  async () => {
    const target = await resolveTarget({
      agent: 'mutant:sandbox-before-containers',
      world: 'live',
      runtime: 'memory',
    });
    const whole = await checkLive(plan, target);
    const signature = signatureOf(whole.findings[0]!);
    const brief = await checkLive(plan, target, { until: signature });
    expect(whole.outcome.events.at(-1)).toMatchObject({ kind: 'run.ended', outcome: 'complete' });
    expect(brief.findings.map(signatureOf)).toEqual([signature]);
    expect(brief.outcome.events.at(-1)).toMatchObject({ kind: 'run.ended', outcome: 'interrupted' });
    expect(brief.outcome.durationMs).toBeLessThan(whole.outcome.durationMs - 5_000);
  },
);

test('that an agent is kept from running by others is part of its trace', { timeout: 60_000 }, async () => {
  const others = Array.from({ length: 6 }, () =>
    spawn('taskset', ['-c', '0', 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' }),
  );
  try {
    const target = await resolveTarget({ agent: 'reference', world: 'live', runtime: 'memory' });
    const onFirst: AgentDriver = {
      ...target.driver!,
      async start(endpoints, incarnation) {
        const started = await target.driver!.start(endpoints, incarnation);
        const pid = Number(readFileSync(join(endpoints.stateDirectory, 'agent.pids'), 'utf8').split('\n')[0]);
        execFileSync('taskset', ['-a', '-c', '-p', '0', String(pid)]);
        return started;
      },
    };
    const brief = { ...plan, steps: plan.steps.slice(0, 2) };
    const { outcome } = await checkLive(brief, { ...target, driver: onFirst });
    // The suite itself, which has the other processors, is not kept waiting for so long.
    const stallsMs = outcome.events.flatMap((event) => (event.kind === 'stalled' ? [event.ms] : []));
    expect(Math.max(...stallsMs)).toBeGreaterThan(700);
  } finally {
    for (const other of others) other.kill('SIGKILL');
  }
});

test(
  'a collection that comes seldom is waited for by some plans, which tell who never collects',
  { timeout: 90_000 },
  async () => {
    const timings = { ...liveTimings, garbageCollectionMs: 2_000 };
    const removing = (seed: string): Plan => ({
      ...plan,
      seed,
      setup: { ...plan.setup, timings },
      steps: plan.steps.slice(0, 3),
    });
    const waits = (seed: string): boolean =>
      liveDeadlinesOf(removing(seed), timings, slackMsDefault).collectionMs !== undefined;
    const seeds = Array.from({ length: 50 }, (_, index) => `seed/${index}`);
    const plans = [seeds.find(waits)!, seeds.find((seed) => !waits(seed))!].map(removing);
    const targetOf = (agent: string) => resolveTarget({ agent, world: 'live', runtime: 'memory' });
    const keeping = await targetOf('mutant:keeps-sandboxes');
    const [waited, hurried] = await Promise.all(plans.map((one) => checkLive(one, keeping)));
    const collected = await checkLive(plans[0]!, await targetOf('reference'));
    const verdict = ({ judgement }: CheckedPlan): string =>
      judgement.verdicts.find(({ requirement }) => requirement === 'GC-01')!.verdict;
    expect([waited!, hurried!, collected].map(verdict)).toEqual(['fail', 'not exercised', 'pass']);
    expect(waited!.outcome.durationMs).toBeGreaterThan(
      hurried!.outcome.durationMs + 2 * timings.garbageCollectionMs,
    );
  },
);

test.each([
  ['with an agent for itself', false],
  ['in a lane', true],
])(
  'the retry of static pods is waited for only where one of them may wait: %s',
  { timeout: 60_000 },
  async (_where, sharesAgent) => {
    const timings = { ...liveTimings, staticRetryMs: 4_000 };
    const [pod] = plan.setup.pods;
    const specs = [{ ...pod!.specs[0]!, restartPolicy: 'Never' as const }];
    const setup = { ...plan.setup, timings, pods: [{ ...pod!, specs }] };
    const running: Plan = { ...plan, setup, steps: plan.steps.slice(0, 2) };
    // What has ended may be a version before, which the next one waits for.
    const ended: Plan = {
      ...running,
      steps: [...running.steps, { id: 's3', do: 'exitContainer', pod: 0, container: 'main', code: 0 }],
    };
    const target = await resolveTarget({ agent: 'reference', world: 'live', runtime: 'memory' });
    const [brief, waited] = await Promise.all(
      [running, ended].map((one) => checkLive(one, target, { sharesAgent })),
    );
    const settling = ({ outcome: { events } }: CheckedPlan): number => {
      const atMs = (phase: string): number =>
        events.find((event) => event.kind === 'phase' && event.phase === phase)!.t;
      return atMs('settled') - atMs('settle');
    };
    expect(brief!.findings).toEqual([]);
    expect(waited!.findings).toEqual([]);
    expect(settling(brief!)).toBeLessThan(timings.staticRetryMs);
    expect(settling(waited!)).toBeGreaterThan(timings.staticRetryMs);
  },
);

test('who collects in time is not waited for any longer', { timeout: 60_000 }, async () => {
  const timings = { ...liveTimings, errorRetryMs: 2_000, housekeepingMs: 2_000, garbageCollectionMs: 9_000 };
  const seeds = Array.from({ length: 50 }, (_, index) => `seed/${index}`);
  const removing = (seed: string): Plan => ({
    ...plan,
    seed,
    setup: { ...plan.setup, timings },
    steps: [...plan.steps.slice(0, 3), { id: 's4', do: 'wait', ms: 500 }],
    faults: [
      { at: { call: 'RemovePodSandbox', pod: 0, nth: 1 }, effect: 'errorBefore', code: 'UNAVAILABLE' },
    ],
  });
  const collectionOf = (seed: string) =>
    liveDeadlinesOf(removing(seed), timings, slackMsDefault).collectionMs;
  const seed = seeds.find((one) => collectionOf(one) !== undefined)!;
  const target = await resolveTarget({ agent: 'reference', world: 'live', runtime: 'memory' });
  const { findings, outcome } = await checkLive(removing(seed), target);
  const removals = outcome.events.filter(
    (event) => event.kind === 'runtime.request' && event.method === 'RemovePodSandbox',
  );
  expect(findings).toEqual([]);
  expect(removals).toHaveLength(2);
  const settled = outcome.events.find((event) => event.kind === 'phase' && event.phase === 'settled')!;
  expect(settled.t - removals[1]!.t).toBeLessThan(timings.garbageCollectionMs);
});

test(
  'the world is not at rest while an agent that was told to stop takes its time',
  { timeout: 60_000 },
  async () => {
    const target = await resolveTarget({ agent: 'reference', world: 'live', runtime: 'memory' });
    const slow: AgentDriver = {
      ...target.driver!,
      async start(endpoints, incarnation) {
        const started = await target.driver!.start(endpoints, incarnation);
        const stop = async (): Promise<void> => {
          started.pause();
          await sleep(4_000);
          started.resume();
          await started.stop();
        };
        return incarnation === 1 ? { ...started, stop } : started;
      },
    };
    const stopped: Plan = {
      ...plan,
      steps: [
        ...plan.steps.slice(0, 2),
        { id: 's3', do: 'restartAgent', how: 'stop', downMs: 0 },
        { id: 's4', do: 'remove', source: 'file', pod: 0 },
      ],
    };
    const { findings, outcome } = await checkLive(stopped, { ...target, driver: slow });
    expect(findings).toEqual([]);
    const kinds = outcome.events.flatMap((event) =>
      event.kind === 'agent.started' ? ['started'] : event.kind === 'phase' ? [event.phase] : [],
    );
    expect(kinds).toEqual(['chaos', 'started', 'heal', 'settle', 'started', 'settled', 'quiet']);
  },
);
