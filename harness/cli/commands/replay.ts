import { writeFileSync } from 'node:fs';
import { ExitCode } from '../../core/errors.js';
import { eventWords, timeWords } from '../../report/event-words.js';
import { printable } from '../../report/sanitize.js';
import { checkPlan, type CheckedPlan } from '../../run/check-plan.js';
import { withVirtualGlobals } from '../../run/virtual-globals.js';
import type { CaseFile } from '../../spec/case-file.js';
import { signatureOf } from '../../spec/verdict.js';
import { encodeTrace, firstDigestDivergence, hashTrace } from '../../trace/codec.js';
import type { ReplayOptions } from '../arguments.js';
import { loadAgent } from '../load-agent.js';
import { loadCase } from '../load-input.js';
import { resolveTarget, type Target } from '../target.js';

/** `conformance replay`: executes a saved case again and says whether it is the same and still fails. */
export async function replayCommand(options: ReplayOptions): Promise<ExitCode> {
  const saved = await loadCase(options.casePath);
  const target = await resolveTarget({
    agent: options.agent ?? saved.agent.given,
    world:
      options.world ??
      (options.runtime === undefined && options.agent === undefined ? saved.world : undefined),
    runtime: options.runtime ?? saved.runtime,
  });
  const checked = await check(saved, target);
  const { events } = checked.outcome;
  if (options.trace !== undefined) writeFileSync(options.trace, encodeTrace(events));
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
    say(
      `no longer fails so; other findings: ${checked.findings
        .map(signatureOf)
        .map((text) => printable(text))
        .join(', ')}`,
    );
  } else {
    say('no longer fails');
  }
  sayComparison(saved, target, checked);
  return checked.findings.length > 0 ? ExitCode.doesNotConform : ExitCode.conforms;
}

async function check(saved: CaseFile, target: Target): Promise<CheckedPlan> {
  if (target.world === 'live') {
    const { checkLive } = await import('../live-pool.js');
    return checkLive(saved.plan, target);
  }
  if (target.reference.kind === 'file') throw new Error('an agent file cannot be simulated');
  const loaded = await loadAgent(target.reference);
  const createAgent = loaded.usesGlobals ? withVirtualGlobals(loaded.createAgent) : loaded.createAgent;
  return checkPlan({ plan: saved.plan, createAgent, profile: loaded.profile });
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

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
