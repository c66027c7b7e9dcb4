import { isOwnerDead, parseOwner } from '../leftovers/owner.js';
import type { DockerEngine } from './docker-engine.js';
import { runLabels } from '../run-labels.js';
import { engineStatus } from './docker-engine.js';

/** Containers being made while others are removed are found in a second look; there is no need for many. */
const roundsMax = 5;

/** Removes every container of one run. */
export async function removeContainersOfRun(engine: DockerEngine, runId: string): Promise<void> {
  for (let round = 0; round < roundsMax; round++) {
    const found = await listLabelled(engine, `${runLabels.run}=${runId}`);
    if (found.length === 0) return;
    await removeAll(engine, found);
  }
}

/** Removes the containers of harness processes that no longer exist; resolves to how many. */
export async function sweepContainers(engine: DockerEngine): Promise<number> {
  let count = 0;
  for (let round = 0; round < roundsMax; round++) {
    const found = await listLabelled(engine, runLabels.owner);
    const orphans = found.filter(({ Labels }) => {
      const owner = parseOwner(Labels[runLabels.owner] ?? '');
      return owner !== undefined && isOwnerDead(owner);
    });
    if (orphans.length === 0) break;
    await removeAll(engine, orphans);
    count += orphans.length;
  }
  return count;
}

type Listed = Awaited<ReturnType<DockerEngine['container']['list']>>[number];

function listLabelled(engine: DockerEngine, label: string): Promise<Listed[]> {
  return engine.container.dockerode.listContainers({ all: true, filters: { label: [label] } });
}

async function removeAll(engine: DockerEngine, found: readonly Listed[]): Promise<void> {
  await Promise.all(
    found.map(async ({ Id }) => {
      try {
        await engine.container.getById(Id).remove({ force: true, v: true });
      } catch (error) {
        // Already removed, or being removed by someone else.
        if (engineStatus(error) !== 404 && engineStatus(error) !== 409) throw error;
      }
    }),
  );
}
