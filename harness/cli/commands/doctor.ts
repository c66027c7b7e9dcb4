import { ExitCode } from '../../core/errors.js';
import type { DoctorOptions } from '../arguments.js';
import { doctorEnvironment, doctorText, examine } from '../doctor.js';

/** `conformance doctor`: exit code 69 only when something is missing without which nothing works. */
export async function doctorCommand(options: DoctorOptions): Promise<ExitCode> {
  const checks = await examine(doctorEnvironment());
  process.stdout.write(options.json ? `${JSON.stringify(checks, null, 2)}\n` : doctorText(checks));
  const lacking = checks.some((check) => !check.ok && check.neededFor === 'everything');
  return lacking ? ExitCode.unavailable : ExitCode.conforms;
}
