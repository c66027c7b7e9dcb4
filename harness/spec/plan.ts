import { z } from 'zod';
import { sourceKinds } from './pod.js';
import type { Timings } from './timings.js';
import { kubeletTimings } from './timings.js';

/**
 * A plan is one test case as pure data; it says nothing about the world that executes it. Execution is total:
 * a step, fault or deviation that makes no sense in the state it meets does nothing and is logged. So every
 * subset of a plan is a plan.
 */
export const planVersion = 1;

const milliseconds = z.number().min(0).max(86_400_000);
const slot = z.number().int().min(0).max(999);
const sourceSchema = z.enum(sourceKinds as unknown as ['file', 'http', 'api', 'feed']);
const dnsName = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/);

/** What a container does, written into its arguments; every runtime interprets it alike. */
export const workloadSchema = z.strictObject({
  /** Runs this long, then exits with `exitCode`. Absent: runs until stopped. */
  runMs: milliseconds.optional(),
  exitCode: z.number().int().min(0).max(255).optional(),
  /** SIGTERM is ignored: only SIGKILL ends it (137). */
  ignoreTerm: z.boolean().optional(),
  /** Takes this long to exit (143) after SIGTERM. */
  stopMs: milliseconds.optional(),
  /** An exec of `ready` succeeds only this long after the start. */
  readyMs: milliseconds.optional(),
  /** Writes this many lines to standard output at the start. */
  lines: z.number().int().min(0).max(100_000).optional(),
  /** Writes them one after the other, so far apart, instead of all at the start. */
  lineEveryMs: milliseconds.optional(),
  /** Writes this many lines to standard error at the start. */
  errorLines: z.number().int().min(0).max(100_000).optional(),
  /** Writes back what comes to its standard input. */
  echo: z.boolean().optional(),
  /** Listens on this TCP port and sends back what it gets. */
  port: z.number().int().min(1).max(65_535).optional(),
  /** Allocates and touches this much memory. */
  allocateMiB: z.number().int().min(0).max(4096).optional(),
  /** Told apart by nothing else: an edit of the arguments that changes no behaviour. */
  mark: z.string().max(64).optional(),
});
export type Workload = z.infer<typeof workloadSchema>;

const planContainerSchema = z.strictObject({
  name: dnsName,
  image: z.string().min(1).max(256),
  pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
  workload: workloadSchema,
  /** A preStop hook that takes this long. */
  preStopMs: milliseconds.optional(),
  /** Only on init containers: a sidecar. */
  sidecar: z.boolean().optional(),
});
export type PlanContainer = z.infer<typeof planContainerSchema>;

const planSpecSchema = z.strictObject({
  restartPolicy: z.enum(['Always', 'OnFailure', 'Never']),
  graceS: z.number().int().min(0).max(3600),
  hostNetwork: z.boolean().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  initContainers: z.array(planContainerSchema).optional(),
  containers: z.array(planContainerSchema).min(1).max(16),
});
/** One version of a pod. */
export type PlanSpec = z.infer<typeof planSpecSchema>;

const planPodSchema = z.strictObject({
  slot,
  identity: z.strictObject({ namespace: dnsName, name: dnsName, uid: z.string().min(1).max(64).optional() }),
  /** The versions that steps name by their index. */
  specs: z.array(planSpecSchema).min(1).max(64),
});
/** One pod that the steps refer to by its slot. Two slots may share a name or a UID: that is a conflict. */
export type PlanPod = z.infer<typeof planPodSchema>;

/** How a manifest gets to where it is held; sources ignore what does not apply to them. */
const formSchema = z.strictObject({
  format: z.enum(['json', 'yaml']).optional(),
  /** File: a dot-file renamed over it (default), written in place in one go, or truncated first and filled
   * 20 ms later, or written under a visible temporary name and renamed. */
  write: z.enum(['rename', 'inPlace', 'truncate', 'visibleTemp']).optional(),
  /** File: ending of the file name, default that of the format. */
  extension: z.string().max(16).optional(),
  /** HTTP: a PodList even when there is one pod only. */
  list: z.boolean().optional(),
  /** A comment (YAML) or other white space (JSON): a difference without a meaning. */
  comment: z.string().max(200).optional(),
});
export type ManifestForm = z.infer<typeof formSchema>;

const id = z.string().min(1).max(32);
const onPod = { id, source: sourceSchema, pod: slot };

const stepSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('add'),
    ...onPod,
    spec: z.number().int().min(0),
    form: formSchema.optional(),
  }),
  z.strictObject({
    do: z.literal('update'),
    ...onPod,
    spec: z.number().int().min(0),
    form: formSchema.optional(),
  }),
  /** Leaves the source's list at once (file deleted, API force-delete). */
  z.strictObject({ do: z.literal('remove'), ...onPod }),
  /** API and feed: graceful deletion; the pod stays listed with a deletionTimestamp. */
  z.strictObject({ do: z.literal('delete'), ...onPod, graceS: z.number().int().min(0).max(3600).optional() }),
  /** Delivered again without a semantic change: touch, a new resourceVersion, a message sent twice. */
  z.strictObject({ do: z.literal('redeliver'), id, source: sourceSchema, pod: slot.optional() }),
  /** Same meaning, other text. */
  z.strictObject({ do: z.literal('reformat'), ...onPod, form: formSchema }),
  /** File: the pod's file, or without `pod` one of its own, becomes garbage. HTTP: the document does, until the next change. */
  z.strictObject({
    do: z.literal('malformed'),
    id,
    source: sourceSchema,
    pod: slot.optional(),
    text: z.string().max(65_536).optional(),
    /** File: whoever opens it gets an error, also root. */
    unreadable: z.literal(true).optional(),
  }),
  /** A second entry of the same namespace and name in the same source. */
  z.strictObject({
    do: z.literal('duplicate'),
    ...onPod,
    spec: z.number().int().min(0),
    uid: z.string().max(64).optional(),
  }),
  /** File: the pod's file gets another name, content unchanged. */
  z.strictObject({ do: z.literal('rename'), ...onPod }),
  /** File: things in the directory that are not manifests. */
  z.strictObject({
    do: z.literal('noise'),
    id,
    source: sourceSchema,
    what: z.enum(['dotFile', 'subdirectory', 'emptyFile', 'swapFile']),
    pod: slot.optional(),
    spec: z.number().int().min(0).optional(),
  }),
  /** The source cannot be reached until the matching `end`, or heal. No-op for files. */
  z.strictObject({ do: z.literal('outage'), id, source: sourceSchema, phase: z.enum(['begin', 'end']) }),
  /** API: what happens to open watches. `compact` makes older resourceVersions answer 410. */
  z.strictObject({
    do: z.literal('watch'),
    id,
    how: z.enum(['close', 'gone', 'compact', 'bookmark', 'duplicate', 'reorder']),
  }),
  /** Ends the agent (kill: SIGKILL, stop: SIGTERM) and starts it again `downMs` later; later steps do not wait. */
  z.strictObject({ do: z.literal('restartAgent'), id, how: z.enum(['kill', 'stop']), downMs: milliseconds }),
  /** The container's process ends by itself with this code. */
  z.strictObject({
    do: z.literal('exitContainer'),
    id,
    pod: slot,
    container: dnsName,
    code: z.number().int().min(0).max(255),
  }),
  /** Damage from outside. `container` absent: the sandbox. */
  z.strictObject({
    do: z.literal('damage'),
    id,
    pod: slot,
    container: dnsName.optional(),
    how: z.enum(['kill', 'remove']),
  }),
  z.strictObject({ do: z.literal('removeImage'), id, image: z.string() }),
  /** The container runtime's own condition. A restart loses nothing but open calls. */
  z.strictObject({
    do: z.literal('runtime'),
    id,
    how: z.enum(['restart', 'notReady', 'ready', 'networkNotReady', 'networkReady']),
  }),
  /** In live, what the agent takes from its start to its first runtime call comes on top. */
  z.strictObject({ do: z.literal('wait'), id, ms: milliseconds }),
  /** Waits until nothing changes, at most until the deadline that the bounds give. */
  z.strictObject({ do: z.literal('settle'), id }),
]);
export type Step = z.infer<typeof stepSchema>;

/** The CRI methods of `runtime.v1` that can be addressed. */
export const criMethods = [
  'Version',
  'Status',
  'RunPodSandbox',
  'StopPodSandbox',
  'RemovePodSandbox',
  'PodSandboxStatus',
  'ListPodSandbox',
  'CreateContainer',
  'StartContainer',
  'StopContainer',
  'RemoveContainer',
  'ListContainers',
  'ContainerStatus',
  'UpdateContainerResources',
  'UpdatePodSandboxResources',
  'ReopenContainerLog',
  'CheckpointContainer',
  'ExecSync',
  'ContainerStats',
  'ListContainerStats',
  'PodSandboxStats',
  'ListPodSandboxStats',
  'ListMetricDescriptors',
  'ListPodSandboxMetrics',
  'UpdateRuntimeConfig',
  'RuntimeConfig',
  'Exec',
  'Attach',
  'PortForward',
  'GetContainerEvents',
  'ListImages',
  'ImageStatus',
  'PullImage',
  'RemoveImage',
  'ImageFsInfo',
] as const;
export type CriMethod = (typeof criMethods)[number];

/** Calls that change state: "W" in the catalogue. */
export const writeMethods: ReadonlySet<CriMethod> = new Set<CriMethod>([
  'RunPodSandbox',
  'CreateContainer',
  'StartContainer',
  'StopContainer',
  'RemoveContainer',
  'StopPodSandbox',
  'RemovePodSandbox',
  'PullImage',
  'RemoveImage',
  'UpdateContainerResources',
  'UpdatePodSandboxResources',
  'UpdateRuntimeConfig',
]);
const criMethodSchema = z.enum(criMethods);

/** gRPC status names that a fault may answer with. */
export const grpcCodes = [
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
] as const;
export type GrpcCode = (typeof grpcCodes)[number];

