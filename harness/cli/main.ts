#!/usr/bin/env node
import { asHarnessError, ExitCode, HarnessError } from '../core/errors.js';
import { packageVersion } from '../core/package-root.js';

/**
 * The composition root: reads the command line, loads only what the command needs, prints what goes wrong, and
 * sets the exit code. Nothing heavy may be imported here at the top: `--version` has to be quick.
 */
async function main(words: readonly string[]): Promise<ExitCode> {
  if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
    process.stdout.write(`${packageVersion()}\n`);
    return ExitCode.conforms;
  }
  const { parseArguments } = await import('./arguments.js');
  const invocation = parseArguments(words, packageVersion());
  switch (invocation.command) {
    case 'text':
      process.stdout.write(invocation.text);
      return ExitCode.conforms;
    case 'run': {
      const { resolveRunOptions } = await import('./config.js');
      const options = await resolveRunOptions(invocation.options, {
        directory: process.cwd(),
        ...(invocation.config === undefined ? {} : { config: invocation.config }),
      });
      return (await import('./commands/run.js')).runCommand(options);
    }
    case 'replay':
      return (await import('./commands/replay.js')).replayCommand(invocation.options);
    case 'compare':
      return (await import('./commands/compare.js')).compareCommand(invocation.options);
    case 'serve':
      return (await import('./commands/serve.js')).serveCommand(invocation.options);
    case 'agent':
      return (await import('./commands/agent.js')).agentCommand(invocation.options);
    case 'list':
      return (await import('./commands/list.js')).listCommand(invocation.options);
    case 'judge':
      return (await import('./commands/judge.js')).judgeCommand(invocation.options);
    case 'explain':
      return (await import('./commands/explain.js')).explainCommand(invocation.options);
    case 'doctor':
      return (await import('./commands/doctor.js')).doctorCommand(invocation.options);
  }
}

async function reportFailure(error: unknown): Promise<ExitCode> {
  const { errorText } = await import('../report/text.js');
  const { usesColors } = await import('./uses-colors.js');
  const colors = usesColors(process.stderr);
  const known = asHarnessError(error);
  process.stderr.write(errorText(known, colors));
  return known.exitCode;
}

// A closed pipe (`conformance run | head`) is no failure, and no reason to leave out the report or the exit code.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  throw new HarnessError({
    code: 'output-not-writable',
    message: 'The result cannot be printed.',
    exitCode: ExitCode.unavailable,
    expected: 'a standard output that can be written',
    got: error.message,
    cause: error,
  });
});
process.stderr.on('error', () => {});

// Node would end with 1, which says that the agent does not conform. The exit waits for what is written.
process.on('uncaughtException', (error: unknown) => {
  // `conformance agent` is the agent's own process: what is thrown in it is what an agent fails of.
  if (process.argv[2] === 'agent') {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  }
  void reportFailure(error).then((exitCode) => process.exit(exitCode));
});

main(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  async (error: unknown) => {
    process.exitCode = await reportFailure(error);
  },
);
