import type { DockerContainerHandle, DockerEngine } from './docker-engine.js';
import { containerOptions, sandboxOptions, type RunIdentity } from './container-options.js';

/**
 * Runs a pod that is known to be right: nothing that an agent asked for is in it. Rejects with what the engine says when it
 * cannot run even that.
 */
export async function tryEngine(engine: DockerEngine, run: RunIdentity): Promise<void> {
  const metadata = { name: 'trial', namespace: 'conformance', uid: 'trial', attempt: 0 };
  const made: DockerContainerHandle[] = [];
  async function start(options: Parameters<DockerEngine['container']['create']>[0]): Promise<string> {
    const handle = await engine.container.create(options);
    made.unshift(handle);
    await handle.start();
    return handle.id;
  }
  try {
    const id = await start(sandboxOptions(run, { metadata }));
    const place = { id, hostNetwork: false, pod: `${metadata.namespace}/${metadata.name}` };
    const container = { metadata: { name: 'main', attempt: 0 }, image: { image: run.image } };
    await start(containerOptions(run, place, container));
  } finally {
    for (const handle of made) await handle.remove({ force: true, v: true }).catch(() => {});
  }
}