const nth = z.number().int().min(1).max(100_000);

/** A runtime call by identity: its nth occurrence among those that match, over the whole run. */
const callPointSchema = z.strictObject({
  call: criMethodSchema,
  pod: slot.optional(),
  container: dnsName.optional(),
  nth,
});
/** A runtime event sent to the agent's GetContainerEvents stream. */
const eventPointSchema = z.strictObject({ event: z.literal('container'), pod: slot.optional(), nth });
/** A poll of the manifest URL, counted over the whole run. */
const pollPointSchema = z.strictObject({ source: z.literal('http'), poll: nth });
/** What the API server keeps, by the plurals in its paths. */
export const apiResourceNames = [
  'pods',
  'nodes',
  'events',
  'services',
  'configmaps',
  'secrets',
  'serviceaccounts',
  'namespaces',
  'leases',
  'runtimeclasses',
  'csinodes',
  'csidrivers',
] as const;
export type ApiResourceName = (typeof apiResourceNames)[number];

/**
 * A request to the API server by its verb and resource; `watchEvent`: the nth event sent on any watch, `patch`: also
 * updates.
 */
const apiPointSchema = z.strictObject({
  source: z.literal('api'),
  request: z.enum(['list', 'watch', 'watchEvent', 'get', 'create', 'patch', 'delete']),
  /** Default pods. */
  resource: z.enum(apiResourceNames).optional(),
  pod: slot.optional(),
  /** Of the object, for those that are no pods of the plan: a node, a lease, a config map. */
  name: dnsName.optional(),
  /** For example `status`, `token` or `eviction`. Absent: whatever it is. */
  subresource: z.string().min(1).max(32).optional(),
  nth,
});
const feedPointSchema = z.strictObject({ source: z.literal('feed'), message: nth });

const runtimeEffects = [
  'errorBefore',
  'errorAfter',
  'lostReply',
  'hang',
  'delay',
  'staleList',
  'partialList',
  'unknownState',
  'crashBefore',
  'crashAfter',
  'eventLost',
  'eventDoubled',
] as const;
const sourceEffects = [
  'status',
  'empty',
  'oversize',
  'malformed',
  'halfWritten',
  'reset',
  'stale',
  'duplicate',
] as const;

const faultSchema = z.strictObject({
  at: z.union([callPointSchema, eventPointSchema, pollPointSchema, apiPointSchema, feedPointSchema]),
  effect: z.enum([...runtimeEffects, ...sourceEffects]),
  /** errorBefore, errorAfter: the status answered, default UNKNOWN. */
  code: z.enum(grpcCodes).optional(),
  /** status: the HTTP status code. */
  status: z.number().int().min(100).max(599).optional(),
  /** status, at the manifest URL: the body that comes with it. Default a line of text, which is no manifest. */
  body: z.enum(['empty', 'emptyList']).optional(),
  /** delay: how long; staleList, stale: how old. */
  ms: milliseconds.optional(),
  /** crashBefore, crashAfter: how long the agent stays down. */
  downMs: milliseconds.optional(),
  /** Also the count−1 following occurrences. Default 1. */
  count: z.number().int().min(1).max(1_000).optional(),
});
export type Fault = z.infer<typeof faultSchema>;
export type FaultPoint = Fault['at'];
export type FaultEffect = Fault['effect'];

const deviationSchema = z.strictObject({
  message: z.union([
    z.strictObject({ kind: z.enum(['request', 'reply']), ...callPointSchema.shape }),
    /** A delivery of a source: response to a poll, watch event, feed message, directory notification. */
    z.strictObject({ kind: z.literal('delivery'), source: sourceSchema, nth }),
  ]),
  delayMs: milliseconds,
});
/** One deviation from first-in-first-out: this message takes `delayMs` longer. */
export type Deviation = z.infer<typeof deviationSchema>;

/** An hour: whoever declares longer periods asks for bounds that mean nothing. */
const periodMsMax = 3_600_000;

const timingsSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(kubeletTimings).map(([name, value]) => [
      name,
      typeof value === 'boolean' ? z.boolean() : z.number().int().min(1).max(periodMsMax),
    ]),
  ) as { [Name in keyof Timings]: Timings[Name] extends boolean ? z.ZodBoolean : z.ZodNumber },
);

export const planSchema = z.strictObject({
  plan: z.literal(planVersion),
  seed: z.string().max(200),
  suite: z.string().max(64),
  setup: z.strictObject({
    /** Sources that the agent is given; an agent that lacks one makes its steps no-ops. */
    sources: z.array(sourceSchema).min(1),
    /** Periods, for agents that can be told; others keep what they declare. */
    timings: timingsSchema.partial(),
    pods: z.array(planPodSchema).max(1_000),
  }),
  steps: z.array(stepSchema).max(100_000),
  faults: z.array(faultSchema).max(10_000),
  schedule: z.array(deviationSchema).max(10_000),
});
export type Plan = z.infer<typeof planSchema>;
