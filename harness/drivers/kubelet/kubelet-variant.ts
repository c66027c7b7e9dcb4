import { ExitCode, HarnessError } from '../../core/errors.js';

/** How the kubelet is set up: what stands behind the colon of `--agent kubelet:…`. */
export interface KubeletVariant {
  /** Never with an API server: files and HTTP only. */
  readonly standalone: boolean;
  /** Pods are synced again after a minute and not after a second, which would repair what was lost before it shows. */
  readonly slowResync: boolean;
}

const words: Readonly<Record<string, keyof KubeletVariant>> = {
  standalone: 'standalone',
  'slow-resync': 'slowResync',
};

/**
 * Reads `kubelet`, `kubelet:standalone`, `kubelet:slow-resync` or both with a comma; undefined for the name of
 * another agent. Throws a HarnessError (exit code 64) for a word that it does not know.
 */
export function parseKubeletVariant(given: string): KubeletVariant | undefined {
  const match = /^kubelet(?::(.*))?$/.exec(given);
  if (match === null) return undefined;
  const asked = match[1]?.split(',').map((word) => word.trim()) ?? [];
  const unknown = asked.find((word) => words[word] === undefined);
  if (unknown !== undefined) {
    throw new HarnessError({
      code: 'kubelet-variant-unknown',
      message: `The kubelet has no variant called ${JSON.stringify(unknown)}.`,
      exitCode: ExitCode.usage,
      expected: `kubelet, or kubelet: with ${Object.keys(words).join(' and ')}, separated by a comma`,
      got: given,
    });
  }
  const chosen = new Set(asked.map((word) => words[word]));
  return { standalone: chosen.has('standalone'), slowResync: chosen.has('slowResync') };
}
