import { ExitCode, HarnessError } from '../core/errors.js';
import type { AgentDriver, AgentExit } from '../ports/driver.js';

/** Of what an agent wrote last. */
const linesShownMax = 10;

/** How a process ended and what it wrote last. */
export function exitWords(exit: AgentExit): string {
  const how = exit.signal === undefined ? `exit code ${exit.code}` : `signal ${exit.signal}`;
  return [how, ...exit.lastOutput.slice(-linesShownMax)].join('\n');
}

export function exitedAtOnce(driver: AgentDriver, exit: AgentExit): HarnessError {
  return new HarnessError({
    code: 'agent-exited',
    message: `The agent ${driver.profile.name} ended before it made its first runtime call.`,
    exitCode: ExitCode.unavailable,
    expected: 'a process that connects to the CRI endpoint and goes on running',
    got: exitWords(exit),
    hint:
      exit.likelyCause?.words ??
      (exit.lastOutput.length === 0
        ? 'It wrote nothing. Try its command by hand against `conformance serve`.'
        : 'The lines above are the last that it wrote. Try its command by hand against `conformance serve`.'),
  });
}

/** Why an agent that ended in mid-run tells nothing about itself; undefined when it is to blame. */
export function endedByMachine(driver: AgentDriver, exit: AgentExit): HarnessError | undefined {
  if (exit.likelyCause?.of !== 'machine') return undefined;
  return new HarnessError({
    code: 'agent-ended-by-machine',
    message: `The agent ${driver.profile.name} ended for want of something that this machine does not give it.`,
    exitCode: ExitCode.unavailable,
    expected: 'a machine that gives each agent what it needs',
    got: exitWords(exit),
    hint: exit.likelyCause.words,
  });
}

export function neverConnected(
  driver: AgentDriver,
  readyTimeoutMs: number,
  lastOutput: readonly string[],
): HarnessError {
  return new HarnessError({
    code: 'agent-never-connected',
    message: `The agent ${driver.profile.name} made no runtime call within ${readyTimeoutMs / 1_000} s.`,
    exitCode: ExitCode.unavailable,
    expected: 'a call to the CRI endpoint that its command was given',
    got: [
      lastOutput.length === 0 ? 'no call, and no output' : 'no call; it wrote:',
      ...lastOutput.slice(-linesShownMax),
    ].join('\n'),
    hint: 'Does its command contain {{runtime.endpoint}}? `readyTimeoutMs` of the agent file gives it more time.',
  });
}
