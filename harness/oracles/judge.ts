import { createModel } from '../model/model.js';
import { requirements } from '../spec/requirements.js';
import type { RequirementId } from '../spec/requirements.js';
import { noCheckYet, stillMoving, type Finding, type Verdict } from '../spec/verdict.js';
import { boundsOf } from '../spec/timings.js';
import type { RunStarted, TraceEvent } from '../trace/events.js';
import { adoption } from './adoption.js';
import { api } from './api.js';
import { whyNotApplicable } from './applicability.js';
import { backoff } from './backoff.js';
import { convergence } from './convergence.js';
import { createDeadlines } from './deadlines.js';
import { finalStateOf, type FinalState } from './differential.js';
import { file } from './file.js';
import { http } from './http.js';
import { initOrder } from './init-order.js';
import { createLedger } from './ledger.js';
import { lifecycle } from './lifecycle.js';
import { mux } from './mux.js';
import type { Oracle, OracleContext, OracleRun } from './oracle.js';
import { createOpenReads } from './open-reads.js';
import { orphans } from './orphans.js';
import { readiness } from './readiness.js';
import { removalOrder } from './removal-order.js';
import { runtimeFaults } from './runtime-faults.js';
import { termination } from './termination.js';
import { unwarranted } from './unwarranted.js';
import { workers } from './workers.js';

/** What a trace says about an agent: one verdict for every requirement of the catalogue. */
export interface Judgement {
  readonly verdicts: readonly Verdict[];
  readonly findings: readonly Finding[];
  /** What the run came to; undefined when it never came to rest. */
  readonly finalState: FinalState | undefined;
}

/** Judges one run while it happens. */
export interface Judge {
  onEvent(event: TraceEvent): void;
  /** Whether what has happened so far is a finding with this signature. Findings are never taken back. */
  hasFailed(signature: string): boolean;
  /** To be called once, after the last event. */
  end(): Judgement;
}

/** All oracles, in the order in which they are handed an event. */
export const oracles: readonly Oracle[] = [
  mux,
  file,
  http,
  api,
  unwarranted,
  readiness,
  workers,
  lifecycle,
  initOrder,
  backoff,
  termination,
  orphans,
  removalOrder,
  adoption,
  runtimeFaults,
  convergence,
];

/** Requirements that speak of what is reached in the end; open when an agent on a real clock is not done. */
export const convergentRequirements: ReadonlySet<RequirementId> = new Set<RequirementId>([
  'QUIET-01',
  'QUIET-02',
  'MUX-02',
  'MUX-03',
  'MUX-04',
  'MUX-10',
  'MUX-11',
  'WORK-03',
  'WORK-04',
  'WORK-06',
  'FILE-01',
  'FILE-02',
  'FILE-03',
  'HTTP-01',
  'HTTP-03',
  'HTTP-04',
  'API-02',
  'API-03',
  'LIFE-06',
  'LIFE-08',
  'LIFE-09',
  'BACK-01',
  'BACK-02',
  'TERM-05',
  'ORPH-01',
  'GC-01',
  'RT-06',
  'ADOPT-02',
  'ADOPT-03',
]);

