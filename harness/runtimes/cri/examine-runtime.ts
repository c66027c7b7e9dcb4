import { asHarnessError } from '../../core/errors.js';
import { assureReady, connectRuntime, type CriRuntime } from './cri-runtime.js';
import { hasWorkload, loadsWorkload } from './ensure-workload.js';

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
      const image = await imageWords(runtime);
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

async function imageWords(runtime: CriRuntime): Promise<string> {
  if (await hasWorkload(runtime)) return 'has the workload image';
  return loadsWorkload(runtime)
    ? 'gets the workload image when first used'
    : 'and lacks the workload image: a run says how to load it';
}
