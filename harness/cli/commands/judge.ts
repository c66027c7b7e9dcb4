import { readFileSync } from 'node:fs';
import { ExitCode, HarnessError } from '../../core/errors.js';
import { judgeTrace } from '../../oracles/judge.js';
import { judgedTraceText } from '../../report/judged-trace.js';
import { decodeTrace } from '../../trace/codec.js';
import type { JudgeOptions } from '../arguments.js';
import { usesColors } from '../uses-colors.js';

/** `conformance judge`: what the oracles say of a trace that was recorded before, here or elsewhere. */
export function judgeCommand(options: JudgeOptions): Promise<ExitCode> {
  const trace = decodeTrace(read(options.tracePath), options.tracePath);
  const { verdicts } = judgeTrace(trace);
  process.stdout.write(judgedTraceText(verdicts, trace, usesColors(process.stdout)));
  const has = (kind: string): boolean => verdicts.some(({ verdict }) => verdict === kind);
  if (has('fail')) return Promise.resolve(ExitCode.doesNotConform);
  return Promise.resolve(has('pass') && !has('inconclusive') ? ExitCode.conforms : ExitCode.inconclusive);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new HarnessError({
      code: 'trace-unreadable',
      message: 'The trace cannot be read.',
      exitCode: ExitCode.usage,
      file: path,
      got: (cause as Error).message,
      hint: 'Reports keep the traces of findings in their traces folder; `replay --trace <file>` writes one.',
      cause,
    });
  }
}
