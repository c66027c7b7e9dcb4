import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { suites } from '../../suites/index.js';
import { referenceFeatures } from '../../fakes/agent/reference-agent.js';
import { ExitCode, HarnessError } from '../core/errors.js';
import { packageRoot } from '../core/package-root.js';
import { createProcessDriver } from '../drivers/process-driver.js';
import { generateCase } from '../explore/generate-case.js';
import type { AgentDriver, AgentExit, AgentProcess } from '../ports/driver.js';
import { createMemoryBackend } from '../runtimes/memory/memory-backend.js';
import type { Fault, Plan, Step } from '../spec/plan.js';
import { liveTimings } from '../spec/timings.js';
import type { TraceEvent } from '../trace/events.js';
import type { TraceListener } from '../trace/journal.js';
import { liveDeadlinesOf } from './deadlines.js';
import { executeLive, slackMsDefault, type LiveRunOptions } from './execute-live.js';
import type { RunOutcome } from './execute-sim.js';

const parent = mkdtempSync(join(tmpdir(), 'conformance-live-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** The reference agent, behind a command that runs it. */
function referenceAgent(...wrapper: string[]): AgentDriver {
  return createProcessDriver({
    profile: { name: 'reference', sources: ['file'], features: referenceFeatures, timings: liveTimings },
    command: [
      ...wrapper,
      process.execPath,
      join(packageRoot(), 'dist/harness/cli/main.js'),
      'agent',
      '--runtime-endpoint={{runtime.endpoint}}',
      '--manifest-directory={{sources.file.path}}',
      '--timings={{timings.json}}',
    ],
  });
}

const muxPlan = generateCase({
  suites: suites.filter(({ name }) => name === 'mux'),
  seed: 'short-lived',
  index: 0,
  options: { sources: ['file'], profile: 'live', features: referenceFeatures, timings: liveTimings },
});

const makeBackend: LiveRunOptions['makeBackend'] = (observer, clock) =>
  Promise.resolve(createMemoryBackend({ observer, clock, epochMs: Date.now() - clock.now() }));

function execute(driver: AgentDriver, plan = muxPlan, onEvent?: TraceListener): Promise<RunOutcome> {
  return executeLive({
    plan,
    driver,
    directory: mkdtempSync(join(parent, 'run-')),
    makeBackend,
    ...(onEvent === undefined ? {} : { onEvent }),
  });
}

/** A run of the reference agent, which somebody else ends at its first call; `explain` tells the cause. */
function executeShortLived(explain: (exit: AgentExit) => AgentExit): Promise<RunOutcome> {
  const inner = referenceAgent();
  let running: AgentProcess | undefined;
  const driver: AgentDriver = {
    ...inner,
    async start(endpoints, incarnation) {
      const started = await inner.start(endpoints, incarnation);
      running = { ...started, exited: started.exited.then(explain) };
      return running;
    },
  };
  let isEnded = false;
  return execute(driver, muxPlan, ({ kind }) => {
    if (kind === 'runtime.request' && !isEnded) void running!.kill();
    isEnded ||= kind === 'runtime.request';
  });
}

test('the end of an agent that nobody asked to end is told in the trace', async () => {
  const { events } = await executeShortLived((exit) => exit);
  expect(events).toContainEqual(expect.objectContaining({ kind: 'agent.ended', cause: 'exited' }));
});

test('an agent that ends because of the machine ends the run instead', async () => {
  const words = 'There are too few of something.';
  const run = executeShortLived((exit) => ({ ...exit, likelyCause: { of: 'machine', words } }));
  await expect(run).rejects.toMatchObject({ code: 'agent-ended-by-machine', exitCode: 69, hint: words });
});

describe('a runtime', () => {
  const run = (make: LiveRunOptions['makeBackend']): Promise<RunOutcome> =>
    executeLive({
      plan: muxPlan,
      driver: referenceAgent(),
      directory: mkdtempSync(join(parent, 'run-')),
      makeBackend: make,
    });

  test('that fails before the plan begins ends the run with what it failed of', async () => {
    const gone = new HarnessError({
      code: 'docker-gone',
      message: 'It went.',
      exitCode: ExitCode.unavailable,
    });
    const running = run((observer, clock, onFailure) => {
      onFailure(gone);
      return makeBackend(observer, clock, onFailure);
    });
    await expect(running).rejects.toBe(gone);
  });

  test('that stalls gives the agent its time again', async () => {
    let isFirst = true;
    const { events } = await run((observer, ...rest) => {
      const stalls = (): void => {
        if (isFirst) observer.onStall!(1_000);
        isFirst = false;
      };
      return makeBackend(
        {
          ...observer,
          onChange(change) {
            stalls();
            observer.onChange(change);
          },
        },
        ...rest,
      );
    });
    expect(events).toContainEqual(expect.objectContaining({ kind: 'stalled', ms: 1_000 }));
  });
});

describe('an agent that takes longer to start than the whole plan', () => {
  const slow = (): AgentDriver => referenceAgent('/bin/sh', '-c', 'sleep 2; exec "$@"', 'sh');

  test('finds what comes before the first wait, and is there for the rest', { timeout: 60_000 }, async () => {
    const { events } = await execute(
      slow(),
      planOf([
        { id: 's1', do: 'add', source: 'file', pod: 0, spec: 0 },
        { id: 's2', do: 'wait', ms: 300 },
        { id: 's3', do: 'remove', source: 'file', pod: 0 },
      ]),
    );
    const up = firstCall(events, 1);
    expect(stepOf(events, 's1').seq).toBeLessThan(up.seq);
    expect(stepOf(events, 's3').t).toBeGreaterThanOrEqual(up.t + 299);
  });

  test('is there again after a restart', { timeout: 60_000 }, async () => {
    const { events } = await execute(
      slow(),
      planOf([
        { id: 's1', do: 'wait', ms: 10 },
        { id: 's2', do: 'restartAgent', how: 'kill', downMs: 2_000 },
        { id: 's3', do: 'wait', ms: 50 },
        { id: 's4', do: 'add', source: 'file', pod: 0, spec: 0 },
        { id: 's5', do: 'wait', ms: 4_000 },
        { id: 's6', do: 'remove', source: 'file', pod: 0 },
      ]),
    );
    const up = firstCall(events, 2);
    expect(stepOf(events, 's4').seq).toBeLessThan(up.seq);
    // Of the last wait almost two seconds passed while it was down, none while it started, and the rest after that.
    expect(stepOf(events, 's6').t).toBeGreaterThanOrEqual(up.t + 2_040);
    expect(stepOf(events, 's6').t).toBeLessThan(up.t + 3_999);
  });
});

test(
  'an agent that waits for what the plan is to do next is not waited for until the end',
  { timeout: 60_000 },
  async () => {
    const untilListed = 'until [ -n "$(ls "$0")" ]; do sleep 0.05; done; exec "$@"';
    const { events } = await execute(
      referenceAgent('/bin/sh', '-c', untilListed, '{{sources.file.path}}'),
      planOf(
        [
          { id: 's1', do: 'add', source: 'file', pod: 0, spec: 0 },
          { id: 's2', do: 'wait', ms: 10 },
          { id: 's3', do: 'remove', source: 'file', pod: 0 },
          { id: 's4', do: 'restartAgent', how: 'kill', downMs: 10 },
          { id: 's5', do: 'wait', ms: 200 },
          { id: 's6', do: 'add', source: 'file', pod: 0, spec: 0 },
        ],
        // The time that anything may take is more than twice as long.
        30,
      ),
    );
    expect(stepOf(events, 's6').t - stepOf(events, 's4').t).toBeLessThan(20_000);
    expect(firstCall(events, 2).seq).toBeGreaterThan(stepOf(events, 's6').seq);
  },
);

test('a call that hangs is over when the agent gives up on it', { timeout: 60_000 }, async () => {
  const plan = planOf([
    { id: 's1', do: 'add', source: 'file', pod: 0, spec: 0 },
    { id: 's2', do: 'wait', ms: 400 },
    { id: 's3', do: 'settle' },
    { id: 's4', do: 'remove', source: 'file', pod: 0 },
  ]);
  const faults: Fault[] = [{ at: { call: 'RunPodSandbox', pod: 0, nth: 1 }, effect: 'hang' }];
  const { events } = await execute(referenceAgent(), { ...plan, faults });
  const heal = events.find((event) => event.kind === 'phase' && event.phase === 'heal')!;
  const hung = events.find((event) => event.kind === 'runtime.reply' && event.method === 'RunPodSandbox')!;
  expect(hung).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  // The agent tries again, and what it then makes is at rest before the plan goes on.
  const sandbox = events.find((event) => event.kind === 'sandbox' && event.state === 'ready')!;
  expect(sandbox.seq).toBeLessThan(stepOf(events, 's4').seq);
  expect(hung.seq).toBeLessThan(heal.seq);
  const settledMs = stepOf(events, 's4').t - stepOf(events, 's3').t;
  expect(settledMs).toBeLessThan(liveDeadlinesOf(plan, liveTimings, slackMsDefault).settleMs);
});

function firstCall(events: readonly TraceEvent[], incarnation: number): TraceEvent {
  return events.find((event) => event.kind === 'runtime.request' && event.incarnation === incarnation)!;
}

function stepOf(events: readonly TraceEvent[], id: string): TraceEvent {
  return events.find((event) => event.kind === 'step' && event.id === id)!;
}

function planOf(steps: readonly Step[], graceS = 1): Plan {
  const containers = [{ name: 'main', image: 'registry.example/app:1', workload: {} }];
  return {
    ...muxPlan,
    setup: {
      ...muxPlan.setup,
      pods: [
        {
          slot: 0,
          identity: { namespace: 'default', name: 'web' },
          specs: [{ restartPolicy: 'Always', graceS, containers }],
        },
      ],
    },
    steps: [...steps],
    faults: [],
    schedule: [],
  };
}
