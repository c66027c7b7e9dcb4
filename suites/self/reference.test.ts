import { expect, test } from 'vitest';
import { createReferenceAgent, referenceFeatures } from '../../fakes/agent/reference-agent.js';
import { generateCase } from '../../harness/explore/generate-case.js';
import type { AgentProfile } from '../../harness/ports/driver.js';
import { failureText } from './failure-text.js';
import { checkPlan } from '../../harness/run/check-plan.js';
import { addVerdicts, verdictsOf, type Tally } from '../../harness/run/tally.js';
import { sourceKinds } from '../../harness/spec/pod.js';
import { fastTimings } from '../../harness/spec/timings.js';
import { hashTrace } from '../../harness/trace/codec.js';
import { suites } from '../index.js';

const profile: AgentProfile = {
  name: 'reference',
  sources: sourceKinds,
  features: referenceFeatures,
  timings: fastTimings,
};
const options = { sources: sourceKinds, profile: 'sim', features: referenceFeatures } as const;
const check = (seed: string, index: number): ReturnType<typeof checkPlan> =>
  checkPlan({
    plan: generateCase({ suites, seed, index, options }),
    createAgent: (ports) => createReferenceAgent(ports),
    profile,
  });

/** Requirements that issue after issue promised a check for; each has to be met by ordinary cases. */
const checked = [
  'MUX-01',
  'MUX-02',
  'MUX-03',
  'MUX-04',
  'MUX-05',
  'MUX-06',
  'MUX-10',
  'MUX-11',
  'FILE-01',
  'FILE-02',
  'FILE-03',
  'FILE-05',
  'FILE-08',
  'HTTP-01',
  'HTTP-02',
  'HTTP-03',
  'HTTP-04',
  'HTTP-05',
  'API-01',
  'API-02',
  'API-03',
  'API-04',
  'WORK-01',
  'WORK-02',
  'WORK-03',
  'WORK-04',
  'WORK-06',
  'LIFE-01',
  'LIFE-02',
  'LIFE-06',
  'LIFE-09',
  'BACK-01',
  'TERM-01',
  'TERM-02',
  'TERM-03',
  'TERM-05',
  'TERM-06',
  'ORPH-01',
  'ORPH-02',
  'GC-01',
  'ADOPT-01',
  'ADOPT-02',
  'ADOPT-03',
  'RT-01',
  'RT-05',
  'QUIET-01',
  'QUIET-02',
] as const;

test('the reference agent is never caught, and every check is exercised', { timeout: 300_000 }, async () => {
  const tally: Tally = {};
  const problems: string[] = [];
  for (let index = 0; index < 1_000; index++) {
    const { judgement, findings, outcome } = await check('self', index);
    addVerdicts(tally, judgement.verdicts);
    expect(outcome.events.at(-1)).toMatchObject({ kind: 'run.ended', outcome: 'complete' });
    for (const finding of findings) problems.push(`case ${index}: ${failureText(finding)}`);
  }
  expect(problems).toEqual([]);
  const verdicts = new Map(verdictsOf(tally, new Set()).map((verdict) => [verdict.requirement, verdict]));
  const unmet = checked.filter((requirement) => verdicts.get(requirement)?.verdict !== 'pass');
  expect(unmet).toEqual([]);
});

test('the same plan gives the same trace to the byte', async () => {
  for (let index = 0; index < 20; index++) {
    const [first, second] = [await check('twice', index), await check('twice', index)];
    expect(hashTrace(first.outcome.events)).toBe(hashTrace(second.outcome.events));
  }
});
