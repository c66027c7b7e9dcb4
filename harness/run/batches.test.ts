import { expect, test } from 'vitest';
import { runBatches, type Batches } from './batches.js';
import type { BatchResult } from './case-runner.js';

const none: Omit<BatchResult, 'cases'> = {
  effectiveSteps: 0,
  simulatedMs: 0,
  events: 0,
  tally: {},
  failed: [],
  reached: [],
  floods: 0,
  ownExits: 0,
};

/** Batches of one case that end when the test says so. */
function controlled(options: Partial<Batches>) {
  const taken: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const state = { ahead: 0, over: false, stopped: false };
  const signals: AbortSignal[] = [];
  const run = runBatches({
    total: 4,
    batchSize: 1,
    width: 3,
    signal: new AbortController().signal,
    start: (first, count, signal) =>
      new Promise((resolve, reject) => {
        signals.push(signal);
        ends[first] = (error) => (error === undefined ? resolve({ ...none, cases: count }) : reject(error));
      }),
    takeIn: (_batch, first) => void taken.push(first),
    isOver: () => state.over,
    isStopped: () => state.stopped,
    onAhead: (cases) => void (state.ahead += cases),
    ...options,
  });
  const end = async (first: number, error?: Error): Promise<void> => {
    ends[first]!(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { run, taken, end, state, signals, begun: () => ends.length };
}

test('batches are taken in by number, and those that wait for others are told of', async () => {
  const { run, taken, end, state, begun } = controlled({});
  await end(1);
  await end(2);
  expect([taken, state.ahead, begun()]).toEqual([[], 2, 3]);
  await end(0);
  expect([taken, state.ahead, begun()]).toEqual([[0, 1, 2], 0, 4]);
  await end(3);
  await run;
  expect(taken).toEqual([0, 1, 2, 3]);
});

test('what has ended when the time is over is taken in, and the rest is ended', async () => {
  const { run, taken, end, state, signals } = controlled({});
  await end(2);
  state.over = true;
  await end(0);
  await run;
  expect(taken).toEqual([0, 2]);
  expect([state.ahead, signals.every(({ aborted }) => aborted)]).toEqual([0, true]);
});

test('what has ended when one of them fails is taken in', async () => {
  const { run, taken, end } = controlled({});
  await end(1);
  const failed = expect(run).rejects.toThrow('no more');
  await end(0, new Error('no more'));
  await failed;
  expect(taken).toEqual([1]);
});

test('nothing is taken in once the campaign has what it wanted', async () => {
  const { run, taken, end, state } = controlled({});
  await end(1);
  state.over = true;
  state.stopped = true;
  await end(0);
  await run;
  expect(taken).toEqual([0]);
});
