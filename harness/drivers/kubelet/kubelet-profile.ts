import { relative } from 'node:path';
import type { AgentFeature } from '../../ports/agent.js';
import type { AgentProfile } from '../../ports/driver.js';
import { kubeletTimings, type Timings } from '../../spec/timings.js';
import { fixedPlaces } from './kubelet-command.js';
import { kubeletDirectories, setsBackoffMax, takesPodLogsDirectory } from './kubelet-configuration.js';
import type { KubeletVariant } from './kubelet-variant.js';
import type { KubeletVersion } from './kubelet-version.js';

const features: readonly AgentFeature[] = [
  'restart-policy',
  'init-containers',
  'sidecars',
  'pre-stop',
  'probes',
  'status',
  'mirror-pods',
  'garbage-collection',
  'adoption',
  'orphan-cleanup',
  'image-pull',
  'host-network',
  'static-identity',
];

/** What a kubelet of this version can do, and the periods that it works with as the preset sets it up. */
export function kubeletProfile(version: KubeletVersion, variant: KubeletVariant): AgentProfile {
  return {
    name: 'kubelet',
    version: version.text,
    sources: variant.standalone ? ['file', 'http'] : ['file', 'http', 'api'],
    features,
    timings: timingsOf(version, variant),
    // All others are told of a directory that everybody sees.
    ...(takesPodLogsDirectory(version)
      ? {}
      : { mounts: { [fixedPlaces.podLogs]: relative('/', kubeletDirectories('/').podLogs) } }),
  };
}

/** Whatever can be set is set to the least that works; the rest is compiled in. */
function timingsOf(version: KubeletVersion, variant: KubeletVariant): Timings {
  const syncFrequencyMs = variant.slowResync ? 60_000 : 1_000;
  const { errorRetryMs } = kubeletTimings;
  return {
    ...kubeletTimings,
    fileCheckMs: 1_000,
    httpCheckMs: 1_000,
    syncFrequencyMs,
    // Until 1.34 what failed waited for its ten seconds even where everything else was synced sooner.
    errorRetryMs: version.minor >= 35 ? Math.min(errorRetryMs, syncFrequencyMs) : errorRetryMs,
    callDeadlineMs: 10_000,
    // A maximum below the first delay becomes the first delay too.
    ...(setsBackoffMax(version) ? { backoffInitialMs: 1_000, backoffMaxMs: 1_000 } : {}),
  };
}
