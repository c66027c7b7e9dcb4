import { contentHash } from '../content-hash.js';
import type { Decisions } from '../decisions.js';
import type { Pod } from '../../../harness/spec/pod.js';
import { Keys } from '../../../harness/spec/pod.js';

/** Where a static pod's manifest came from. */
export interface StaticOrigin {
  readonly source: 'file' | 'http';
  readonly nodeName: string;
  /** Path of the file, or the URL. */
  readonly address: string;
  /** The whole text of the manifest. */
  readonly text: string;
  /** When this life of the agent began; says nothing about the pod. */
  readonly lifeMs: number;
}

/** The pod that a manifest asks this node to run: UID, node-suffixed name, namespace and annotations. */
export function completeStaticPod(raw: Pod, origin: StaticOrigin, decisions: Decisions): Pod {
  const named = {
    ...raw.metadata,
    name: decisions.staticName(raw.metadata.name, origin.nodeName),
    namespace: raw.metadata.namespace || 'default',
  };
  const hash = decisions.staticHash(raw, origin);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...named,
      uid: raw.metadata.uid || hash,
      annotations: {
        ...raw.metadata.annotations,
        [Keys.annotationConfigSource]: origin.source,
        [Keys.annotationConfigHash]: hash,
      },
    },
    spec: { ...raw.spec, nodeName: origin.nodeName },
  };
}

/**
 * The hash of a static pod: what it says, with the defaults filled in, and where it was said. Text that means
 * the same gives the same hash in every life of the agent.
 */
export function staticHash(raw: Pod, origin: StaticOrigin): string {
  const { metadata, spec } = raw;
  const place =
    origin.source === 'file' ? `file:${origin.nodeName}:${origin.address}` : `http:${origin.address}`;
  return contentHash({
    place,
    metadata: { ...metadata, namespace: metadata.namespace || 'default' },
    spec: {
      ...spec,
      restartPolicy: spec.restartPolicy ?? 'Always',
      terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    },
  });
}
