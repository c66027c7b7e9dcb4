import {
  flag,
  int32,
  int64,
  intOrText,
  quantities,
  struct,
  structs,
  text,
  textMap,
  texts,
  time,
} from './type-words.js';

const handler = {
  exec: struct({ command: texts }),
  httpGet: struct({
    path: text,
    port: intOrText,
    host: text,
    scheme: text,
    httpHeaders: structs({ name: text, value: text }),
  }),
  tcpSocket: struct({ port: intOrText, host: text }),
};

const probe = struct({
  ...handler,
  grpc: struct({ port: int32, service: text }),
  initialDelaySeconds: int32,
  timeoutSeconds: int32,
  periodSeconds: int32,
  successThreshold: int32,
  failureThreshold: int32,
  terminationGracePeriodSeconds: int64,
});

const hook = struct({ ...handler, sleep: struct({ seconds: int64 }) });
const keyOf = struct({ name: text, key: text, optional: flag });
const fieldRef = struct({ apiVersion: text, fieldPath: text });
const resources = struct({ limits: quantities, requests: quantities });

const containers = structs({
  name: text,
  image: text,
  command: texts,
  args: texts,
  workingDir: text,
  ports: structs({ name: text, hostPort: int32, containerPort: int32, protocol: text, hostIP: text }),
  envFrom: structs({ prefix: text }),
  env: structs({
    name: text,
    value: text,
    valueFrom: struct({ fieldRef, configMapKeyRef: keyOf, secretKeyRef: keyOf }),
  }),
  resources,
  volumeMounts: structs({ name: text, readOnly: flag, mountPath: text, subPath: text }),
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  lifecycle: struct({ postStart: hook, preStop: hook, stopSignal: text }),
  terminationMessagePath: text,
  terminationMessagePolicy: text,
  imagePullPolicy: text,
  restartPolicy: text,
  securityContext: struct({ privileged: flag, runAsUser: int64, runAsGroup: int64, runAsNonRoot: flag }),
  stdin: flag,
  stdinOnce: flag,
  tty: flag,
});

const files = structs({ key: text, path: text, mode: int32 });
const downwardFiles = structs({ path: text, mode: int32, fieldRef });

const volumes = structs({
  name: text,
  hostPath: struct({ path: text, type: text }),
  emptyDir: struct({ medium: text }),
  secret: struct({ secretName: text, items: files, defaultMode: int32, optional: flag }),
  configMap: struct({ name: text, items: files, defaultMode: int32, optional: flag }),
  downwardAPI: struct({ items: downwardFiles, defaultMode: int32 }),
  projected: struct({
    defaultMode: int32,
    sources: structs({
      secret: struct({ name: text, items: files, optional: flag }),
      configMap: struct({ name: text, items: files, optional: flag }),
      downwardAPI: struct({ items: downwardFiles }),
      serviceAccountToken: struct({ audience: text, expirationSeconds: int64, path: text }),
    }),
  }),
});

const spec = struct({
  nodeName: text,
  nodeSelector: textMap,
  serviceAccountName: text,
  automountServiceAccountToken: flag,
  hostNetwork: flag,
  hostPID: flag,
  hostIPC: flag,
  hostUsers: flag,
  shareProcessNamespace: flag,
  hostname: text,
  subdomain: text,
  schedulerName: text,
  priorityClassName: text,
  priority: int32,
  runtimeClassName: text,
  enableServiceLinks: flag,
  preemptionPolicy: text,
  restartPolicy: text,
  terminationGracePeriodSeconds: int64,
  activeDeadlineSeconds: int64,
  dnsPolicy: text,
  dnsConfig: struct({ nameservers: texts, searches: texts, options: structs({ name: text, value: text }) }),
  securityContext: struct({ runAsUser: int64, runAsGroup: int64, runAsNonRoot: flag, fsGroup: int64 }),
  imagePullSecrets: structs({ name: text }),
  hostAliases: structs({ ip: text, hostnames: texts }),
  readinessGates: structs({ conditionType: text }),
  tolerations: structs({
    key: text,
    operator: text,
    value: text,
    effect: text,
    tolerationSeconds: int64,
  }),
  overhead: quantities,
  volumes,
  initContainers: containers,
  containers,
  ephemeralContainers: containers,
});

const state = struct({
  waiting: struct({ reason: text, message: text }),
  running: struct({ startedAt: time }),
  terminated: struct({
    exitCode: int32,
    signal: int32,
    reason: text,
    message: text,
    startedAt: time,
    finishedAt: time,
    containerID: text,
  }),
});

const containerStatuses = structs({
  name: text,
  state,
  lastState: state,
  ready: flag,
  started: flag,
  restartCount: int32,
  image: text,
  imageID: text,
  containerID: text,
  allocatedResources: quantities,
  resources,
  volumeMounts: structs({ name: text, mountPath: text, readOnly: flag, recursiveReadOnly: text }),
});

const status = struct({
  observedGeneration: int64,
  phase: text,
  conditions: structs({
    type: text,
    observedGeneration: int64,
    status: text,
    lastProbeTime: time,
    lastTransitionTime: time,
    reason: text,
    message: text,
  }),
  message: text,
  reason: text,
  nominatedNodeName: text,
  hostIP: text,
  hostIPs: structs({ ip: text }),
  podIP: text,
  podIPs: structs({ ip: text }),
  startTime: time,
  qosClass: text,
  resize: text,
  initContainerStatuses: containerStatuses,
  containerStatuses,
  ephemeralContainerStatuses: containerStatuses,
});

export const podTypes = { spec, status };
