const namePattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const nameLengthMax = 253;
const labelPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const labelLengthMax = 63;
const restartPolicies = ['Always', 'OnFailure', 'Never'];
const pullPolicies = ['Always', 'IfNotPresent', 'Never'];

/** Volume kinds that refer to objects of the API server, which a manifest must not. */
const referringVolumes = ['secret', 'configMap', 'persistentVolumeClaim', 'projected', 'ephemeral'];

type Fields = Readonly<Record<string, unknown>>;

/** Why the value is not a pod that a manifest may ask for, or undefined when it is one. */
export function validatePod(value: unknown): string | undefined {
  if (!isObject(value)) return 'the pod is not an object';
  if (value['kind'] !== undefined && value['kind'] !== 'Pod') return 'kind is not Pod';
  if (!isObject(value['metadata'])) return 'metadata is missing';
  return validateMetadata(value['metadata']) ?? validateSpec(value['spec']);
}

function validateMetadata(metadata: Fields): string | undefined {
  if (!isName(metadata['name'])) return 'metadata.name is not a DNS subdomain';
  if (!isAbsent(metadata['namespace']) && metadata['namespace'] !== '' && !isLabel(metadata['namespace'])) {
    return 'metadata.namespace is not a DNS label';
  }
  if (!isAbsent(metadata['uid']) && typeof metadata['uid'] !== 'string') return 'metadata.uid is not text';
  for (const field of ['labels', 'annotations']) {
    if (!isAbsent(metadata[field]) && !isTextMap(metadata[field]))
      return `metadata.${field} is not a map of texts`;
  }
  return undefined;
}

function validateSpec(spec: unknown): string | undefined {
  if (!isObject(spec)) return 'spec is missing';
  if (!isOneOf(spec['restartPolicy'], restartPolicies)) return 'spec.restartPolicy is unknown';
  const grace = spec['terminationGracePeriodSeconds'];
  if (!isAbsent(grace) && !(Number.isInteger(grace) && (grace as number) >= 0)) {
    return 'spec.terminationGracePeriodSeconds is not a whole number from 0';
  }
  if (!isAbsent(spec['serviceAccountName']) && spec['serviceAccountName'] !== '') {
    return 'spec.serviceAccountName refers to an API object';
  }
  const containers = spec['containers'];
  if (!Array.isArray(containers) || containers.length === 0) return 'spec.containers is empty';
  const inits = spec['initContainers'] ?? [];
  if (!Array.isArray(inits)) return 'spec.initContainers is not a list';
  return validateContainers([...inits, ...containers]) ?? validateVolumes(spec['volumes']);
}

function validateContainers(containers: readonly unknown[]): string | undefined {
  const names = new Set<unknown>();
  for (const container of containers) {
    if (!isObject(container)) return 'a container is not an object';
    if (!isLabel(container['name'])) return 'a container has no valid name';
    if (names.has(container['name'])) return `two containers are named ${String(container['name'])}`;
    names.add(container['name']);
    if (typeof container['image'] !== 'string' || container['image'] === '')
      return 'a container has no image';
    if (!isOneOf(container['imagePullPolicy'], pullPolicies)) return 'imagePullPolicy is unknown';
    if (!isTextList(container['command'])) return 'command is not a list of texts';
    if (!isTextList(container['args'])) return 'args is not a list of texts';
    if (refersToObjects(container)) return 'the environment refers to an API object';
  }
  return undefined;
}

function refersToObjects(container: Fields): boolean {
  if (Array.isArray(container['envFrom']) && container['envFrom'].length > 0) return true;
  const env = container['env'];
  return (
    Array.isArray(env) &&
    env.some((entry) => {
      const from: unknown = isObject(entry) ? entry['valueFrom'] : undefined;
      return isObject(from) && ('secretKeyRef' in from || 'configMapKeyRef' in from);
    })
  );
}

function validateVolumes(volumes: unknown): string | undefined {
  if (isAbsent(volumes)) return undefined;
  if (!Array.isArray(volumes)) return 'spec.volumes is not a list';
  const refers = volumes.some(
    (volume) => isObject(volume) && referringVolumes.some((kind) => !isAbsent(volume[kind])),
  );
  return refers ? 'a volume refers to an API object' : undefined;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isOneOf(value: unknown, allowed: readonly string[]): boolean {
  return isAbsent(value) || allowed.includes(value as string);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length <= nameLengthMax && namePattern.test(value);
}

function isLabel(value: unknown): boolean {
  return typeof value === 'string' && value.length <= labelLengthMax && labelPattern.test(value);
}

function isTextList(value: unknown): boolean {
  return isAbsent(value) || (Array.isArray(value) && value.every((word) => typeof word === 'string'));
}

function isTextMap(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string');
}
