import type { CriResponse } from '../ports/cri.js';

/** What Status answers of a runtime that is made here: two conditions, and one handler without extras. */
export function runtimeStatus(
  conditions: { readonly runtimeReady: boolean; readonly networkReady: boolean },
  verbose: boolean,
): CriResponse<'Status'> {
  const features = { recursiveReadOnlyMounts: false, userNamespaces: false };
  return {
    status: {
      conditions: [
        { type: 'RuntimeReady', status: conditions.runtimeReady, reason: '', message: '' },
        { type: 'NetworkReady', status: conditions.networkReady, reason: '', message: '' },
      ],
    },
    runtimeHandlers: [{ name: '', features }],
    features: { supplementalGroupsPolicy: false, userNamespacesHostNetwork: false },
    info: verbose ? { config: JSON.stringify({ cgroupDriver: 'cgroupfs' }) } : {},
  };
}
