import type { CriMethod } from '../spec/plan.js';

/** Of a command's output, in bytes, that a trace keeps: what it needs is that there was an answer, and its code. */
const outputBytesMax = 4_096;

/** An answer as the trace has it: a command may write as much as a message holds. */
export function tracedResponse(method: CriMethod, response: object): object {
  if (method !== 'ExecSync') return response;
  const { stdout, stderr } = response as { stdout?: Buffer; stderr?: Buffer };
  if ((stdout?.length ?? 0) <= outputBytesMax && (stderr?.length ?? 0) <= outputBytesMax) return response;
  return {
    ...response,
    stdout: stdout?.subarray(0, outputBytesMax),
    stderr: stderr?.subarray(0, outputBytesMax),
  };
}
