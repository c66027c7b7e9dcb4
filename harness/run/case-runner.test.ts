import { expect, test } from 'vitest';
import { ExitCode, HarnessError } from '../core/errors.js';
import { createReferenceAgent, referenceFeatures } from '../../fakes/agent/reference-agent.js';
import { ignoresRemovals } from '../../fakes/mutants/ignores-removals.js';
import { suites } from '../../suites/index.js';
import { sourceKinds } from '../spec/pod.js';
import { signatureOf } from '../spec/verdict.js';
import type { AgentPorts } from '../ports/agent.js';
import type { TraceEvent } from '../trace/events.js';
import { fastTimings } from '../spec/timings.js';
import { generateCase } from '../explore/generate-case.js';
import { doubtWords, needsCompany } from '../report/groups.js';
import type { Plan } from '../spec/plan.js';
import { createCaseRunner, type CaseRunner, type CaseRunnerOptions } from './case-runner.js';
import { checkPlan } from './check-plan.js';
import type { RunOutcome } from './execute-sim.js';
import { runCampaign, type CasePool } from './campaign.js';

const profile = { name: 'test', sources: sourceKinds, features: referenceFeatures, timings: fastTimings };

type Check = CaseRunnerOptions['check'];

function runnerWith(check: Check, more: Partial<CaseRunnerOptions> = {}): CaseRunner {
  return createCaseRunner({
    check,
    suites,
    seed: 'flaky',
    generate: { sources: sourceKinds, profile: 'sim', features: referenceFeatures },
    reduceExecutionsMax: 200,
    repeats: 3,
    ...more,
  });
}

const checkSound: Check = (plan) => checkPlan({ plan, createAgent: createReferenceAgent, profile });

const checkBroken: Check = (plan, until) => {
  const createAgent = (ports: AgentPorts) => createReferenceAgent(ports, ignoresRemovals.decisions);
  return checkPlan({ plan, createAgent, profile, until });
};

/** A runner whose agent is broken in its first executions only, as when a busy machine disturbed them. */
function runnerBrokenFor(executions: number) {
  let executed = 0;
  let alone = 0;
  const runner = runnerWith((plan) => (executed++ < executions ? checkBroken(plan) : checkSound(plan)), {
    alone(work) {
      alone++;
      return work();
    },
  });
  return { runner, executed: () => executed, alone: () => alone };
}

const cases = 12;

function poolOf(runner: CaseRunner, width: number): CasePool {
  return {
    width,
    runBatch: (first, count) => runner.runBatch(first, count),
    runPlans: (plans) => runner.runPlans(plans),
    reduce: (plan, found, shrink) => runner.reduce(plan, found, shrink),
    asSeen: (plan, found) => runner.asSeen(plan, found),
  };
}

const campaign = {
  agent: { ...profile, given: 'test' },
  world: 'live',
  runtime: 'memory',
  seed: 'flaky',
  suites: [],
  requirements: new Set(ignoresRemovals.requirements),
  bail: false,
  shrink: true,
  corpus: [],
  replayLine: (path: string) => path,
  signal: new AbortController().signal,
  warnings: [],
} as const;

test('what shows in none of the executions alone is not shrunk, and keeps the trace that showed it', async () => {
  const { runner, executed, alone } = runnerBrokenFor(cases);
  const { failed } = await runner.runBatch(0, cases);
  const { plan, findings } = failed[0]!;
  const before = executed();
  const reduced = await runner.reduce(plan, findings[0]!, true);
  expect(reduced).toMatchObject({ plan, finding: findings[0], minimal: false, failed: 0, tried: 3 });
  expect(reduced.trace.some((event) => event.seq === findings[0]!.events[0])).toBe(true);
  expect([executed() - before, alone()]).toEqual([3, 1]);
});

