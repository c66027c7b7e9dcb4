import { createJudge, type Judge, type Judgement } from '../oracles/judge.js';
import {
  compareFinalStates,
  createFinalStateReader,
  foretellFresh,
  type FinalState,
} from '../oracles/differential.js';
import type { Plan } from '../spec/plan.js';
import type { Finding } from '../spec/verdict.js';
import type { CreateAgent } from '../ports/agent.js';
import type { AgentProfile } from '../ports/driver.js';
import { executeSim, type RunOutcome } from './execute-sim.js';

export interface CheckOptions {
  readonly plan: Plan;
  readonly createAgent: CreateAgent;
  readonly profile: AgentProfile;
  readonly log?: (line: string) => void;
  /** See `SimRunOptions.ownsStrayErrors`. */
  readonly ownsStrayErrors?: boolean;
  /** Ends the execution as soon as it has failed with this signature: all that is asked is whether it does. */
  readonly until?: string | undefined;
}

/** One plan, executed in sim and judged. */
export interface CheckedPlan {
  readonly outcome: RunOutcome;
  readonly judgement: Judgement;
  /** The judgement's findings and those of the differential oracle. */
  readonly findings: readonly Finding[];
}

/**
 * Executes a plan, judges it as it goes, and compares its end with that of a fresh agent which is given only
 * the final content of the sources. A run that already failed is not compared: its end would say it twice.
 */
export async function checkPlan(options: CheckOptions): Promise<CheckedPlan> {
  const { until } = options;
  let judge: Judge | undefined;
  const outcome = await executeSim({
    ...options,
    onEvent(event) {
      if (event.kind === 'run.started') judge = createJudge(event);
      judge!.onEvent(event);
    },
    ...(until === undefined ? {} : { isOver: () => judge?.hasFailed(until) === true }),
  });
  const judgement = judge!.end();
  const findings = judgement.verdicts.flatMap((verdict) => verdict.findings);
  const last = outcome.events.at(-1);
  if (findings.length > 0 || last?.kind !== 'run.ended' || last.outcome !== 'complete')
    return { outcome, judgement, findings };
  const { finalState } = judgement;
  const fresh = finalState && (foretellFresh(finalState) ?? (await executeFresh(options)));
  return {
    outcome,
    judgement,
    findings: finalState === undefined || fresh === undefined ? [] : compareFinalStates(finalState, fresh),
  };
}

/** What a fresh agent comes to that is given only the final content of the sources. */
async function executeFresh(options: CheckOptions): Promise<FinalState | undefined> {
  const reader = createFinalStateReader();
  await executeSim({
    ...options,
    plan: { ...options.plan, faults: [], schedule: [] },
    fresh: true,
    onEvent: (event) => reader.onEvent(event),
  });
  return reader.state();
}
