import type { HarnessError } from '../../core/errors.js';
import { watchPulse } from '../pulse.js';
import type { DockerEngine } from './docker-engine.js';
import { connectDocker, isConnectionLost } from './docker-engine.js';
import { engineGone, engineSilent } from './engine-gone.js';
import { sweepContainers } from './sweep.js';
import { ensureWorkloadImage } from './workload-image.js';

/** What every run on Docker needs. */
export interface PreparedDocker {
  readonly engine: DockerEngine;
  /** Name of the workload image, which is there. */
  readonly image: string;
}

let prepared: Promise<PreparedDocker> | undefined;

/**
 * Connects, removes the containers of harness processes that were killed, and sees to the workload image; once
 * per process, since runs follow each other quickly. After a failure the next call tries again.
 */
export function prepareDocker(): Promise<PreparedDocker> {
  prepared ??= prepare().catch((error: unknown) => {
    prepared = undefined;
    throw error;
  });
  return prepared;
}

/** The engine has stopped answering: the next run connects again. */
export function forgetDocker(): void {
  prepared = undefined;
}

async function prepare(): Promise<PreparedDocker> {
  const engine = await connectDocker();
  let silence: HarnessError | undefined;
  const stopPulse = watchPulse({
    ask: () => engine.container.dockerode.ping(),
    onStall() {},
    onSilence(silentMs) {
      silence = engineSilent(silentMs);
      engine.line.cut();
    },
  });
  try {
    await sweepContainers(engine);
    return { engine, image: await ensureWorkloadImage(engine) };
  } catch (error) {
    throw silence ?? (isConnectionLost(error) ? engineGone(error) : error);
  } finally {
    stopPulse();
  }
}
