import type { Pod, PodSpec } from '../../harness/spec/pod.js';
import { containerHash } from './content-hash.js';
import type { ContainerRecord, PodRecord, SandboxRecord } from './types.js';

/** For tests: a pod with one container unless `spec` says otherwise. */
export function testPod(spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'uid-1', ...metadata },
    spec: { containers: [{ name: 'main', image: 'image:v1' }], ...spec },
  };
}

/** For tests: a ready sandbox. */
export function testSandbox(changes: Partial<SandboxRecord> = {}): SandboxRecord {
  return {
    id: 'sandbox-1',
    attempt: 0,
    createdAt: 1,
    ready: true,
    detailed: true,
    ip: '10.0.0.1',
    hostNetwork: false,
    seenIn: 1,
    suspect: false,
    item: undefined,
    ...changes,
  };
}

/** For tests: the running main container of {@link testPod}. */
export function testContainer(changes: Partial<ContainerRecord> = {}): ContainerRecord {
  return {
    id: 'container-1',
    sandboxId: 'sandbox-1',
    name: 'main',
    attempt: 0,
    createdAt: 1,
    hash: containerHash({ name: changes.name ?? 'main', image: 'image:v1' }),
    sidecarIndex: undefined,
    streak: 0,
    image: 'image:v1',
    imageRef: 'sha256:1',
    state: 'running',
    detailed: true,
    startedAtMs: 1_000,
    finishedAtMs: 0,
    exitCode: 0,
    reason: '',
    vanished: false,
    seenIn: 1,
    suspect: false,
    item: undefined,
    ...changes,
  };
}

/** For tests: what is known of {@link testPod} in the runtime. */
export function testRecord(sandboxes: SandboxRecord[], containers: ContainerRecord[]): PodRecord {
  return {
    uid: 'uid-1',
    fullName: 'default/web',
    source: 'file',
    sandboxes,
    containers,
    sandboxAttemptMax: Math.max(-1, ...sandboxes.map((sandbox) => sandbox.attempt)),
    version: 1,
  };
}
