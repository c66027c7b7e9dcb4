import fc from 'fast-check';
import { check, planOf, timed } from './common.js';

/** Speed of whole cases, all oracles and the differential run included, beside fast-check's own runner. */
export async function simulation(count: number): Promise<object> {
  for (let index = 0; index < count / 2; index++) await check(planOf('warm', index));
  let steps = 0;
  let simulatedMs = 0;
  let events = 0;
  const { wallMs, cpuMs } = await timed(async () => {
    for (let index = 0; index < count; index++) {
      const { outcome } = await check(planOf('bench', index));
      steps += outcome.effectiveSteps;
      simulatedMs += outcome.durationMs;
      events += outcome.events.length;
    }
  });
  const model = await timed(() => fastCheckModel(count, Math.round(steps / count)));
  return {
    cases: count,
    casesPerSecond: (count / wallMs) * 1_000,
    casesPerCpuSecond: (count / cpuMs) * 1_000,
    effectiveStepsPerCase: steps / count,
    eventsPerCase: events / count,
    simulatedSecondsPerSecond: simulatedMs / wallMs,
    asyncModelRunsPerSecond: (count / model.wallMs) * 1_000,
    ratioToAsyncModelRun: model.wallMs / wallMs,
  };
}

/** As many trivial commands as a case has steps, through fast-check's own model runner. */
async function fastCheckModel(count: number, steps: number): Promise<void> {
  const command: fc.AsyncCommand<{ count: number }, { count: number }> = {
    check: () => true,
    run: async (model, real) => {
      model.count++;
      real.count++;
      await Promise.resolve();
    },
    toString: () => 'count',
  };
  for (let index = 0; index < count; index++) {
    const commands = Array.from({ length: steps }, () => command);
    await fc.asyncModelRun(() => ({ model: { count: 0 }, real: { count: 0 } }), commands);
  }
}
