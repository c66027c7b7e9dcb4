import { describe, expect, test } from 'vitest';
import { doubtWords } from '../report/groups.js';
import type { ReportedFinding, ReportedVerdict, Reproduction } from '../report/result.js';
import type { RequirementId } from '../spec/requirements.js';
import { isDoubtful, withDoubts } from './doubts.js';

type Tries = Partial<Reproduction> & Pick<Reproduction, 'failed' | 'tried'>;

/** A finding as campaigns report it, as far as doubts look. */
function seen(requirement: RequirementId, tries: readonly Tries[], lane?: number): ReportedFinding {
  const start = { kind: 'run.started', ...(lane === undefined ? {} : { lane }) };
  return {
    requirement,
    signature: `${requirement} · api pod`,
    case: 'cases/one.json',
    trace: [start],
    reproduces: tries.map((one) => ({ world: 'live', runtime: 'memory', ...one })),
  } as unknown as ReportedFinding;
}

const untried: Tries = { failed: 0, tried: 0 };
const neverAgain: Tries = { failed: 0, tried: 5 };
const onceAgain: Tries = { failed: 1, tried: 5 };

describe('what may only have been late', () => {
  test.each([
    ['was not tried again before the campaign ended', [untried], true],
    ['never showed again', [neverAgain], true],
    ['never showed again, in two runtimes', [neverAgain, { ...neverAgain, runtime: 'docker' }], true],
    ['showed again', [onceAgain], false],
    ['showed again elsewhere', [neverAgain, { ...onceAgain, runtime: 'docker' }], false],
    ['was simulated', [{ ...untried, world: 'sim' }], false],
  ] as const)('and %s', (_, tries, doubtful) => {
    expect(isDoubtful(seen('MUX-02', tries))).toBe(doubtful);
    // A removed pod that starts late.
    expect(isDoubtful(seen('FILE-08', tries))).toBe(doubtful);
  });
});

test('what an agent must never do counts when it was seen once', () => {
  expect(isDoubtful(seen('TERM-02', [untried]))).toBe(false);
  expect(isDoubtful(seen('TERM-02', [neverAgain]))).toBe(false);
});

test('beside other plans it has to show again and again, or alone', () => {
  const beside = (failed: number): Tries => ({ company: true, failed, tried: 10 });
  expect(isDoubtful(seen('TERM-02', [untried], 1))).toBe(true);
  expect(isDoubtful(seen('TERM-02', [neverAgain, beside(1)], 1))).toBe(true);
  expect(isDoubtful(seen('TERM-02', [neverAgain, beside(2)], 1))).toBe(false);
  expect(isDoubtful(seen('TERM-02', [onceAgain], 1))).toBe(false);
  // Many that begin at once make an agent late.
  expect(isDoubtful(seen('MUX-02', [neverAgain, beside(4)], 1))).toBe(true);
  expect(isDoubtful(seen('MUX-02', [neverAgain, beside(5)], 1))).toBe(false);
});

describe('the verdict on what is in doubt', () => {
  const passed: ReportedVerdict = { requirement: 'MUX-02', verdict: 'pass', exercised: 3, findings: [] };
  test.each([
    [seen('MUX-02', [untried]), 1, 'once, in cases/one.json, and not tried again'],
    [seen('MUX-02', [untried], 2), 1, 'once, in cases/one.json, and not tried alone'],
    [seen('MUX-02', [neverAgain]), 2, 'in 2 cases, one of them cases/one.json, and not again'],
  ])('says what became of it', (doubt, cases, fate) => {
    const verdict = withDoubts(passed, [doubt], () => cases);
    expect(verdict).toMatchObject({ verdict: 'inconclusive', reason: `seen broken ${fate}` });
  });

  test('is that it fails where it failed beyond doubt', () => {
    const failed = { ...passed, verdict: 'fail' as const };
    expect(withDoubts(failed, [seen('MUX-02', [untried])], () => 1)).toBe(failed);
  });
});

test('the reader is told whether it was tried', () => {
  expect(doubtWords(seen('MUX-02', [untried]))).toBe('Not tried again before the campaign ended');
  expect(doubtWords(seen('MUX-02', [untried], 1))).toMatch(/^Seen beside other plans, and not tried alone/);
  expect(doubtWords(seen('MUX-02', [neverAgain]))).toBe('Not again in 5 executions alone');
});
