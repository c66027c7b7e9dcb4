import { asHarnessError } from '../../core/errors.js';
import { assureReady, connectRuntime } from './cri-runtime.js';
import { hasWorkload } from './ensure-workload.js';

/** What was found at an endpoint, and what to do when it cannot be used. */
export interface RuntimeExamination {
  readonly ok: boolean;
  readonly found: string;
  readonly advice?: string;
}

/** Looks whether a CRI runtime could run pods, without running any. Never throws. */
export async function examineRuntime(endpoint: string): Promise<RuntimeExamination> {
  try {
    const runtime = await connectRuntime(endpoint);
    try {
      await assureReady(runtime);
      const image = (await hasWorkload(runtime))
        ? 'has the workload image'
        : 'gets the workload image when first used';
      const what = `${runtime.name} ${runtime.version} (runtime.${runtime.apiVersion})`;
      return { ok: true, found: `${what} at ${endpoint} is ready, ${image}` };
    } finally {
      runtime.close();
    }
  } catch (error) {
    const { message, got, hint = '' } = asHarnessError(error);
    return { ok: false, found: [message, ...(got === undefined ? [] : [got])].join(' '), advice: hint };
  }
}
