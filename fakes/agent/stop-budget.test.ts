import { expect, test } from 'vitest';
import { referenceDecisions } from './reference-decisions.js';
import { createStopBudget } from './stop-budget.js';

test('the clock starts with the first question, and a stop never gets less than two seconds', () => {
  let nowMs = 50_000;
  const budget = createStopBudget(10, referenceDecisions, () => nowMs);
  nowMs = 60_000;
  expect(budget.timeoutS()).toBe(10);
  nowMs += 3_500;
  expect(budget.timeoutS()).toBe(6);
  expect(budget.remainingMs()).toBe(6_500);
  nowMs += 6_500;
  expect(budget.timeoutS()).toBe(2);
  expect(budget.remainingMs()).toBe(0);
});

test('a later request shortens the period and says so; it never lengthens it', () => {
  let nowMs = 0;
  let shortenings = 0;
  const budget = createStopBudget(30, referenceDecisions, () => nowMs);
  budget.shortened.listen(() => shortenings++);
  expect(budget.timeoutS()).toBe(30);
  nowMs = 5_300;
  budget.request(60);
  budget.request(30);
  expect([budget.timeoutS(), shortenings]).toEqual([24, 0]);
  budget.request(10);
  expect([budget.timeoutS(), shortenings]).toEqual([10, 1]);
});
