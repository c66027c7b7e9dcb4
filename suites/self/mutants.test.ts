import { describe, expect, test } from 'vitest';
import { createReferenceAgent, referenceFeatures } from '../../fakes/agent/reference-agent.js';
import { mutants } from '../../fakes/mutants/index.js';
import { createCaseRunner } from '../../harness/run/case-runner.js';
import { checkPlan } from '../../harness/run/check-plan.js';
import type { AgentProfile } from '../../harness/ports/driver.js';
import { sourceKinds } from '../../harness/spec/pod.js';
import { fastTimings } from '../../harness/spec/timings.js';
import { signatureOf } from '../../harness/spec/verdict.js';
import { hashTrace } from '../../harness/trace/codec.js';
import { suites } from '../index.js';

const casesMax = 4_000;
const batchSize = 25;
const mutantsMin = 40;

test(`there are at least ${mutantsMin} mutants with names of their own`, () => {
  expect(new Set(mutants.map((mutant) => mutant.name)).size).toBe(mutants.length);
  expect(mutants.length).toBeGreaterThanOrEqual(mutantsMin);
});

describe.each(mutants)('mutant $name', (mutant) => {
  const profile: AgentProfile = {
    name: mutant.name,
    sources: sourceKinds,
    features: referenceFeatures,
    timings: fastTimings,
  };
  const check = (plan: Parameters<typeof checkPlan>[0]['plan']): ReturnType<typeof checkPlan> =>
    checkPlan({ plan, createAgent: (ports) => createReferenceAgent(ports, mutant.decisions), profile });
  const runner = createCaseRunner({
    check,
    suites,
    seed: 'mutants',
    generate: { sources: sourceKinds, profile: 'sim', features: referenceFeatures },
    reduceExecutionsMax: 2_000,
    repeats: 1,
  });

  test(
    `is caught by ${mutant.requirements.join(' or ')}, shrunk, certified and replayed`,
    { timeout: 180_000 },
    async () => {
      const expected = new Set<string>(mutant.requirements);
      for (let first = 0; first < casesMax; first += batchSize) {
        const { failed } = await runner.runBatch(first, batchSize);
        for (const { plan, findings } of failed) {
          const finding = findings.find((candidate) => expected.has(candidate.requirement));
          if (finding === undefined) continue;
          const reduced = await runner.reduce(plan, finding, true);
          expect(reduced.minimal).toBe(true);
          expect(signatureOf(reduced.finding)).toBe(signatureOf(finding));
          const again = await check(structuredClone(reduced.plan));
          expect(hashTrace(again.outcome.events)).toBe(reduced.traceHash);
          return;
        }
      }
      expect.fail(`not caught in ${casesMax} cases`);
    },
  );
});