test('only one of the executions that confirm is waited for longer than it takes to fail', async () => {
  const untils: (string | undefined)[] = [];
  const runner = runnerWith((plan, until) => {
    untils.push(until);
    return checkBroken(plan, until);
  });
  const { failed } = await runner.runBatch(0, cases);
  const { plan, findings } = failed[0]!;
  untils.length = 0;
  const reduced = await runner.reduce(plan, findings[0]!, true);
  const signature = signatureOf(findings[0]!);
  const confirming = [undefined, signature, signature];
  expect(untils.slice(0, 3)).toEqual(confirming);
  expect(untils.slice(-3)).toEqual(confirming);
  const candidates = untils.slice(3, -3);
  expect(candidates.length).toBeGreaterThanOrEqual(reduced.executions);
  expect(new Set(candidates)).toEqual(new Set([signature]));
  expect(reduced.trace.at(-1)).toMatchObject({ kind: 'run.ended', outcome: 'complete' });
});

test('what failed every time is made no smaller than what still fails every time', async () => {
  const executions = new Map<Plan, number>();
  // With fewer steps a plan fails every second time only.
  const isSteady = (plan: Plan) => plan.steps.length > 5;
  const runner = runnerWith((plan, until) => {
    const before = executions.get(plan) ?? 0;
    executions.set(plan, before + 1);
    return isSteady(plan) || before % 2 === 0 ? checkBroken(plan, until) : checkSound(plan);
  });
  const { failed } = await runner.runBatch(0, 40);
  const { plan, findings } = failed.find((each) => isSteady(each.plan))!;
  const reduced = await runner.reduce(plan, findings[0]!, true);
  expect(isSteady(reduced.plan)).toBe(true);
  expect(reduced).toMatchObject({ failed: 3, tried: 3, minimal: true });
  expect(reduced.plan.steps.length).toBeLessThan(plan.steps.length);
});

test('an agent that does not come up for a candidate, once or twice, does not end the reduction', async () => {
  const down = new HarnessError({
    code: 'agent-exited',
    message: 'It ended.',
    exitCode: ExitCode.unavailable,
  });
  const reduceWith = async (isDown: (nth: number) => boolean) => {
    let reducing = false;
    let nth = 0;
    const runner = runnerWith(
      (plan, until) => (reducing && isDown(nth++) ? Promise.reject(down) : checkBroken(plan, until)),
      { repeats: 1 },
    );
    const { failed } = await runner.runBatch(0, cases);
    const { plan, findings } = failed[0]!;
    reducing = true;
    return runner.reduce(plan, findings[0]!, true);
  };
  const sound = await reduceWith(() => false);
  expect(sound.minimal).toBe(true);
  expect(await reduceWith((nth) => nth === 4)).toMatchObject({ plan: sound.plan, minimal: true });
  expect(await reduceWith((nth) => nth === 4 || nth === 5)).toMatchObject({
    plan: sound.plan,
    minimal: true,
  });
  await expect(reduceWith(() => true)).rejects.toBe(down);
});

test('what shows again is shrunk', async () => {
  const { runner } = runnerBrokenFor(Infinity);
  const { failed } = await runner.runBatch(0, cases);
  const { plan, findings } = failed[0]!;
  const reduced = await runner.reduce(plan, findings[0]!, true);
  expect(reduced).toMatchObject({ failed: 3, tried: 3 });
  expect(reduced.plan.steps.length).toBeLessThan(plan.steps.length);
});

test('plans of the corpus run side by side, and each that fails no more is told of', async () => {
  const { runner } = runnerBrokenFor(0);
  const generate = { sources: sourceKinds, profile: 'sim', features: referenceFeatures } as const;
  const corpus = [0, 1, 2].map((index) => generateCase({ suites, seed: 'known', index, options: generate }));
  const recovered: unknown[] = [];
  let underWay = 0;
  let mostUnderWay = 0;
  const pool: CasePool = {
    ...poolOf(runner, 2),
    async runPlans(plans) {
      mostUnderWay = Math.max(mostUnderWay, ++underWay);
      try {
        return await runner.runPlans(plans);
      } finally {
        underWay--;
      }
    },
  };
  const onRecovered = (plan: unknown): void => void recovered.push(plan);
  const result = await runCampaign({ ...campaign, pool, cases: 0, batchSize: 1, corpus, onRecovered });
  expect(result.cases).toBe(3);
  expect(recovered).toEqual(corpus);
  expect(mostUnderWay).toBe(2);
});

