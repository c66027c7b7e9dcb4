import { ExitCode } from '../../core/errors.js';
import { criEndpoint } from '../../spec/runtime-choice.js';
import type { DoctorOptions } from '../arguments.js';
import { doctorEnvironment, doctorText, examine } from '../doctor.js';

/** `conformance doctor`: exit code 69 only when something is missing that everything needs, or the named runtime. */
export async function doctorCommand(options: DoctorOptions): Promise<ExitCode> {
  const { runtime = 'memory' } = options;
  const endpoint = criEndpoint(runtime);
  const checks = await examine(doctorEnvironment(endpoint));
  process.stdout.write(options.json ? `${JSON.stringify(checks, null, 2)}\n` : doctorText(checks));
  const needed = ['everything', endpoint === undefined ? `--runtime ${runtime}` : '--runtime cri'];
  const lacking = checks.some((check) => !check.ok && needed.includes(check.neededFor));
  return lacking ? ExitCode.unavailable : ExitCode.conforms;
}
