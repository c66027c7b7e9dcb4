import { setMaxListeners } from 'node:events';
import type { BatchResult } from './case-runner.js';

/** Consecutive cases, new ones or those of the corpus, and how they are executed. */
export interface Batches {
  readonly total: number;
  readonly batchSize: number;
  /** How many batches are kept under way. */
  readonly width: number;
  readonly signal: AbortSignal;
  start(first: number, count: number, signal: AbortSignal): Promise<BatchResult>;
  takeIn(batch: BatchResult, first: number, count: number): void;
  /** No batch is to begin any more. */
  isOver(): boolean;
  /** What follows is not to be taken in, even if it has ended. */
  isStopped(): boolean;
  /** So many more cases have ended than were taken in; negative when they are taken in. */
  onAhead(cases: number): void;
}

interface Batch {
  readonly result: Promise<BatchResult>;
  readonly first: number;
  readonly count: number;
  ended: BatchResult | undefined;
}

/**
 * Keeps as many batches under way as are allowed, and takes them in by number. When it is over, whatever the reason,
 * what has ended by then is taken in too: nothing that was found is lost.
 */
export async function runBatches(options: Batches): Promise<void> {
  const { total, batchSize, width, isOver, isStopped, onAhead } = options;
  const underWay: Batch[] = [];
  const controller = new AbortController();
  const signal = AbortSignal.any([options.signal, controller.signal]);
  setMaxListeners(0, signal);
  let next = 0;

  function begin(count: number): void {
    const batch: Batch = {
      result: options.start(next, count, signal),
      first: next,
      count,
      ended: undefined,
    };
    batch.result.then(
      (ended) => {
        batch.ended = ended;
        onAhead(count);
      },
      () => {},
    );
    underWay.push(batch);
    next += count;
  }

  function take({ first, count }: Batch, ended: BatchResult): void {
    onAhead(-count);
    options.takeIn(ended, first, count);
  }

  try {
    while (!isOver()) {
      while (underWay.length < width && next < total) begin(Math.min(batchSize, total - next));
      const oldest = underWay[0];
      if (oldest === undefined) return;
      const ended = await oldest.result;
      underWay.shift();
      take(oldest, ended);
    }
  } finally {
    for (const batch of underWay) if (batch.ended !== undefined && !isStopped()) take(batch, batch.ended);
    // The cases of those that nobody takes in must not delay the reductions.
    if (underWay.length > 0) controller.abort();
  }
}