test('a campaign in which something showed once only is inconclusive, and says what it saw', async () => {
  const { runner } = runnerBrokenFor(cases);
  const result = await runCampaign({ ...campaign, pool: poolOf(runner, 1), cases, batchSize: cases });
  expect(result.exitCode).toBe(2);
  const [once] = result.flaky!;
  expect(once).toMatchObject({ reproduces: [{ failed: 0, tried: 3 }] });
  expect(result.verdicts.flatMap(({ findings }) => findings)).toEqual([]);
  expect(result.verdicts.find(({ requirement }) => requirement === once!.requirement)).toMatchObject({
    verdict: 'inconclusive',
    reason: expect.stringContaining(once!.case),
  });
});

/** A runner whose agent is broken in its first execution of the first so many plans, and in every one of the others. */
function runnerBrokenAfter(doubtful: number): CaseRunner {
  const executions = new Map<Plan, number>();
  const doubted = new Set<Plan>();
  const check: Check = async (plan) => {
    const before = executions.get(plan) ?? 0;
    executions.set(plan, before + 1);
    if (doubted.has(plan)) return checkSound(plan);
    const checked = await checkBroken(plan);
    const counts = checked.findings.some(({ requirement }) => requirement === 'MUX-03');
    if (counts && before === 0 && doubted.size < doubtful) doubted.add(plan);
    return checked;
  };
  return runnerWith(check, { reduceExecutionsMax: 20 });
}

const onlyMux03 = { ...campaign, requirements: new Set(['MUX-03'] as const), shrink: false };

test('what the first case left in doubt, another one may show', async () => {
  const pool = poolOf(runnerBrokenAfter(2), 1);
  const result = await runCampaign({ ...onlyMux03, pool, cases: 60, batchSize: 1 });
  expect(result.exitCode).toBe(1);
  expect(result.flaky).toBeUndefined();
});

test('what three cases left in doubt stays so, and it is told how many showed it', async () => {
  const pool = poolOf(runnerBrokenAfter(Infinity), 1);
  const result = await runCampaign({ ...onlyMux03, pool, cases: 60, batchSize: 1 });
  expect(result.exitCode).toBe(2);
  expect(result.verdicts.find(({ requirement }) => requirement === 'MUX-03')!.reason).toMatch(
    /^seen broken in \d+ cases, one of them .*, and not again$/,
  );
});

test('a case that could not be tried again leaves the doubt that there was', async () => {
  const runner = runnerBrokenAfter(Infinity);
  const interrupted = new AbortController();
  const tried = new Set<string>();
  const pool: CasePool = {
    ...poolOf(runner, 1),
    reduce(plan, found, shrink) {
      const isFirst = !tried.has(signatureOf(found));
      tried.add(signatureOf(found));
      if (isFirst) return runner.reduce(plan, found, shrink);
      interrupted.abort();
      return Promise.reject(new Error('there is no time left'));
    },
  };
  const { signal } = interrupted;
  const result = await runCampaign({ ...onlyMux03, pool, cases: 60, batchSize: 1, signal });
  expect([signal.aborted, result.exitCode]).toEqual([true, 2]);
  for (const { reproduces } of result.flaky!) expect(reproduces).toMatchObject([{ failed: 0, tried: 3 }]);
});

/** A runner whose agent is broken only beside other plans, in the first executions of many. */
function runnerBrokenInCompany(
  executions: number,
  change: (events: readonly TraceEvent[], outcome: RunOutcome) => TraceEvent[] = (events) => [...events],
): CaseRunner {
  let inCompany = 0;
  const check: Check = async (plan) => {
    const checked = await (inCompany++ < executions ? checkBroken(plan) : checkSound(plan));
    const [start, ...rest] = checked.outcome.events;
    const events = [{ ...start, lane: inCompany } as TraceEvent, ...rest];
    const outcome = { ...checked.outcome, events: change(events, checked.outcome) };
    return { ...checked, outcome };
  };
  return runnerWith(check, { checkAlone: checkSound });
}

