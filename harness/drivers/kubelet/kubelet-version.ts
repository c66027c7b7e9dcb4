import { ExitCode, HarnessError } from '../../core/errors.js';

/** The release of a kubelet: what it understands in its configuration, and how it behaves, goes by the minor. */
export interface KubeletVersion {
  /** As the kubelet says it, for example `v1.36.2`. */
  readonly text: string;
  /** 36 in v1.36.2. */
  readonly minor: number;
}

/** The minors of version 1 that the preset knows. */
const supportedMinors = { from: 29, to: 36 } as const;

/** Reads what `kubelet --version` prints. Undefined when it is no version of a kubelet. */
export function parseKubeletVersion(output: string): KubeletVersion | undefined {
  const match = /^Kubernetes (v1\.(\d+)\.\S+)$/m.exec(output);
  return match === null ? undefined : { text: match[1]!, minor: Number(match[2]) };
}

/** Throws a HarnessError (exit code 69) for a kubelet that is too old or too new for the preset. */
export function checkKubeletVersion(version: KubeletVersion, binary: string): void {
  const { from, to } = supportedMinors;
  if (version.minor >= from && version.minor <= to) return;
  const isOld = version.minor < from;
  throw new HarnessError({
    code: isOld ? 'kubelet-too-old' : 'kubelet-too-new',
    message: `This kubelet is too ${isOld ? 'old' : 'new'} for --agent kubelet.`,
    exitCode: ExitCode.unavailable,
    file: binary,
    expected: `a kubelet from v1.${from} to v1.${to}`,
    got: version.text,
    hint: 'Name another with --agent-binary, or describe this one in an agent file of your own.',
  });
}
