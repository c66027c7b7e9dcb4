import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { CriMethod, Workload } from '../spec/plan.js';
import { workloadArguments, workloadCommand } from '../spec/workload.js';
import type { ContainerEvent, ContainerStatus, CriRequest, CriResponse, CriResult } from '../ports/cri.js';
import type { RuntimeBackend, RuntimeChange, RuntimeObserver } from '../ports/runtime.js';

export type MakeBackend = (observer: RuntimeObserver) => Promise<RuntimeBackend> | RuntimeBackend;

export const contractImage = 'conformance/workload:v1';

export type ContractKit = ReturnType<typeof createContractKit>;

/** What the parts of the contract share: one backend, made before the first test, and words for its calls. */
export function createContractKit(makeBackend: MakeBackend) {
  const changes: RuntimeChange[] = [];
  const events: ContainerEvent[] = [];
  let backend: RuntimeBackend;
  let logDirectory: string;
  let podCount = 0;

  beforeAll(async () => {
    logDirectory = mkdtempSync(join(tmpdir(), 'nac-logs-'));
    backend = await makeBackend({
      onChange: (change) => changes.push(change),
      onEvent: (event) => events.push(event),
    });
    await call('PullImage', { image: { image: contractImage } });
  });
  afterAll(async () => {
    await backend.close();
    rmSync(logDirectory, { recursive: true, force: true });
  });
  beforeEach(() => {
    changes.length = 0;
    events.length = 0;
  });

  function invoke<Method extends CriMethod>(method: Method, request: CriRequest<Method>): Promise<CriResult> {
    return new Promise((resolve) => backend.invoke(method, request, resolve));
  }
  async function call<Method extends CriMethod>(
    method: Method,
    request: CriRequest<Method>,
  ): Promise<CriResponse<Method>> {
    const result = await invoke(method, request);
    expect(result, method).toMatchObject({ code: 'OK' });
    return (result as unknown as { response: CriResponse<Method> }).response;
  }
  const refusal = async <Method extends CriMethod>(method: Method, request: CriRequest<Method>) =>
    (await invoke(method, request)).code;
  function podConfig(overrides: { name?: string; attempt?: number; network?: 'POD' | 'NODE' } = {}) {
    const podName = overrides.name ?? `pod-${++podCount}`;
    return {
      metadata: {
        name: podName,
        uid: `uid-${podName}`,
        namespace: 'default',
        attempt: overrides.attempt ?? 0,
      },
      logDirectory,
      labels: { app: podName, suite: 'contract' },
      annotations: { note: 'kept' },
      linux: {
        // Runtimes that measure a pod as a whole do it by this.
        cgroupParent: '/conformance-contract',
        securityContext: { namespaceOptions: { network: overrides.network ?? ('POD' as const) } },
      },
    };
  }
  const runPod = async (overrides: Parameters<typeof podConfig>[0] = {}): Promise<string> =>
    (await call('RunPodSandbox', { config: podConfig(overrides) })).podSandboxId;

  function containerConfig(workload: Workload, containerName = 'main', attempt = 0) {
    return {
      metadata: { name: containerName, attempt },
      image: { image: contractImage },
      command: [workloadCommand],
      args: workloadArguments(workload),
      labels: { container: containerName },
      annotations: { hash: '7' },
      logPath: `${containerName}-${podCount}-${attempt}.log`,
    };
  }
  const create = async (podSandboxId: string, workload: Workload, containerName = 'main', attempt = 0) => {
    const config = containerConfig(workload, containerName, attempt);
    return (await call('CreateContainer', { podSandboxId, config })).containerId;
  };
  const start = async (podSandboxId: string, workload: Workload = {}, containerName = 'main') => {
    const containerId = await create(podSandboxId, workload, containerName);
    await call('StartContainer', { containerId });
    return containerId;
  };
  const statusOf = async (containerId: string): Promise<ContainerStatus> =>
    (await call('ContainerStatus', { containerId })).status;
  const untilExited = async (containerId: string): Promise<ContainerStatus> => {
    await expect
      .poll(async () => (await statusOf(containerId)).state, { timeout: 10_000, interval: 10 })
      .toBe('CONTAINER_EXITED');
    return statusOf(containerId);
  };
  /** The states that were reported of one object, with who caused them. */
  const story = (id: string): string[] =>
    changes.flatMap((change) =>
      change.kind !== 'image' && change.id === id ? [`${change.state} by ${change.cause}`] : [],
    );

  return {
    changes,
    events,
    backend: () => backend,
    invoke,
    call,
    refusal,
    podConfig,
    runPod,
    containerConfig,
    create,
    start,
    statusOf,
    untilExited,
    story,
  };
}