/** Begins to judge a run that started like this. The first event may be handed in again; it says nothing new. */
export function createJudge(run: RunStarted): Judge {
  const model = createModel(run);
  const ledger = createLedger(() => model);
  const deadlines = createDeadlines(model);
  const reads = createOpenReads(model);
  let restedMs = 0;
  const context: OracleContext = {
    run,
    bounds: boundsOf(run.timings),
    model,
    ledger,
    deadlines,
    reads,
    restedFromMs: () => restedMs,
  };
  const runs = oracles.map((oracle) => ({ oracle, run: oracle.begin(context) }));
  const byKind = subscriptions(runs);
  let complete = false;
  let openReason: string | undefined;
  let finalState: FinalState | undefined;
  return {
    onEvent(event) {
      model.apply(event);
      deadlines.advance(event.t);
      reads.note(event);
      const table = byKind[event.kind];
      if (table !== undefined) {
        const receivers = Array.isArray(table)
          ? table
          : (table as MethodTable).get((event as { method: string }).method);
        if (receivers !== undefined) for (const receiver of receivers) receiver.onEvent!(event);
      }
      if (event.kind === 'step' && event.applied && event.do !== 'wait' && event.do !== 'settle') {
        restedMs = event.t;
      } else if (event.kind === 'phase') {
        if (event.phase === 'heal') restedMs = event.t;
        if (event.phase === 'unsettled' && run.world === 'live') openReason = stillMoving;
        else if (event.phase === 'settled' || event.phase === 'unsettled') {
          for (const receiver of runs) receiver.run.atRest?.(event.phase === 'settled');
          if (event.phase === 'settled') finalState = finalStateOf(model);
        }
      } else if (event.kind === 'run.ended') {
        complete = event.outcome === 'complete';
        if (event.outcome === 'limit' && run.world === 'live')
          openReason = `the run was cut short: ${event.detail ?? 'too many calls'}`;
      }
    },
    hasFailed: (signature) => ledger.hasFailed(signature),
    end() {
      for (const receiver of runs) receiver.run.end?.(complete);
      // A run that went wrong proves nothing about what it should have come to in the end.
      const broken = new Set(ledger.findings.map(({ requirement }) => requirement));
      const evidence = (id: RequirementId): number =>
        broken.size === 0 || broken.has(id) || !convergentRequirements.has(id)
          ? (ledger.counts.get(id) ?? 0)
          : 0;
      const verdicts = requirements.map(({ id }) =>
        verdictOf(id, run, ledger.findings, evidence(id), openReason),
      );
      return { verdicts, findings: ledger.findings, finalState };
    },
  };
}

/** Judges a trace that was recorded before, here or elsewhere. It must begin with `run.started`. */
export function judgeTrace(events: Iterable<TraceEvent>): Judgement {
  let judge: Judge | undefined;
  for (const event of events) {
    if (judge === undefined) {
      if (event.kind !== 'run.started') throw new Error(`a trace begins with run.started, not ${event.kind}`);
      judge = createJudge(event);
    }
    judge.onEvent(event);
  }
  if (judge === undefined) throw new Error('a trace has at least one event');
  return judge.end();
}

type MethodTable = Map<string, OracleRun[]>;
type Subscriptions = { [Kind in TraceEvent['kind']]?: OracleRun[] | MethodTable };

/** Who is handed what; events of the runtime are told apart by method, since most of them are idle lists. */
function subscriptions(runs: readonly { oracle: Oracle; run: OracleRun }[]): Subscriptions {
  const table: Subscriptions = {};
  for (const { oracle, run } of runs) {
    if (run.onEvent === undefined) continue;
    for (const kind of oracle.kinds) {
      if (kind === 'runtime.request' || kind === 'runtime.effect' || kind === 'runtime.reply') {
        const methods = (table[kind] ??= new Map()) as MethodTable;
        for (const method of oracle.methods ?? []) {
          const receivers = methods.get(method);
          if (receivers === undefined) methods.set(method, [run]);
          else receivers.push(run);
        }
      } else {
        const receivers = (table[kind] ??= []) as OracleRun[];
        receivers.push(run);
      }
    }
  }
  return table;
}

/** The requirements that some oracle checks. */
export const checkedRequirements: ReadonlySet<string> = new Set(
  oracles.flatMap((oracle) => oracle.requirements),
);

/** A run that came to no rest never reaches what the requirement to do so is about. */
function whyNoRest(requirement: RequirementId, openReason: string | undefined): string | undefined {
  return requirement === 'QUIET-02' ? openReason : undefined;
}

function verdictOf(
  requirement: RequirementId,
  run: RunStarted,
  all: readonly Finding[],
  exercised: number,
  openReason: string | undefined,
): Verdict {
  const findings = all.filter((finding) => finding.requirement === requirement);
  if (findings.length > 0) return { requirement, verdict: 'fail', exercised, findings };
  const reason = whyNotApplicable(requirement, run);
  if (reason !== undefined) return { requirement, verdict: 'not applicable', exercised: 0, findings, reason };
  if (exercised === 0) {
    const why = checkedRequirements.has(requirement) ? whyNoRest(requirement, openReason) : noCheckYet;
    return {
      requirement,
      verdict: 'not exercised',
      exercised,
      findings,
      ...(why === undefined ? {} : { reason: why }),
    };
  }
  if (openReason !== undefined && convergentRequirements.has(requirement)) {
    return {
      requirement,
      verdict: 'inconclusive',
      exercised,
      findings,
      reason: openReason,
    };
  }
  return { requirement, verdict: 'pass', exercised, findings };
}
