import { describe, expect, test } from 'vitest';
import { createReferenceAgent, referenceFeatures } from '../../fakes/agent/reference-agent.js';
import type { Decisions } from '../../fakes/agent/decisions.js';
import { mutants } from '../../fakes/mutants/index.js';
import { createCaseRunner, type CaseRunner } from '../../harness/run/case-runner.js';
import { checkPlan } from '../../harness/run/check-plan.js';
import { sourceKinds } from '../../harness/spec/pod.js';
import { liveTimings } from '../../harness/spec/timings.js';
import { suites } from '../index.js';

// The plans of live runs, executed in simulation, where thousands of them take no time: what they cannot show there
// they show nowhere.

const casesMax = 1_500;
const batchSize = 10;
/**
 * Back-off, and the restart of a sidecar, are given seconds to come late, and the periods of these plans are fractions of
 * one; grace is prolonged only where a stop fails between two requests, which is once in thousands of such short plans.
 * Longer ones show them all.
 */
const beyondThem = new Set([
  'backoff-never-reset',
  'backoff-shared-in-pod',
  'backoff-without-cap',
  'extends-grace',
  'sidecars-under-pod-policy',
]);

function runnerOf(name: string, decisions?: Decisions): CaseRunner {
  const profile = { name, sources: sourceKinds, features: referenceFeatures, timings: liveTimings };
  return createCaseRunner({
    check: (plan) =>
      checkPlan({ plan, createAgent: (ports) => createReferenceAgent(ports, decisions), profile }),
    suites,
    seed: 'live',
    generate: { sources: sourceKinds, profile: 'live', features: referenceFeatures, timings: liveTimings },
    reduceExecutionsMax: 1,
    repeats: 1,
  });
}

test('live plans do not catch the reference agent', { timeout: 180_000 }, async () => {
  const runner = runnerOf('reference');
  for (let first = 0; first < casesMax; first += batchSize) {
    const { failed } = await runner.runBatch(first, batchSize);
    expect(failed).toEqual([]);
  }
});

describe.each(mutants.filter(({ name }) => !beyondThem.has(name)))('mutant $name', (mutant) => {
  test(`is caught by live plans, by ${mutant.requirements.join(' or ')}`, { timeout: 180_000 }, async () => {
    const runner = runnerOf(mutant.name, mutant.decisions);
    const caught = async (first: number): Promise<boolean> => {
      const { failed } = await runner.runBatch(first, batchSize);
      const found = failed.flatMap(({ findings }) => findings.map(({ requirement }) => requirement));
      return found.some((requirement) => mutant.requirements.includes(requirement));
    };
    for (let first = 0; first < casesMax; first += batchSize) if (await caught(first)) return;
    expect.fail(`not caught in ${casesMax} cases`);
  });
});
