import { writeFileSync } from 'node:fs';
import { ExitCode, HarnessError } from '../../core/errors.js';
import { whyAlone } from '../../explore/why-alone.js';
import { eventWords, timeWords } from '../../report/event-words.js';
import { printable } from '../../report/sanitize.js';
import { checkPlan, type CheckedPlan } from '../../run/check-plan.js';
import { withVirtualGlobals } from '../../run/virtual-globals.js';
import type { CaseFile } from '../../spec/case-file.js';
import { signatureOf } from '../../spec/verdict.js';
import { encodeTrace, firstDigestDivergence, hashTrace } from '../../trace/codec.js';
import type { ReplayOptions } from '../arguments.js';
import { onInterrupt } from '../interrupt.js';
import { assertModule, loadAgent } from '../load-agent.js';
import { loadCase } from '../load-input.js';
import { openReasonOf, sayingMost, shows, type Replayed } from '../replayed.js';
import { resolveTarget, type Target } from '../target.js';

/** `conformance replay`: executes a saved case again and says whether it is the same and still fails. */
export async function replayCommand(options: ReplayOptions): Promise<ExitCode> {
  const saved = await loadCase(options.casePath);
  const target = await targetOf(saved, options);
  const { checked, undecided } = await check(saved, target, options);
  const { events } = checked.outcome;
  if (options.verbose)
    for (const event of events) say(`${timeWords(event.t)}  ${printable(eventWords(event))}`);
  const found = checked.findings.find((finding) => signatureOf(finding) === saved.signature);
  say(`case: ${printable(saved.signature)} (${options.casePath})`);
  say(`agent: ${printable(target.given)}, world: ${target.world}, runtime: ${target.runtime}`);
  if (found !== undefined) {
    say(`still fails: ${found.requirement}`);
    say(`  expected  ${printable(found.expected)}`);
    say(`  seen      ${printable(found.seen)}`);
  } else if (checked.findings.length > 0) {
    const others = checked.findings.map(signatureOf).map((text) => printable(text));
    const fate = undecided === undefined ? 'no longer fails so' : `${undecided}: whether it fails so is open`;
    say(`${fate}; other findings: ${others.join(', ')}`);
  } else {
    say(undecided === undefined ? 'no longer fails' : `${undecided}: nothing is decided`);
  }
  sayComparison(saved, target, checked);
  if (options.trace !== undefined) writeTrace(options.trace, encodeTrace(events));
  if (checked.findings.length > 0) return ExitCode.doesNotConform;
  return undecided === undefined ? ExitCode.conforms : ExitCode.inconclusive;
}

async function targetOf(saved: CaseFile, options: ReplayOptions): Promise<Target> {
  try {
    return await resolveTarget({
      agent: options.agent ?? saved.agent.given,
      agentBinary: options.agentBinary,
      world:
        options.world ??
        (options.runtime === undefined && options.agent === undefined ? saved.world : undefined),
      runtime: options.runtime ?? saved.runtime,
    });
  } catch (error) {
    const isMissing = error instanceof HarnessError && error.code === 'agent-missing';
    if (!isMissing || options.agent !== undefined) throw error;
    throw new HarnessError({
      code: 'agent-missing',
      message: 'The agent that the case was found with is not here.',
      exitCode: ExitCode.usage,
      file: options.casePath,
      path: 'agent.given',
      expected: 'the path of an agent, relative to the current directory',
      got: saved.agent.given,
      hint: 'Go to the directory that the case was found in, or say where the agent is with --agent.',
      cause: error,
    });
  }
}

function writeTrace(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new HarnessError({
      code: 'trace-not-writable',
      message: 'The trace cannot be written.',
      exitCode: ExitCode.unavailable,
      file: path,
      expected: 'a path that can be written',
      got: error instanceof Error ? error.message : String(error),
      hint: 'Choose another with --trace <file>. What was found is above.',
      cause: error,
    });
  }
}

async function check(saved: CaseFile, target: Target, options: ReplayOptions): Promise<Replayed> {
  if (target.world === 'live') return checkInRealTime(saved, target);
  assertModule(target.reference);
  const loaded = await loadAgent(target.reference);
  const createAgent = loaded.usesGlobals ? withVirtualGlobals(loaded.createAgent) : loaded.createAgent;
  const checked = await checkPlan({
    plan: saved.plan,
    createAgent,
    profile: loaded.profile,
    ownsStrayErrors: loaded.usesGlobals,
    ...(options.verbose ? { log: sayOfAgent } : {}),
  });
  return { checked, undecided: openReasonOf(checked) };
}

async function checkInRealTime(saved: CaseFile, target: Target): Promise<Replayed> {
  const { checkLive, withReaper } = await import('../live-pool.js');
  const { signal, release } = onInterrupt();
  process.stderr.write(
    'Running the case in real time; it takes as long as its plan and the periods of the agent.\n',
  );
  try {
    return await withReaper(async () => {
      const checked = await checkLive(saved.plan, target, { signal });
      const undecided = openReasonOf(checked);
      if (shows(checked, saved.signature) || signal.aborted || whyAlone(saved.plan) !== undefined)
        return { checked, undecided };
      // It may have been found in a shared agent: one that was up, and had been shown its sources, when the plan began.
      process.stderr.write('It does not show so; once more in an agent that runs already.\n');
      const again = await unlessInterrupted(
        checkLive(saved.plan, target, { signal, sharesAgent: true }),
        signal,
      );
      if (again === undefined) return { checked, undecided: 'interrupted' };
      return sayingMost(saved.signature, checked, again);
    });
  } finally {
    release();
  }
}

/** Whatever an execution that was interrupted before it began fails of, it is no fault of anybody. */
async function unlessInterrupted<Value>(
  work: Promise<Value>,
  signal: AbortSignal,
): Promise<Value | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** Whether the trace is the saved one. The case has its hash, and digests that say where it departs. */
function sayComparison(saved: CaseFile, target: Target, checked: CheckedPlan): void {
  if (target.world === 'live' || saved.world === 'live') {
    say('live traces differ from run to run; only the finding is compared');
    return;
  }
  const { events } = checked.outcome;
  if (hashTrace(events) === saved.traceHash) {
    say(`trace ${saved.traceHash.slice(0, 12)}, ${events.length} events`);
    say('identical');
    return;
  }
  const where = firstDigestDivergence(saved.traceDigests ?? '', events);
  if (where === undefined && saved.traceDigests !== undefined)
    say('the case contradicts itself: every event agrees with its digests, but not with its trace hash');
  const at = where ?? 0;
  say(`diverged at event ${at}`);
  const event = events[at];
  say(
    event === undefined
      ? '  the trace ends before it'
      : `  it is now: ${timeWords(event.t)}  ${printable(eventWords(event))}`,
  );
}

/** What the agent logs, and the stacks of what it fails of: not a part of the outcome. */
function sayOfAgent(text: string): void {
  for (const line of text.split('\n')) process.stderr.write(`${printable(line)}\n`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
