/**
 * The benchmark: prints one JSON object. Speeds are compared within this run only; absolute figures are those of
 * the machine and the moment. `--quick` does a tenth of the work. `--docker` adds the Docker comparison.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { createReferenceAgent, referenceFeatures } from '../fakes/agent/reference-agent.js';
import { mutants } from '../fakes/mutants/index.js';
import { packageRoot } from '../harness/core/package-root.js';
import { generateCase } from '../harness/explore/generate-case.js';
import { createCaseRunner } from '../harness/run/case-runner.js';
import { checkPlan } from '../harness/run/check-plan.js';
import type { Plan, Step } from '../harness/spec/plan.js';
import { sourceKinds } from '../harness/spec/pod.js';
import { fastTimings } from '../harness/spec/timings.js';
import { suites } from '../suites/index.js';

const quick = process.argv.includes('--quick');
const scale = quick ? 0.1 : 1;
const profile = {
  name: 'reference',
  sources: sourceKinds,
  features: referenceFeatures,
  timings: fastTimings,
};
const generate = { sources: sourceKinds, profile: 'sim', features: referenceFeatures } as const;
const check = (plan: Plan): ReturnType<typeof checkPlan> =>
  checkPlan({ plan, createAgent: (ports) => createReferenceAgent(ports), profile });

async function timed(work: () => Promise<void>): Promise<{ wallMs: number; cpuMs: number }> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const wallMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs, cpuMs: (user + system) / 1_000 };
}

async function simulation(): Promise<object> {
  const count = Math.round(3_000 * scale);
  for (let index = 0; index < count / 10; index++)
    await check(generateCase({ suites, seed: 'warm', index, options: generate }));
  let steps = 0;
  let simulatedMs = 0;
  let events = 0;
  const { wallMs, cpuMs } = await timed(async () => {
    for (let index = 0; index < count; index++) {
      const { outcome } = await check(generateCase({ suites, seed: 'bench', index, options: generate }));
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

/** A plan that adds, edits and removes `pods` pods, `rounds` times. */
function regularPlan(pods: number, rounds: number): Plan {
  const steps: Step[] = [];
  for (let round = 0; round < rounds; round++) {
    for (let pod = 0; pod < pods; pod++) {
      const shared = { source: 'feed', pod } as const;
      steps.push(
        { do: 'add', id: `a${steps.length}`, ...shared, spec: 0 },
        { do: 'wait', id: `w${steps.length}`, ms: 1_000 / pods },
      );
      steps.push(
        { do: 'update', id: `u${steps.length}`, ...shared, spec: 1 },
        { do: 'wait', id: `w${steps.length}`, ms: 1_000 / pods },
      );
      steps.push({ do: 'remove', id: `r${steps.length}`, ...shared });
    }
    steps.push({ do: 'wait', id: `w${steps.length}`, ms: 4_000 });
  }
  const spec = (image: string): Plan['setup']['pods'][number]['specs'][number] => ({
    restartPolicy: 'Always',
    graceS: 1,
    containers: [{ name: 'main', image, workload: {} }],
  });
  return {
    plan: 1,
    seed: 'bench',
    suite: 'bench',
    setup: {
      sources: ['feed'],
      timings: fastTimings,
      pods: Array.from({ length: pods }, (_, slot) => ({
        slot,
        identity: { namespace: 'default', name: `pod-${slot}`, uid: `uid-${slot}` },
        specs: [spec('conformance/workload:v1'), spec('conformance/workload:v2')],
      })),
    },
    steps,
    faults: [],
    schedule: [],
  };
}

async function growth(): Promise<object> {
  const time = async (plan: Plan): Promise<number> => {
    await check(plan);
    const samples: number[] = [];
    for (let sample = 0; sample < 5; sample++)
      samples.push((await timed(async () => void (await check(plan)))).cpuMs);
    return samples.sort((left, right) => left - right)[2]!;
  };
  const base = await time(regularPlan(3, 10));
  return {
    tenTimesSteps: (await time(regularPlan(3, 100))) / base,
    tenTimesPods: (await time(regularPlan(30, 10))) / base,
  };
}

async function memory(): Promise<object> {
  const warm = Math.round(5_000 * scale);
  const more = Math.round((quick ? 10_000 : 95_000) * scale);
  const run = async (first: number, count: number): Promise<void> => {
    for (let index = first; index < first + count; index++)
      await check(generateCase({ suites, seed: 'memory', index, options: generate }));
  };
  await run(0, warm);
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  await run(warm, more);
  globalThis.gc?.();
  return { cases: warm + more, rssGrowthMiB: (process.memoryUsage.rss() - before) / 2 ** 20 };
}

async function mutantTimes(): Promise<object> {
  const times: number[] = [];
  const missed: string[] = [];
  for (const mutant of mutants) {
    const runner = createCaseRunner({
      check: (plan) =>
        checkPlan({ plan, createAgent: (ports) => createReferenceAgent(ports, mutant.decisions), profile }),
      suites,
      seed: 'mutants',
      generate,
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
  times.sort((left, right) => left - right);
  return { mutants: times.length, missed, medianMs: times[times.length >> 1], maxMs: times.at(-1) };
}

async function commandLine(): Promise<object> {
  const main = join(packageRoot(), 'dist/harness/cli/main.js');
  const times: number[] = [];
  for (let sample = 0; sample < 5; sample++) {
    times.push(
      (await timed(() => Promise.resolve(void execFileSync(process.execPath, [main, '--version'])))).wallMs,
    );
  }
  return { versionMs: times.sort((left, right) => left - right)[2] };
}

const result = {
  node: process.version,
  simulation: await simulation(),
  growth: await growth(),
  mutants: await mutantTimes(),
  memory: await memory(),
  commandLine: await commandLine(),
};
console.log(JSON.stringify(result, null, 2));
