import { z } from 'zod';
import type { ApiResource } from '../api-object.js';
import { podTypes } from './pod-types.js';
import {
  flag,
  int32,
  int64,
  intOrText,
  microTime,
  quantities,
  struct,
  structs,
  text,
  textMap,
  texts,
  time,
} from './type-words.js';

const metadata = struct({
  name: text,
  generateName: text,
  namespace: text,
  uid: text,
  resourceVersion: text,
  generation: int64,
  creationTimestamp: time,
  deletionTimestamp: time,
  deletionGracePeriodSeconds: int64,
  labels: textMap,
  annotations: textMap,
  finalizers: texts,
  ownerReferences: structs({
    apiVersion: text,
    kind: text,
    name: text,
    uid: text,
    controller: flag,
    blockOwnerDeletion: flag,
  }),
  managedFields: structs({ manager: text, operation: text, apiVersion: text, time, subresource: text }),
});

const conditions = structs({
  type: text,
  status: text,
  lastHeartbeatTime: time,
  lastTransitionTime: time,
  reason: text,
  message: text,
});

const node = {
  spec: struct({
    podCIDR: text,
    podCIDRs: texts,
    providerID: text,
    unschedulable: flag,
    taints: structs({ key: text, value: text, effect: text, timeAdded: time }),
  }),
  status: struct({
    capacity: quantities,
    allocatable: quantities,
    phase: text,
    conditions,
    addresses: structs({ type: text, address: text }),
    daemonEndpoints: struct({ kubeletEndpoint: struct({ Port: int32 }) }),
    nodeInfo: struct({
      machineID: text,
      systemUUID: text,
      bootID: text,
      kernelVersion: text,
      osImage: text,
      containerRuntimeVersion: text,
      kubeletVersion: text,
      kubeProxyVersion: text,
      operatingSystem: text,
      architecture: text,
    }),
    images: structs({ names: texts, sizeBytes: int64 }),
    volumesInUse: texts,
    volumesAttached: structs({ name: text, devicePath: text }),
    runtimeHandlers: structs({ name: text }),
  }),
};

const lease = {
  spec: struct({
    holderIdentity: text,
    leaseDurationSeconds: int32,
    acquireTime: microTime,
    renewTime: microTime,
    leaseTransitions: int32,
  }),
};

const reference = struct({
  kind: text,
  namespace: text,
  name: text,
  uid: text,
  apiVersion: text,
  resourceVersion: text,
  fieldPath: text,
});
const eventSource = struct({ component: text, host: text });
const eventSeries = struct({ count: int32, lastObservedTime: microTime });
/** In the words of the core version, in which both are kept. */
const event = {
  eventTime: microTime,
  series: eventSeries,
  action: text,
  related: reference,
  type: text,
  involvedObject: reference,
  reason: text,
  message: text,
  source: eventSource,
  firstTimestamp: time,
  lastTimestamp: time,
  count: int32,
  reportingComponent: text,
  reportingInstance: text,
};

const service = {
  spec: struct({
    type: text,
    clusterIP: text,
    clusterIPs: texts,
    selector: textMap,
    ports: structs({ name: text, protocol: text, port: int32, targetPort: intOrText, nodePort: int32 }),
  }),
  status: struct({ conditions }),
};

const own: { readonly [resource: string]: z.ZodRawShape } = {
  'v1/pods': podTypes,
  'v1/nodes': node,
  'v1/events': event,
  'v1/configmaps': { data: textMap, binaryData: textMap, immutable: flag },
  'v1/secrets': { data: textMap, stringData: textMap, type: text, immutable: flag },
  'v1/services': service,
  'v1/namespaces': { spec: struct({ finalizers: texts }), status: struct({ phase: text, conditions }) },
  'coordination.k8s.io/v1/leases': lease,
};

const schemas = new Map<ApiResource, z.ZodType>();

/** What is known of the types of this resource's fields; of those that have no types of their own, what all have. */
export function typesOf(resource: ApiResource): z.ZodType {
  let schema = schemas.get(resource);
  if (schema === undefined) {
    const fields = own[`${resource.groupVersion}/${resource.name}`] ?? {};
    const common = { apiVersion: text, kind: text, metadata, spec: struct({}), status: struct({}) };
    schemas.set(resource, (schema = z.object({ ...common, ...fields })));
  }
  return schema;
}
