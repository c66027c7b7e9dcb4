import { expect, test } from 'vitest';
import { createReferenceAgent, referenceFeatures } from '../../fakes/agent/reference-agent.js';
import { suites } from '../../suites/index.js';
import { judgeTrace } from '../oracles/judge.js';
import { htmlReport } from '../report/html.js';
import { githubSummary } from '../report/github.js';
import { jsonReport } from '../report/json.js';
import { junitReport } from '../report/junit.js';
import type { CampaignResult } from '../report/result.js';
import { textReport } from '../report/text.js';
import { sourceKinds } from '../spec/pod.js';
import { requirements } from '../spec/requirements.js';
import { fastTimings } from '../spec/timings.js';
import type { RunEnded, TraceEvent } from '../trace/events.js';
import { runCampaign } from './campaign.js';
import { createCaseRunner } from './case-runner.js';
import { checkPlan, type CheckedPlan } from './check-plan.js';

const profile = { name: 'test', sources: sourceKinds, features: referenceFeatures, timings: fastTimings };

type Change = (event: TraceEvent) => TraceEvent;

const moving: Change = (event) =>
  event.kind === 'phase' && event.phase === 'settled' ? { ...event, phase: 'unsettled' } : event;

const flooding: Change = (event) => {
  const cutShort: RunEnded = {
    kind: 'run.ended',
    actor: 'harness',
    outcome: 'limit',
    detail: '300000 events',
  };
  return event.kind === 'run.ended' ? { t: event.t, seq: event.seq, ...cutShort } : event;
};

/** What a real run came to, as if it had happened on a real clock, with another end. */
function withEnd({ outcome }: CheckedPlan, change: Change): CheckedPlan {
  const events = outcome.events
    .map((event) => (event.kind === 'run.started' ? { ...event, world: 'live' as const } : event))
    .map(change);
  const judgement = judgeTrace(events);
  return { outcome: { ...outcome, events }, judgement, findings: judgement.findings };
}

/** A campaign whose n-th case ends as `ends[n]` says. */
function campaignOf(ends: readonly (Change | undefined)[]): Promise<CampaignResult> {
  let executed = 0;
  const runner = createCaseRunner({
    async check(plan) {
      const checked = await checkPlan({ plan, createAgent: createReferenceAgent, profile });
      return withEnd(checked, ends[executed++] ?? ((event) => event));
    },
    suites,
    seed: 'open',
    generate: { sources: sourceKinds, profile: 'sim', features: referenceFeatures },
    reduceExecutionsMax: 0,
    repeats: 1,
  });
  return runCampaign({
    pool: {
      width: 1,
      runBatch: (first, count) => runner.runBatch(first, count),
      runPlans: (plans) => runner.runPlans(plans),
      reduce: (plan, found, shrink) => runner.reduce(plan, found, shrink),
      asSeen: (plan, found) => runner.asSeen(plan, found),
    },
    agent: { ...profile, given: 'test' },
    world: 'live',
    runtime: 'memory',
    seed: 'open',
    suites: [],
    cases: ends.length,
    batchSize: 2,
    requirements: new Set(requirements.map(({ id }) => id)),
    bail: false,
    shrink: false,
    corpus: [],
    replayLine: (path) => path,
    signal: new AbortController().signal,
    warnings: [],
  });
}

test('cases that were still moving at their deadline are counted, and change no verdict', async () => {
  const usual = Array.from({ length: 22 }, () => undefined);
  const settled = await campaignOf([...usual, undefined, undefined]);
  expect(settled).toMatchObject({ exitCode: 0, warnings: [] });
  const some = await campaignOf([...usual, moving, moving]);
  const verdictsOf = ({ verdicts }: CampaignResult) => verdicts.map(({ verdict }) => verdict);
  expect(verdictsOf(some)).toEqual(verdictsOf(settled));
  const warning = '2 of 24 cases were still moving at their deadline, and were judged only up to there.';
  expect(some).toMatchObject({ exitCode: 0, warnings: [warning] });
  expect(textReport(some, { colors: false })).toContain(`warning ${warning}`);
  expect(jsonReport(some).warnings).toEqual([warning]);
  for (const report of [htmlReport(some), junitReport(some), githubSummary(some)])
    expect(report).toContain(warning);
});

test('when all were, nobody can tell, and the requirement to come to rest says why', async () => {
  const none = await campaignOf([moving, moving, moving]);
  expect(none.exitCode).toBe(2);
  expect(none.warnings).toEqual([
    '3 of 3 cases were still moving at their deadline, and were judged only up to there.',
  ]);
  expect(none.verdicts.find(({ requirement }) => requirement === 'QUIET-02')).toMatchObject({
    verdict: 'not exercised',
    reason: 'still changing at the deadline',
  });
});

test('cases that were cut short are counted, however few', async () => {
  const result = await campaignOf([undefined, flooding, moving, undefined]);
  expect(result.warnings).toEqual([
    '1 of 4 cases was still moving at its deadline, and was judged only up to there.',
    'In 1 of 4 cases the agent made so many calls that the run was cut short, and was judged only up to there.',
  ]);
});

test('cases in which the agent ended on its own are counted', async () => {
  const exiting: Change = (event) =>
    event.kind === 'step'
      ? { t: event.t, seq: event.seq, kind: 'agent.ended', actor: 'agent', incarnation: 1, cause: 'exited' }
      : event;
  const { warnings } = await campaignOf([exiting, undefined]);
  expect(warnings).toContain('In 1 of 2 cases the agent ended on its own, and was started again.');
});

test('an agent that floods in many cases has the rest left out', async () => {
  const result = await campaignOf(Array.from({ length: 30 }, () => flooding));
  expect(result.cases).toBe(20);
  expect(result.warnings).toEqual([
    'In 20 of 20 cases the agent made so many calls that the run was cut short, and was judged only up to there. The rest was left out.',
  ]);
});
