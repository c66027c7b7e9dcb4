import { ExitCode } from '../../core/errors.js';
import type { ListOptions } from '../arguments.js';
import { listText, listed } from '../list.js';

/** `conformance list requirements|suites|mutants`. */
export async function listCommand(options: ListOptions): Promise<ExitCode> {
  const items = await listed(options.what);
  process.stdout.write(options.json ? `${JSON.stringify(items, null, 2)}\n` : listText(items));
  return ExitCode.conforms;
}
