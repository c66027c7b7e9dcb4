import { expect, test } from 'vitest';
import { noCheckYet, type Verdict, type VerdictKind } from '../spec/verdict.js';
import { addVerdicts, mergeTally, verdictsOf, type Tally } from './tally.js';

function tallied(...kinds: VerdictKind[]): VerdictKind {
  const sum: Tally = {};
  for (const verdict of kinds) {
    const tally: Tally = {};
    const exercised = verdict === 'not exercised' ? 0 : 1;
    addVerdicts(tally, [{ requirement: 'QUIET-02', verdict, exercised, findings: [] } as Verdict]);
    mergeTally(sum, tally);
  }
  return verdictsOf(sum, new Set()).find(({ requirement }) => requirement === 'QUIET-02')!.verdict;
}

test('what no case could decide is inconclusive, and no pass', () => {
  expect(tallied('inconclusive', 'not exercised')).toBe('inconclusive');
});

test('a case that could not decide says nothing against one that could', () => {
  expect(tallied('inconclusive', 'pass')).toBe('pass');
});

test('what was never reached is not exercised', () => {
  expect(tallied('not exercised')).toBe('not exercised');
});

test('that one plan gives the agent no directory is no reason where another one does', () => {
  const tally: Tally = {};
  const verdict = { requirement: 'FILE-06', exercised: 0, findings: [] } as const;
  const reason = 'the agent is not given the source file';
  addVerdicts(tally, [{ ...verdict, verdict: 'not applicable', reason }]);
  const file06 = () => verdictsOf(tally, new Set()).find(({ requirement }) => requirement === 'FILE-06');
  expect(file06()).toMatchObject({ verdict: 'not applicable', reason });
  addVerdicts(tally, [{ ...verdict, verdict: 'not exercised', reason: noCheckYet }]);
  expect(file06()).toMatchObject({ verdict: 'not exercised', reason: noCheckYet });
});
