import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCriPort } from '../../harness/drivers/agent-ports/cri-port.js';
import { createCriBackend } from '../../harness/runtimes/cri/cri-backend.js';
import { connectRuntime } from '../../harness/runtimes/cri/cri-runtime.js';
import { ensureWorkload } from '../../harness/runtimes/cri/ensure-workload.js';
import { testEndpoint } from '../../harness/runtimes/cri/test-endpoint.js';
import { createCriServer } from '../../harness/runtimes/cri-server/cri-server.js';
import { runLabels } from '../../harness/runtimes/run-labels.js';
import type { CriRequest } from '../../harness/ports/cri.js';
import { workloadArguments, workloadCommand } from '../../harness/spec/workload.js';
import { median, timed } from './common.js';

type Call = ReturnType<typeof createCriPort>['call'];

/** A pod from its sandbox to its removal through the suite beside the same calls made to the runtime itself, in turns. */
export async function containerd(pairs: number): Promise<object> {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-bench-'));
  const runId = `bench-${process.pid}`;
  const backend = await createCriBackend({
    endpoint: testEndpoint,
    runId,
    observer: { onChange() {}, onEvent() {} },
    onFailure(error) {
      throw error;
    },
  });
  const server = createCriServer({
    socketPath: join(directory, 'cri.sock'),
    handle: (method, request, reply) => backend.invoke(method, request as never, reply),
    subscribeEvents: () => () => {},
  });
  await server.start();
  const runtime = await connectRuntime(testEndpoint);
  const image = await ensureWorkload(runtime);
  const cri = createCriPort(server.endpoint);
  try {
    await cri.call('PullImage', { image: { image } });
    const labels = { [runLabels.run]: runId };
    const times = { through: [] as number[], direct: [] as number[], ratio: [] as number[] };
    for (let pair = 0; pair <= pairs; pair++) {
      const took = { through: 0, direct: 0 };
      const order = pair % 2 === 0 ? (['through', 'direct'] as const) : (['direct', 'through'] as const);
      for (const way of order) {
        const call = (way === 'through' ? cri.call : runtime.call) as Call;
        const name = `${way}-${pair}-${process.pid}`;
        took[way] = (
          await timed(() => onePod(call, { name, image, labels: way === 'direct' ? labels : {} }))
        ).wallMs;
      }
      // The first pair finds caches cold.
      if (pair === 0) continue;
      times.through.push(took.through);
      times.direct.push(took.direct);
      times.ratio.push(took.through / took.direct);
    }
    return {
      pairs,
      throughMs: median(times.through),
      directMs: median(times.direct),
      ratio: median(times.ratio),
    };
  } finally {
    cri.close();
    await server.close();
    await backend.close();
    runtime.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function onePod(
  call: Call,
  {
    name,
    image,
    labels,
  }: { readonly name: string; readonly image: string; readonly labels: Record<string, string> },
): Promise<void> {
  const sandboxConfig: CriRequest<'RunPodSandbox'>['config'] = {
    metadata: { name, uid: name, namespace: 'default', attempt: 0 },
    labels,
    linux: {},
  };
  const { podSandboxId } = await call('RunPodSandbox', { config: sandboxConfig });
  const config = {
    metadata: { name: 'main', attempt: 0 },
    image: { image },
    command: [workloadCommand],
    args: workloadArguments({}),
    labels,
    linux: {},
  };
  const { containerId } = await call('CreateContainer', { podSandboxId, config, sandboxConfig });
  await call('StartContainer', { containerId });
  await call('ContainerStatus', { containerId });
  await call('StopContainer', { containerId, timeout: 0 });
  await call('RemoveContainer', { containerId });
  await call('StopPodSandbox', { podSandboxId });
  await call('RemovePodSandbox', { podSandboxId });
}
