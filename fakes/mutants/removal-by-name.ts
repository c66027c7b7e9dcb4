import type { DesiredPod } from '../agent/types.js';
import { mutant } from './mutant.js';

export const removalByName = mutant(
  'removal-by-name',
  'A removal in one source also ends the pods of that name from other sources.',
  ['MUX-01', 'MUX-08', 'MUX-09'],
  {
    removalTargets(removed, all) {
      const keys = [removed.key];
      for (const other of all) if (baseName(other) === baseName(removed)) keys.push(other.key);
      return keys;
    },
  },
);

/** The name without the node's, which only static pods have. */
function baseName(pod: DesiredPod): string {
  const suffix = `-${pod.pod.spec.nodeName ?? ''}`;
  return pod.fullName.endsWith(suffix) ? pod.fullName.slice(0, -suffix.length) : pod.fullName;
}
