import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCriPort } from '../../harness/drivers/agent-ports/cri-port.js';
import { createCriServer } from '../../harness/runtimes/cri-server/cri-server.js';
import { createDockerBackend } from '../../harness/runtimes/docker/docker-backend.js';
import { connectDocker } from '../../harness/runtimes/docker/docker-engine.js';
import { runLabels } from '../../harness/runtimes/run-labels.js';
import { ensureWorkloadImage } from '../../harness/runtimes/docker/workload-image.js';
import { workloadArguments, workloadCommand } from '../../harness/spec/workload.js';
import { median, timed } from './common.js';

const image = 'conformance/workload:v1';
const args = workloadArguments({});

/** Create and start through the CRI server beside the same two calls of Docker's API, in turns. */
export async function docker(pairs: number): Promise<object> {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-bench-'));
  const engine = await connectDocker();
  const { dockerode } = engine.container;
  const runId = `bench-${process.pid}`;
  const backend = await createDockerBackend({
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
  const cri = createCriPort(server.endpoint);
  try {
    await cri.call('PullImage', { image: { image } });
    const sandbox = { metadata: { name: 'bench', uid: 'bench', namespace: 'default', attempt: 0 } };
    const { podSandboxId } = await cri.call('RunPodSandbox', { config: sandbox });
    const sandboxes = { all: true, filters: { label: [`${runLabels.run}=${runId}`] } };
    const [pause] = await dockerode.listContainers(sandboxes);
    const workload = await ensureWorkloadImage(engine);
    const through = async (attempt: number): Promise<void> => {
      const config = {
        metadata: { name: 'main', attempt },
        image: { image },
        command: [workloadCommand],
        args,
      };
      const { containerId } = await cri.call('CreateContainer', { podSandboxId, config });
      await cri.call('StartContainer', { containerId });
    };
    const direct = async (): Promise<void> => {
      const container = await dockerode.createContainer({
        Image: workload,
        Entrypoint: [workloadCommand],
        Cmd: args,
        Labels: { [runLabels.run]: runId },
        HostConfig: { NetworkMode: `container:${pause!.Id}` },
      });
      await container.start();
    };
    const times = { through: [] as number[], direct: [] as number[] };
    for (let pair = 0; pair <= pairs; pair++) {
      const first = (await timed(() => through(pair))).wallMs;
      const second = (await timed(direct)).wallMs;
      // The first pair finds caches cold.
      if (pair === 0) continue;
      times.through.push(first);
      times.direct.push(second);
    }
    const [throughMs, directMs] = [median(times.through), median(times.direct)];
    return { pairs, throughMs, directMs, ratio: throughMs / directMs };
  } finally {
    cri.close();
    await server.close();
    await backend.close();
    for (const { Id } of await dockerode.listContainers({
      all: true,
      filters: { label: [`${runLabels.run}=${runId}`] },
    }))
      await dockerode.getContainer(Id).remove({ force: true });
    rmSync(directory, { recursive: true, force: true });
  }
}
