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
