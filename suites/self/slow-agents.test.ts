import { expect, test } from 'vitest';
import type { Decisions } from '../../fakes/agent/decisions.js';
import { createReferenceAgent, referenceFeatures } from '../../fakes/agent/reference-agent.js';
import { referenceDecisions } from '../../fakes/agent/reference-decisions.js';
import { generateCase } from '../../harness/explore/generate-case.js';
import { checkPlan } from '../../harness/run/check-plan.js';
import { sourceKinds } from '../../harness/spec/pod.js';
import { fastTimings } from '../../harness/spec/timings.js';
import { suites } from '../index.js';
import { failureText } from './failure-text.js';

const casesMax = 150;
const profile = { name: 'slow', sources: sourceKinds, features: referenceFeatures, timings: fastTimings };
const options = { sources: sourceKinds, profile: 'sim', features: referenceFeatures } as const;

/** The catalogue gives an agent about a second to act on what it was shown, and lets it finish what it has begun. */
test.each<[what: string, slow: Partial<Decisions>]>([
  ['acts on what a source says 300 ms after it was read', { reactsAfterMs: 300 }],
  ['acts on what a source says 600 ms after it was read', { reactsAfterMs: 600 }],
  ['finishes what it has begun before it acts on news', { interruptsSetup: false, looksWith: 'begunWith' }],
])('an agent that %s conforms', { timeout: 120_000 }, async (_what, slow) => {
  const decisions = { ...referenceDecisions, ...slow };
  const problems: string[] = [];
  for (let index = 0; index < casesMax; index++) {
    const { findings } = await checkPlan({
      plan: generateCase({ suites, seed: 'p1', index, options }),
      createAgent: (ports) => createReferenceAgent(ports, decisions),
      profile,
    });
    for (const finding of findings) problems.push(`case ${index}: ${failureText(finding)}`);
  }
  expect(problems).toEqual([]);
});
