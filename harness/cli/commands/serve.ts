import { randomBytes } from 'node:crypto';
import type { ExitCode } from '../../core/errors.js';
import { createAttachedDriver } from '../../drivers/attached-driver.js';
import { generateCase } from '../../explore/generate-case.js';
import { mergePlans } from '../../explore/merge-plans.js';
import { agentFeatures } from '../../ports/agent.js';
import type { AgentEndpoints, AgentProfile } from '../../ports/driver.js';
import { runCampaign, type CasePool } from '../../run/campaign.js';
import type { CheckedPlan } from '../../run/check-plan.js';
import { createCaseRunner } from '../../run/case-runner.js';
import type { Plan } from '../../spec/plan.js';
import { kubeletTimings } from '../../spec/timings.js';
import { checkReportFolder } from '../../report/write-report.js';
import type { ServeOptions } from '../serve-arguments.js';
import { onInterrupt } from '../interrupt.js';
import { peopleKubeconfigOf } from '../../sources/api/kubeconfig-files.js';
import { askedRequirements, chooseSuites } from '../choose.js';
import { checkLive, withReaper } from '../live-pool.js';
import { generateOptionsOf } from '../generate-options.js';
import { presentResult } from '../present-result.js';
import { servedAgentOf, type ServedAgent } from '../served-agent.js';

const casesDefault = 5;
/** Someone has to read the endpoints and type a command. */
const attachTimeoutMs = 30 * 60_000;

/** `conformance serve`: prints endpoints, waits for an agent, and runs some cases in a row against it. */
export async function serveCommand(options: ServeOptions): Promise<ExitCode> {
  checkReportFolder(options.report);
  const agent = await servedAgentOf(options);
  const profile = agent?.profile ?? anyAgent();
  const driver = createAttachedDriver(profile);
  const interrupt = onInterrupt();
  const seed = options.seed ?? randomBytes(4).toString('hex');
  const generate = generateOptionsOf(profile, 'live');
  const asked = askedRequirements(options.requirements);
  const suites = chooseSuites(options, generate, asked);
  const count = options.cases ?? casesDefault;
  const plans = Array.from({ length: count }, (_, index) =>
    generateCase({ suites, seed, index, options: generate }),
  );
  const merged = mergePlans(plans as [Plan, ...Plan[]]);
  const plan = { ...merged, setup: { ...merged.setup, sources: [...profile.sources] } };
  const given = options.agent ?? 'attached';
  const target = {
    given,
    reference: { kind: 'embedded' as const },
    world: 'live' as const,
    runtime: options.runtime,
    profile,
    driver,
    readyTimeoutMs: attachTimeoutMs,
  };
  // The agent cannot be started afresh, so there is one execution, and it is what is reported.
  let executed: Promise<CheckedPlan> | undefined;
  const check = (one: Plan): Promise<CheckedPlan> =>
    (executed ??= checkLive(one, target, {
      signal: interrupt.signal,
      attach: (endpoints) => announce(endpoints, profile, agent),
    }));
  const runner = createCaseRunner({ check, suites, seed, generate, reduceExecutionsMax: 0, repeats: 0 });
  const pool: CasePool = {
    width: 1,
    runBatch: () => runner.runPlans([plan]),
    runPlans: (several) => runner.runPlans(several),
    reduce: (failed, found) => runner.asSeen(failed, found),
    asSeen: (failed, found) => runner.asSeen(failed, found),
  };
  try {
    const campaign = {
      pool,
      agent: {
        name: profile.name,
        given,
        sources: profile.sources,
        features: profile.features,
        ...(generate.timings === undefined ? {} : { timings: generate.timings }),
      },
      world: 'live',
      runtime: options.runtime,
      seed,
      suites: suites.map((suite) => suite.name),
      cases: 1,
      batchSize: 1,
      requirements: asked,
      bail: false,
      shrink: false,
      corpus: [],
      replayLine: (casePath: string) => `npx conformance replay ${options.report}/${casePath}`,
      signal: interrupt.signal,
      warnings: [],
    } as const;
    const result = await withReaper(() => runCampaign(campaign));
    return presentResult(result, {
      report: options.report,
      formats: ['text', 'json', 'junit', 'html'],
      quiet: false,
      verbose: options.verbose,
    });
  } finally {
    interrupt.release();
  }
}

/** An agent nothing is known of but that it was started by hand: as good as a kubelet, and as slow. */
function anyAgent(): AgentProfile {
  const features = agentFeatures.filter((feature) => feature !== 'settable-timings' && feature !== 'probes');
  return { name: 'attached', sources: ['file', 'http', 'api'], features, timings: kubeletTimings };
}

function announce(endpoints: AgentEndpoints, profile: AgentProfile, agent: ServedAgent | undefined): void {
  const lines = [
    ['runtime', endpoints.runtime],
    ['node name', endpoints.nodeName],
    ['manifests', endpoints.file],
    ['manifest URL', endpoints.http],
    ['kubeconfig', endpoints.api],
    ['for kubectl', endpoints.api === undefined ? undefined : peopleKubeconfigOf(endpoints.api)],
    ['feed', endpoints.feed],
    ['agent address', agent?.address],
    ['state', endpoints.stateDirectory],
    // An agent that takes its periods from outside is judged by these, so it has to be given them.
    [
      'timings',
      profile.features.includes('settable-timings') ? JSON.stringify(endpoints.timings) : undefined,
    ],
  ];
  process.stdout.write(
    'Start your agent with these; the cases begin with its first runtime call. Ctrl-C ends.\n\n',
  );
  for (const [name, value] of lines)
    if (value !== undefined) process.stdout.write(`  ${name!.padEnd(13)} ${value}\n`);
  if (agent !== undefined)
    process.stdout.write(`\n${agent.introduction}\n\n  ${agent.startLine(endpoints)}\n`);
  process.stdout.write('\n');
}