test('what shows beside other plans again and again, and never alone, is a failure that needs company', async () => {
  const pool = poolOf(runnerBrokenInCompany(Infinity), 1);
  const result = await runCampaign({ ...campaign, pool, cases, batchSize: cases });
  expect(result.exitCode).toBe(1);
  const [finding] = result.verdicts.flatMap(({ findings }) => findings);
  expect(finding!.reproduces).toMatchObject([
    { failed: 0, tried: 3 },
    { company: true, failed: 6, tried: 6 },
  ]);
  expect(needsCompany(finding!)).toBe(true);
});

test('what shows beside other plans only while the machine has no time for the agent decides nothing', async () => {
  const crowded = runnerBrokenInCompany(Infinity, (events, { durationMs }) => [
    ...events.slice(0, -1),
    { t: 0, seq: 0, actor: 'harness', kind: 'stalled', ms: durationMs / 2 },
    events.at(-1)!,
  ]);
  const result = await runCampaign({ ...campaign, pool: poolOf(crowded, 1), cases, batchSize: cases });
  expect(result.exitCode).toBe(2);
  expect(result.flaky![0]!.reproduces).toMatchObject([
    { failed: 0, tried: 3 },
    { company: true, failed: 0, tried: 0 },
  ]);
});

test('what showed beside other plans once, and not again, decides nothing', async () => {
  const pool = poolOf(runnerBrokenInCompany(cases), 1);
  const result = await runCampaign({ ...campaign, pool, cases, batchSize: cases });
  expect(result.exitCode).toBe(2);
  expect(doubtWords(result.flaky![0]!)).toContain('3 executions alone, and in 0 of 6 beside');
});

test('what showed beside other plans, and was not tried alone in time, is inconclusive', async () => {
  const { runner } = runnerBrokenFor(Infinity);
  const interrupted = new AbortController();
  const pool: CasePool = {
    ...poolOf(runner, 1),
    reduce: () => {
      interrupted.abort();
      return Promise.reject(new Error('there is no time left'));
    },
    async asSeen(plan, found) {
      const seen = await runner.asSeen(plan, found);
      const [start, ...rest] = seen.trace;
      return { ...seen, trace: [{ ...start, lane: 3 } as TraceEvent, ...rest] };
    },
  };
  const { signal } = interrupted;
  const result = await runCampaign({ ...campaign, pool, cases, batchSize: cases, signal });
  expect(result.exitCode).toBe(2);
  expect(result.verdicts.flatMap(({ findings }) => findings)).toEqual([]);
  const [seen] = result.flaky!;
  expect(result.verdicts.find(({ requirement }) => requirement === seen!.requirement)).toMatchObject({
    verdict: 'inconclusive',
    reason: expect.stringContaining('not tried alone'),
  });
});

/** A runner whose campaign is ended in the middle of the first reduction, after so many of its candidates. */
async function reduceInterrupted(candidatesMax: number, isCutShort = false) {
  const interrupted = new AbortController();
  const { signal } = interrupted;
  let candidates = 0;
  let confirmed = 0;
  const check: Check = async (plan, until) => {
    if (signal.aborted) throw signal.reason;
    const isCandidate = until !== undefined && confirmed >= 3;
    if (isCandidate && ++candidates > candidatesMax) {
      interrupted.abort();
      if (!isCutShort) throw signal.reason;
      const { outcome, judgement } = await checkSound(plan);
      const events = [...outcome.events.slice(0, -1), { ...outcome.events.at(-1)!, outcome: 'interrupted' }];
      return { outcome: { ...outcome, events: events as TraceEvent[] }, judgement, findings: [] };
    }
    confirmed++;
    return checkBroken(plan, until);
  };
  const runner = runnerWith(check, { signal });
  const { failed } = await runnerWith(checkBroken).runBatch(0, cases);
  const { plan, findings } = failed[0]!;
  return { plan, reduced: await runner.reduce(plan, findings[0]!, true) };
}

