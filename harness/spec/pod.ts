/**
 * The parts of a v1 Pod that the suite writes and reads. Field names are the Kubernetes API's. Pods are
 * treated as immutable everywhere: they are shared by reference between sources, journal and oracles.
 */
export interface Pod {
  readonly apiVersion: 'v1';
  readonly kind: 'Pod';
  readonly metadata: PodMetadata;
  readonly spec: PodSpec;
  readonly status?: PodStatus;
}

export interface PodMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly unknown[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';
export type PullPolicy = 'Always' | 'IfNotPresent' | 'Never';

export interface PodSpec {
  readonly nodeName?: string;
  readonly hostNetwork?: boolean;
  readonly restartPolicy?: RestartPolicy;
  readonly terminationGracePeriodSeconds?: number;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly tolerations?: readonly unknown[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy?: PullPolicy;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly lifecycle?: { readonly preStop?: { readonly exec: { readonly command: readonly string[] } } };
  /** Only on init containers: `Always` makes a sidecar. */
  readonly restartPolicy?: 'Always';
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';

export interface PodStatus {
  readonly phase?: PodPhase;
  readonly reason?: string;
  readonly message?: string;
  readonly podIP?: string;
  readonly startTime?: string;
  readonly conditions?: readonly PodCondition[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

export interface PodCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly imageID: string;
  readonly containerID?: string;
  readonly ready: boolean;
  readonly started?: boolean;
  readonly restartCount: number;
  readonly state: ContainerStateDetail;
  readonly lastState?: ContainerStateDetail;
}

export interface ContainerStateDetail {
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly running?: { readonly startedAt: string };
  readonly terminated?: {
    readonly exitCode: number;
    readonly reason?: string;
    readonly startedAt?: string;
    readonly finishedAt?: string;
    readonly containerID?: string;
  };
}

/** The annotations and labels by which agents mark what they run and mirror. */
export const Keys = {
  labelPodName: 'io.kubernetes.pod.name',
  labelPodNamespace: 'io.kubernetes.pod.namespace',
  labelPodUid: 'io.kubernetes.pod.uid',
  labelContainerName: 'io.kubernetes.container.name',
  annotationHash: 'io.kubernetes.container.hash',
  annotationRestartCount: 'io.kubernetes.container.restartCount',
  annotationConfigSource: 'kubernetes.io/config.source',
  annotationConfigHash: 'kubernetes.io/config.hash',
  annotationConfigMirror: 'kubernetes.io/config.mirror',
} as const;

/** The four kinds of source, design section 1. */
export type SourceKind = 'file' | 'http' | 'api' | 'feed';
export const sourceKinds: readonly SourceKind[] = ['file', 'http', 'api', 'feed'];

/** Static sources know no API object behind the pod: their pods get the node's name as a suffix. */
export function isStaticSource(source: SourceKind): boolean {
  return source === 'file' || source === 'http';
}
