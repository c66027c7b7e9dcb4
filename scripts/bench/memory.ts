import { check, planOf } from './common.js';

/** How much the process grows from `warm` cases on to `count`, garbage collected before each look. */
export async function memory(warm: number, count: number): Promise<object> {
  const run = async (first: number, end: number): Promise<void> => {
    for (let index = first; index < end; index++) await check(planOf('memory', index));
  };
  await run(0, warm);
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  await run(warm, count);
  globalThis.gc?.();
  return { cases: count, rssGrowthMiB: (process.memoryUsage.rss() - before) / 2 ** 20 };
}
