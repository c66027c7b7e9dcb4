import { expect, test } from 'vitest';
import { judgeTrace } from '../oracles/judge.js';
import { asGiven, createTrace, makePod, type TraceBuilder } from '../oracles/testing/trace-builder.js';
import type { CheckedPlan } from '../run/check-plan.js';
import { signatureOf } from '../spec/verdict.js';
import { sayingMost } from './replayed.js';

const web = makePod('web', { uid: 'u1' });
const webPod = asGiven(web);

function checked(trace: TraceBuilder): CheckedPlan {
  const judgement = judgeTrace(trace.events);
  const outcome = { events: trace.events, effectiveSteps: 0, durationMs: 0 };
  return { outcome, judgement, findings: judgement.findings };
}

const begun = (): TraceBuilder =>
  createTrace(['feed'], { world: 'live' }).agent().list('feed', [web]).at(500);
const sound = checked(begun().start(webPod));
const unsettled = checked(begun().start(webPod).phase('unsettled'));
const unwarranted = checked(begun().start(webPod).looking(30_000).stop(webPod));
const missing = checked(begun().rest());
const signature = signatureOf(missing.findings[0]!);

test('what shows the failure that was saved says most', () => {
  expect(unwarranted.findings.map(signatureOf)).not.toContain(signature);
  expect(sayingMost(signature, unwarranted, missing)).toEqual({ checked: missing });
});

test('… then what shows any, and be it in company only', () => {
  expect(sayingMost(signature, sound, unwarranted).checked).toBe(unwarranted);
  expect(sayingMost(signature, unwarranted, sound).checked).toBe(unwarranted);
  expect(sayingMost(signature, sound, checked(begun().start(webPod))).checked).toBe(sound);
});

test('what one of the two leaves open is open', () => {
  const open = 'still moving at its deadline';
  expect(sayingMost(signature, unsettled, sound).undecided).toBe(open);
  expect(sayingMost(signature, sound, unsettled).undecided).toBe(open);
  expect(sayingMost(signature, sound, sound).undecided).toBeUndefined();
});
