import { expect, test } from 'vitest';
import { createReferenceAgent, referenceFeatures } from '../../fakes/agent/reference-agent.js';
import { sandboxBeforeContainers } from '../../fakes/mutants/sandbox-before-containers.js';
import { suites } from '../../suites/index.js';
import { generateCase } from '../explore/generate-case.js';
import { sourceKinds } from '../spec/pod.js';
import { fastTimings } from '../spec/timings.js';
import { signatureOf } from '../spec/verdict.js';
import { checkPlan } from './check-plan.js';

const profile = { name: 'test', sources: sourceKinds, features: referenceFeatures, timings: fastTimings };

test('an execution until a signature ends with it, and goes to its end without', async () => {
  const plan = generateCase({
    suites: suites.filter(({ name }) => name === 'termination'),
    seed: 'until',
    index: 0,
    options: { sources: sourceKinds, profile: 'sim', features: referenceFeatures },
  });
  const check = (until?: string) =>
    checkPlan({
      plan,
      createAgent: (ports) => createReferenceAgent(ports, sandboxBeforeContainers.decisions),
      profile,
      until,
    });
  const whole = await check();
  const signature = signatureOf(whole.findings.find(({ requirement }) => requirement === 'TERM-02')!);
  const brief = await check(signature);
  const { events } = brief.outcome;
  expect(brief.findings.map(signatureOf)).toContain(signature);
  expect(events.at(-1)!.t).toBe(brief.findings.find((one) => signatureOf(one) === signature)!.atMs);
  expect(events).toEqual(whole.outcome.events.slice(0, events.length));
  expect(events.length).toBeLessThan(whole.outcome.events.length);
  const other = await check('QUIET-02 what does not show');
  expect(other.outcome.events).toEqual(whole.outcome.events);
});
