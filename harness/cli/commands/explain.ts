import { ExitCode } from '../../core/errors.js';
import type { ExplainOptions } from '../arguments.js';
import { explainText, explained } from '../explain.js';

/** `conformance explain <ID>`. */
export function explainCommand(options: ExplainOptions): Promise<ExitCode> {
  const found = explained(options.requirement);
  const text = options.json ? `${JSON.stringify(found, null, 2)}\n` : found.map(explainText).join('\n');
  process.stdout.write(text);
  return Promise.resolve(ExitCode.conforms);
}