test.each([false, true])(
  'a reduction that is interrupted keeps what was confirmed, and the smallest plan so far',
  async (isCutShort) => {
    const early = await reduceInterrupted(0, isCutShort);
    expect(early.reduced).toMatchObject({ plan: early.plan, failed: 3, tried: 3, minimal: false });
    const { plan, reduced } = await reduceInterrupted(20, isCutShort);
    expect(reduced.plan.steps.length).toBeLessThan(plan.steps.length);
    expect(reduced).toMatchObject({ failed: 3, tried: 3, minimal: false });
    expect(reduced.trace.length).toBeGreaterThan(0);
  },
);

test('what was cut short is no try', async () => {
  const interrupted = new AbortController();
  let executed = 0;
  const check: Check = (plan, until) => {
    if (++executed === 2) interrupted.abort();
    return interrupted.signal.aborted ? Promise.reject(interrupted.signal.reason) : checkBroken(plan, until);
  };
  const { failed } = await runnerWith(checkBroken).runBatch(0, cases);
  const { plan, findings } = failed[0]!;
  const runner = runnerWith(check, { signal: interrupted.signal, repeatsAtOnce: true });
  expect(await runner.reduce(plan, findings[0]!, true)).toMatchObject({ plan, failed: 1, tried: 1 });
});

test('what ends a reduction for want of a runtime takes nothing from what was confirmed', async () => {
  const gone = new HarnessError({
    code: 'runtime-failed',
    message: 'It is gone.',
    exitCode: ExitCode.unavailable,
  });
  const runner = runnerWith(checkBroken, { elsewhere: new Map([['docker', () => Promise.reject(gone)]]) });
  const pool = poolOf(runner, 1);
  const result = await runCampaign({ ...campaign, shrink: false, pool, cases, batchSize: cases });
  const [finding] = result.verdicts.flatMap(({ findings }) => findings);
  expect(finding!.reproduces).toEqual([{ world: 'live', runtime: 'memory', failed: 3, tried: 3 }]);
  expect(result.warnings).toEqual([expect.stringContaining('It is gone.')]);
  expect(result.exitCode).toBe(ExitCode.doesNotConform);
});

test('what waits for its turn takes no time from a reduction', async () => {
  const { failed } = await runnerWith(checkBroken).runBatch(0, cases);
  const { plan, findings } = failed[0]!;
  const reduceTaking = (durationMs: number) => {
    const check: Check = async (candidate, until) => {
      const checked = await checkBroken(candidate, until);
      return { ...checked, outcome: { ...checked.outcome, durationMs } };
    };
    return runnerWith(check, { repeats: 1, reduceMsMax: 20 }).reduce(plan, findings[0]!, true);
  };
  expect((await reduceTaking(0)).minimal).toBe(true);
  expect((await reduceTaking(60_000)).minimal).toBe(false);
});

test('--bail ends a campaign against real processes with what is certain, not with what is in doubt', async () => {
  const run = (doubtful: number) =>
    runCampaign({
      ...onlyMux03,
      pool: poolOf(runnerBrokenAfter(doubtful), 1),
      cases: 60,
      batchSize: 1,
      bail: true,
    });
  const [sure, doubted] = [await run(0), await run(1)];
  expect([sure.exitCode, doubted.exitCode]).toEqual([1, 1]);
  expect(doubted.cases).toBeGreaterThan(sure.cases);
  expect(doubted.cases).toBeLessThan(60);
  expect((await run(Infinity)).cases).toBe(60);
});

test('--bail waits for nothing else that was seen once something is certain', async () => {
  const { runner } = runnerBrokenFor(Infinity);
  let reductions = 0;
  const pool: CasePool = {
    ...poolOf(runner, 1),
    reduce: (plan, found, shrink, signal) =>
      reductions++ === 0
        ? runner.reduce(plan, found, shrink)
        : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  };
  const result = await runCampaign({ ...campaign, pool, cases, batchSize: cases, bail: true });
  expect(reductions).toBeGreaterThan(1);
  expect(result).toMatchObject({ exitCode: 1 });
  expect(result.interrupted).toBeUndefined();
});
