import { expect, test } from 'vitest';
import { foundWords } from '../report/groups.js';
import type { ReportedFinding } from '../report/result.js';
import type { Plan } from '../spec/plan.js';
import type { Finding } from '../spec/verdict.js';
import { createSuspicions } from './suspicions.js';

const plan = { steps: [] } as unknown as Plan;
const found: Finding = {
  requirement: 'WORK-01',
  subject: 'pod',
  expected: 'One container.',
  seen: 'Two.',
  atMs: 1,
  events: [],
} as unknown as Finding;

const reported = (failed: number, tried: number): ReportedFinding =>
  ({
    ...found,
    steps: 3,
    case: `cases/${failed}-of-${tried}.json`,
    reproduces: [{ world: 'live', runtime: 'memory', failed, tried }],
  }) as unknown as ReportedFinding;

test('what a case showed is told before it was tried again, and what came of it takes its place', async () => {
  let endReduction = (_finding: ReportedFinding): void => {};
  const told: (readonly [string, string | undefined])[] = [];
  const suspicions = createSuspicions({
    asSeen: () => Promise.resolve(reported(0, 0)),
    reduce: () => new Promise((resolve) => (endReduction = resolve)),
    isDoubtful: () => false,
    onFinding: (finding, replaced) => told.push([foundWords(finding), replaced?.case]),
  });
  suspicions.note(plan, found);
  await new Promise((resolve) => setImmediate(resolve));
  const seen = ['WORK-01: One container. Seen: Two. (not tried again yet)', undefined] as const;
  expect(told).toEqual([seen]);
  endReduction(reported(5, 5));
  await suspicions.settled();
  const settled = ['WORK-01: One container. Seen: Two. (3 steps)', 'cases/0-of-0.json'] as const;
  expect(told).toEqual([seen, settled]);
});

test('what is told only when it was tried again has nothing to take the place of', async () => {
  const told: (readonly [string, string | undefined])[] = [];
  const suspicions = createSuspicions({
    reduce: () => Promise.resolve(reported(0, 5)),
    isDoubtful: () => false,
    onFinding: (finding, replaced) => told.push([foundWords(finding), replaced?.case]),
  });
  suspicions.note(plan, found);
  await suspicions.settled();
  expect(told).toEqual([['WORK-01: One container. Seen: Two. (not seen again)', undefined]]);
});

test('of the cases that may be tried in place of one in doubt, those that stood alone come first', async () => {
  const planOf = (seed: string): Plan => ({ steps: [], seed }) as unknown as Plan;
  const [first, beside, alone, late] = ['first', 'beside', 'alone', 'late'].map(planOf) as [
    Plan,
    Plan,
    Plan,
    Plan,
  ];
  const tried: Plan[] = [];
  const suspicions = createSuspicions({
    reduce(plan) {
      tried.push(plan);
      return Promise.resolve(reported(plan === late ? 5 : 0, 5));
    },
    isDoubtful: (finding) => finding.case === 'cases/0-of-5.json',
    stoodAlone: (plan) => plan === alone || plan === late,
  });
  for (const plan of [first, beside, alone, late]) suspicions.note(plan, found);
  expect((await suspicions.settled()).map((finding) => finding.case)).toEqual(['cases/5-of-5.json']);
  expect(tried).toEqual([first, alone, late]);
});
