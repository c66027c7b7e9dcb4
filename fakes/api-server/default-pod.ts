import type { ApiObject } from './api-object.js';
import { isJsonObject, type JsonObject } from './patch/json-data.js';

/**
 * A pod with what a server fills in where its author said nothing. Agents rely on it: a kubelet refuses to start
 * containers of pods that lack some of these.
 */
export function defaultPod(pod: ApiObject): ApiObject {
  if (!isJsonObject(pod.spec)) return pod;
  const isHostNetwork = pod.spec['hostNetwork'] === true;
  const spec: Record<string, unknown> = {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
    securityContext: {},
    ...withoutEmpty(pod.spec),
  };
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'])
    mapList(spec, list, (container) => defaultContainer(container, isHostNetwork));
  mapList(spec, 'volumes', defaultVolume);
  return { ...pod, spec };
}

function defaultContainer(container: JsonObject, isHostNetwork: boolean): JsonObject {
  const result: Record<string, unknown> = {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: isLatest(container['image']) ? 'Always' : 'IfNotPresent',
    resources: {},
    ...withoutEmpty(container),
  };
  mapList(result, 'ports', (port) => ({
    protocol: 'TCP',
    ...(isHostNetwork ? { hostPort: port['containerPort'] } : {}),
    ...withoutEmpty(port),
  }));
  mapList(result, 'env', (variable) => mapField(variable, 'valueFrom', withFieldRef));
  if (isJsonObject(result['lifecycle'])) {
    const hooks = mapField(result['lifecycle'], 'postStart', withHttpGet);
    result['lifecycle'] = mapField(hooks, 'preStop', withHttpGet);
  }
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const asked = result[probe];
    if (isJsonObject(asked)) result[probe] = defaultProbe(asked);
  }
  const { resources } = result;
  if (isJsonObject(resources)) result['resources'] = defaultResources(resources);
  return result;
}

/** What is limited and not asked for is asked for up to the limit. */
function defaultResources(resources: JsonObject): JsonObject {
  const { limits, requests } = resources;
  if (!isJsonObject(limits)) return resources;
  return { ...resources, requests: { ...limits, ...(isJsonObject(requests) ? requests : {}) } };
}

/** Without a tag, or with that of the newest; a digest never changes. */
function isLatest(image: unknown): boolean {
  if (typeof image !== 'string' || image.includes('@')) return false;
  const tag = /:([^/:]*)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
}

function defaultProbe(probe: JsonObject): JsonObject {
  return {
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
    // A period or a count of zero is none.
    ...Object.fromEntries(Object.entries(withHttpGet(probe)).filter(([, value]) => value !== 0)),
  };
}

function withHttpGet(handler: JsonObject): JsonObject {
  return mapField(handler, 'httpGet', (get) => ({ path: '/', scheme: 'HTTP', ...withoutEmpty(get) }));
}

/** What names a field of the pod, in the version of the API that is meant. */
function withFieldRef(source: JsonObject): JsonObject {
  return mapField(source, 'fieldRef', (ref) => ({ apiVersion: 'v1', ...withoutEmpty(ref) }));
}

/** Files that a volume shows can be read by everybody and written by their owner: 0644. */
const defaultMode = 0o644;

function defaultVolume(volume: JsonObject): JsonObject {
  const kinds = Object.keys(volume).filter((name) => name !== 'name');
  if (kinds.length === 0) return { ...volume, emptyDir: {} };
  const result: Record<string, unknown> = { ...volume };
  for (const kind of ['secret', 'configMap', 'projected', 'downwardAPI']) {
    const source = result[kind];
    if (isJsonObject(source)) result[kind] = defaultFiles({ defaultMode, ...source });
  }
  return result;
}

/** The files that a volume shows, or each part of it. */
function defaultFiles(source: JsonObject): JsonObject {
  const result: Record<string, unknown> = { ...source };
  mapList(result, 'items', withFieldRef);
  mapList(result, 'sources', (part) => {
    const files = mapField(part, 'downwardAPI', defaultFiles);
    return mapField(files, 'serviceAccountToken', (token) => ({ expirationSeconds: 3_600, ...token }));
  });
  return result;
}

/** What is null or an empty text counts as not said. */
function withoutEmpty(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== ''));
}

function mapField(object: JsonObject, name: string, change: (field: JsonObject) => JsonObject): JsonObject {
  const field = object[name];
  return isJsonObject(field) ? { ...object, [name]: change(field) } : object;
}

function mapList(
  object: Record<string, unknown>,
  name: string,
  change: (entry: JsonObject) => JsonObject,
): void {
  const list = object[name];
  if (Array.isArray(list))
    object[name] = list.map((entry: unknown) => (isJsonObject(entry) ? change(entry) : entry));
}
