import type { WatchEvent } from '../../../harness/ports/agent.js';
import type { Pod } from '../../../harness/spec/pod.js';
import type { Decisions } from '../decisions.js';
import { fullNameOf } from '../mux.js';

/** The API server's pods of this node, as far as lists and watch events told. */
export interface PodStore {
  /** Takes a complete list. Returns false when it is older than what was seen in this life. */
  replace(pods: readonly Pod[], version: string): boolean;
  /** Takes a watch event. Returns whether anything changed. */
  apply(event: WatchEvent): boolean;
  clear(): void;
  pods(): Pod[];
  /** The newest version seen, from which a watch goes on. */
  version(): string;
}

export function createPodStore(decisions: Decisions): PodStore {
  const pods = new Map<string, Pod>();
  /** The last version seen of each name, deleted ones too: late events must not bring them back. */
  const versions = new Map<string, number>();
  let newest = 0;
  let newestText = '';

  function advance(text: string | undefined): void {
    const version = numberOf(text);
    if (text === undefined || version < newest) return;
    newest = version;
    newestText = text;
  }

  return {
    version: () => newestText,
    pods: () => [...pods.values()],
    clear: () => pods.clear(),
    replace(list, version) {
      if (!decisions.acceptsListVersion(numberOf(version), newest)) return false;
      newest = numberOf(version);
      newestText = version;
      pods.clear();
      versions.clear();
      for (const pod of list) {
        const name = fullNameOf(pod);
        pods.set(name, pod);
        versions.set(name, versionOf(pod));
      }
      return true;
    },
    apply(event) {
      const version = versionOf(event.object);
      if (event.type === 'BOOKMARK') {
        advance(event.object.metadata?.resourceVersion);
        return false;
      }
      const pod = event.object as Pod;
      const name = fullNameOf(pod);
      if (!decisions.acceptsVersion(version, versions.get(name) ?? 0)) return false;
      versions.set(name, version);
      advance(event.object.metadata?.resourceVersion);
      if (event.type !== 'DELETED') pods.set(name, pod);
      else if (pods.get(name)?.metadata.uid === pod.metadata.uid) pods.delete(name);
      return true;
    },
  };
}

/** Versions are opaque by contract, but every server counts; one that does not is always the newest. */
export function versionOf(object: { readonly metadata?: { readonly resourceVersion?: string } }): number {
  return numberOf(object.metadata?.resourceVersion);
}

function numberOf(version: string | undefined): number {
  const number = version === undefined || version === '' ? Number.NaN : Number(version);
  return Number.isFinite(number) ? number : Number.MAX_SAFE_INTEGER;
}
