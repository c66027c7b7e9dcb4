import { mutants } from '../../fakes/mutants/index.js';
import { createCaseRunner } from '../../harness/run/case-runner.js';
import { suites } from '../../suites/index.js';
import { check, generation, median, timed } from './common.js';

/** How long it takes to find each mutant, and to shrink and certify its case. */
export async function mutantTimes(): Promise<object> {
  const times: number[] = [];
  const missed: string[] = [];
  for (const mutant of mutants) {
    const runner = createCaseRunner({
      check: (plan) => check(plan, mutant.decisions),
      suites,
      seed: 'mutants',
      generate: generation,
      reduceExecutionsMax: 2_000,
      repeats: 1,
    });
    const { wallMs } = await timed(async () => {
      for (let first = 0; first < 4_000; first += 25) {
        const { failed } = await runner.runBatch(first, 25);
        const hit = failed
          .flatMap(({ plan, findings }) => findings.map((finding) => ({ plan, finding })))
          .find(({ finding }) => (mutant.requirements as readonly string[]).includes(finding.requirement));
        if (hit === undefined) continue;
        await runner.reduce(hit.plan, hit.finding, true);
        return;
      }
      missed.push(mutant.name);
    });
    times.push(wallMs);
  }
  return { mutants: times.length, missed, medianMs: median(times), maxMs: Math.max(...times) };
}
