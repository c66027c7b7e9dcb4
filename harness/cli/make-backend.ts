import type { Clock } from '../core/clock.js';
import { ExitCode, HarnessError } from '../core/errors.js';
import type { RuntimeBackend, RuntimeObserver } from '../ports/runtime.js';
import { stateDirectoryIn } from '../run/run-directory.js';
import { withAgentMounts } from '../runtimes/agent-mounts.js';
import { criEndpoint, runtimeChoices } from '../spec/runtime-choice.js';
import type { Target } from './target.js';

interface BackendRun {
  readonly observer: RuntimeObserver;
  readonly clock: Clock;
  readonly directory: string;
  readonly onFailure: (error: HarnessError) => void;
}

/** The runtime that a target names, for one run, as its agent sees it. */
export async function makeBackend({ runtime, driver }: Target, run: BackendRun): Promise<RuntimeBackend> {
  const backend = await makeBareBackend(runtime, run);
  const { mounts } = driver!.profile;
  return mounts === undefined ? backend : withAgentMounts(backend, mounts, stateDirectoryIn(run.directory));
}

async function makeBareBackend(runtime: string, run: BackendRun): Promise<RuntimeBackend> {
  const { observer, clock } = run;
  if (runtime === 'memory') {
    const { createMemoryBackend } = await import('../runtimes/memory/memory-backend.js');
    const { createPodLogs } = await import('../runtimes/memory/pod-logs.js');
    const { createStreamingServer } = await import('../runtimes/streaming/streaming-server.js');
    return createMemoryBackend({
      clock,
      observer,
      epochMs: Date.now() - clock.now(),
      logs: createPodLogs(),
      streaming: createStreamingServer(),
    });
  }
  const real = { runId: run.directory.split('/').at(-1)!, observer, onFailure: run.onFailure };
  if (runtime === 'docker') {
    const { createDockerBackend } = await import('../runtimes/docker/docker-backend.js');
    return createDockerBackend(real);
  }
  const endpoint = criEndpoint(runtime);
  if (endpoint === undefined) throw runtimeUnknown(runtime);
  const { createCriBackend } = await import('../runtimes/cri/cri-backend.js');
  return createCriBackend({ ...real, endpoint });
}

/** The command line takes no other; a case file may name one. */
function runtimeUnknown(runtime: string): HarnessError {
  return new HarnessError({
    code: 'runtime-unknown',
    message: `There is no runtime ${runtime}.`,
    exitCode: ExitCode.usage,
    expected: runtimeChoices,
    got: runtime,
    hint: 'Give one with --runtime.',
  });
}
