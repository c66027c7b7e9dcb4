/** Names of the definitions below. */
export const podSpecName = 'io.k8s.api.core.v1.PodSpec';
const containerName = 'io.k8s.api.core.v1.Container';

const podSpecFields = `activeDeadlineSeconds affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks
  hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride nodeName nodeSelector os overhead preemptionPolicy
  priority priorityClassName readinessGates resources restartPolicy runtimeClassName schedulerName schedulingGroup
  securityContext serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain
  terminationGracePeriodSeconds tolerations workloadRef`;
const containerFields = `args command envFrom image imagePullPolicy lifecycle livenessProbe name readinessProbe resizePolicy
  resources restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce targetContainerName
  terminationMessagePath terminationMessagePolicy tty workingDir`;

/** Lists whose entries merge by a field of theirs, which clients have to know to compare two versions of a pod. */
const mergingInSpec = {
  ephemeralContainers: 'name',
  hostAliases: 'ip',
  imagePullSecrets: 'name',
  initContainers: 'name',
  containers: 'name',
  resourceClaims: 'name',
  schedulingGates: 'name',
  topologySpreadConstraints: 'topologyKey',
  volumes: 'name',
};
const mergingInContainer = {
  env: 'name',
  ports: 'containerPort',
  volumeDevices: 'devicePath',
  volumeMounts: 'mountPath',
};

/** What a pod's spec and its containers may say: every field, but of most of them only the name. */
export function podDefinitions(prefix: string): object {
  const container = { $ref: `${prefix}${containerName}` };
  return {
    [podSpecName]: {
      description: 'What is to run, and how.',
      type: 'object',
      properties: {
        ...open(podSpecFields),
        ...merging(mergingInSpec, (name) => (name.toLowerCase().endsWith('containers') ? container : {})),
      },
    },
    [containerName]: {
      description: 'One container of a pod.',
      type: 'object',
      properties: { ...open(containerFields), ...merging(mergingInContainer, () => ({})) },
    },
  };
}

function open(names: string): object {
  return Object.fromEntries(
    names.split(/\s+/).map((name) => [name, { description: 'Anything that belongs here.' }]),
  );
}

function merging(keys: { readonly [list: string]: string }, itemsOf: (name: string) => object): object {
  return Object.fromEntries(
    Object.entries(keys).map(([name, key]) => [
      name,
      {
        description: 'A list.',
        type: 'array',
        items: itemsOf(name),
        'x-kubernetes-patch-merge-key': key,
        'x-kubernetes-patch-strategy': name === 'volumes' ? 'merge,retainKeys' : 'merge',
      },
    ]),
  );
}
