import type { CampaignProgress } from '../../harness/run/campaign.js';
import { campaignOf } from '../../harness/cli/commands/run.js';
import { withDefaults } from '../../harness/cli/config.js';

/** A moment of the campaign, with the processor time that this process has had so far. */
interface Moment {
  readonly atMs: number;
  readonly cases: number;
  readonly cpuMs: number;
}

/** What of the cases is the middle: after the lanes have been added, and before they run out of cases. */
const middle = { from: 0.2, to: 0.8 };

/**
 * A campaign against a real kubelet with the memory runtime in lanes, the harness in this process: how many cases a
 * second it has done when the last is done, how many in its middle, and what part of a core the harness takes. What
 * fails is not looked into. A process of its own, started as users start it, without the large young generation
 * that the benchmark gives to simulations.
 */
async function kubelet(binary: string, cases: number): Promise<object> {
  const ending = new AbortController();
  const startedMs = performance.now();
  const moments: Moment[] = [];
  const onProgress = (progress: CampaignProgress): void => {
    const { user, system } = process.cpuUsage();
    moments.push({
      atMs: performance.now() - startedMs,
      cases: progress.cases,
      cpuMs: (user + system) / 1_000,
    });
    if (progress.cases >= cases) ending.abort();
  };
  const options = withDefaults({
    agent: 'kubelet',
    agentBinary: binary,
    shareAgent: true,
    cases,
    seed: 'bench',
  });
  const result = await campaignOf(options, { signal: ending.signal, onProgress });
  const whole = between(moments[0]!, moments.at(-1)!);
  const [from, to] = [middle.from, middle.to].map(
    (share) => moments.find((moment) => moment.cases >= share * cases) ?? moments.at(-1)!,
  );
  return {
    cases: result.cases,
    effectiveStepsPerCase: result.effectiveSteps / result.cases,
    whole,
    middle: between(from!, to!),
  };
}

function between(from: Moment, to: Moment): object {
  const elapsedMs = to.atMs - from.atMs;
  return {
    seconds: elapsedMs / 1_000,
    casesPerSecond: (1_000 * (to.cases - from.cases)) / elapsedMs,
    harnessCores: (to.cpuMs - from.cpuMs) / elapsedMs,
  };
}

const [binary, cases] = process.argv.slice(2);
console.log(JSON.stringify(await kubelet(binary!, Number(cases))));
