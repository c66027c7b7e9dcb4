import type { VirtualClock } from '../core/virtual-clock.js';
import type { Prng } from '../core/prng.js';
import type { SourceKind } from '../spec/pod.js';
import type { Timings } from '../spec/timings.js';
import {
  simEpochMs,
  type Agent,
  type AgentPorts,
  type AgentSources,
  type CreateAgent,
} from '../ports/agent.js';
import { CriError, type CriClient, type CriResult } from '../ports/cri.js';
import type { Life, SimSource } from '../ports/source.js';
import type { AgentControl } from './director.js';
import type { RuntimeBoundary } from './runtime-boundary.js';

export interface SimAgentOptions {
  readonly clock: VirtualClock;
  readonly createAgent: CreateAgent;
  readonly nodeName: string;
  readonly timings: Timings;
  readonly prng: Prng;
  readonly sources: ReadonlyMap<SourceKind, SimSource<unknown>>;
  readonly boundary: () => RuntimeBoundary;
  readonly log: (line: string) => void;
}

const stopBoundMs = 1_000;

/** Runs lives of an agent module inside this process, on the virtual clock. */
export function createSimAgent(options: SimAgentOptions): AgentControl {
  const { clock } = options;
  const agents = new Map<Life, Agent>();

  function portsOf(life: Life): AgentPorts {
    const sources: Record<string, unknown> = {};
    for (const [kind, source] of options.sources) sources[kind] = source.port(life);
    return {
      nodeName: options.nodeName,
      timings: options.timings,
      clock: {
        now: () => simEpochMs + clock.now(),
        after: (delayMs, callback) => clock.after(delayMs, () => life.alive && callback()),
      },
      random: () => options.prng.unit(),
      runtime: createSimCriClient(clock, options.boundary(), life),
      sources: sources as AgentSources,
      log: options.log,
    };
  }

  return {
    start(life, onExit) {
      const fail = (error: unknown): void =>
        onExit(error instanceof Error ? (error.stack ?? error.message) : String(error));
      try {
        const agent = options.createAgent(portsOf(life));
        agents.set(life, agent);
        const started = agent.start();
        if (started instanceof Promise) started.catch(fail);
      } catch (error) {
        fail(error);
      }
    },
    kill(life) {
      agents.delete(life);
    },
    stop(life, done) {
      const agent = agents.get(life);
      agents.delete(life);
      const bound = clock.after(stopBoundMs, done);
      const finish = (): void => {
        bound.cancel();
        done();
      };
      const stopped = agent?.stop();
      if (stopped instanceof Promise) stopped.then(finish, finish);
      else finish();
    },
  };
}

function createSimCriClient(clock: VirtualClock, boundary: RuntimeBoundary, life: Life): CriClient {
  return {
    call(method, request, callOptions) {
      return new Promise((resolve, reject) => {
        // A dead life hears nothing, as a dead process does.
        if (!life.alive) return;
        let open = true;
        const settle = (result: CriResult): void => {
          if (!open) return;
          open = false;
          if (result.code === 'OK') resolve(result.response as never);
          else reject(new CriError(result.code, result.message));
        };
        const expectedMs = boundary.handle(life, method, request, settle);
        const timeoutMs = callOptions?.timeoutMs;
        // Most answers are known to come in time; a timer for each would only fill the queue.
        if (timeoutMs === undefined || expectedMs < timeoutMs) return;
        clock.after(
          timeoutMs,
          () => life.alive && settle({ code: 'DEADLINE_EXCEEDED', message: 'context deadline exceeded' }),
        );
      });
    },
    events(onEvent) {
      return { close: boundary.subscribe(life, onEvent) };
    },
  };
}
