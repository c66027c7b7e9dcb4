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
import { checkAgent, createGuard, wrapSources, type WrapCallback } from './guard-agent.js';
import { requestProblem } from './request-problem.js';
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
const errorLengthMax = 500;

/** Lives of an agent inside this process. */
export interface SimAgent extends AgentControl {
  /** Something failed that belongs to the agent, but to none of its calls: the present life ends of it. */
  noteStrayError(error: unknown): void;
}

/** One life, and how it ends on its own. */
interface Running {
  readonly agent: Agent | undefined;
  readonly fail: (error: unknown) => void;
}

/** Runs lives of an agent module inside this process, on the virtual clock. */
export function createSimAgent(options: SimAgentOptions): SimAgent {
  const { clock } = options;
  const agents = new Map<Life, Running>();

  function portsOf(life: Life, guard: WrapCallback): AgentPorts {
    const sources: Record<string, unknown> = {};
    for (const [kind, source] of options.sources) sources[kind] = source.port(life);
    return {
      nodeName: options.nodeName,
      timings: options.timings,
      clock: {
        now: () => simEpochMs + clock.now(),
        after(delayMs, callback) {
          const guarded = guard(callback);
          return clock.after(delayMs, () => life.alive && guarded());
        },
      },
      random: () => options.prng.unit(),
      runtime: createSimCriClient(clock, options.boundary(), life, guard),
      sources: wrapSources(sources as AgentSources, guard),
      log: options.log,
    };
  }

  return {
    start(life, onExit) {
      const fail = (error: unknown): void => {
        if (!life.alive) return;
        agents.delete(life);
        // The stack names files of one machine, and a trace is the same on every machine.
        options.log(error instanceof Error ? (error.stack ?? error.message) : describeError(error));
        onExit(describeError(error));
      };
      const guard = createGuard(fail);
      guard(() => {
        agents.set(life, { agent: undefined, fail });
        const agent = options.createAgent(portsOf(life, guard));
        checkAgent(agent);
        agents.set(life, { agent, fail });
        const started = agent.start();
        if (started instanceof Promise) started.catch(fail);
      })();
    },
    kill(life) {
      agents.delete(life);
    },
    stop(life, done) {
      const agent = agents.get(life)?.agent;
      agents.delete(life);
      const bound = clock.after(stopBoundMs, done);
      const finish = (): void => {
        bound.cancel();
        done();
      };
      // However it ends, it was asked to.
      createGuard(finish)(() => {
        const stopped = agent?.stop();
        if (stopped instanceof Promise) stopped.then(finish, finish);
        else finish();
      })();
    },
    noteStrayError(error) {
      // Lives follow each other, so the one that was begun last is the one that can have failed.
      [...agents.values()].at(-1)?.fail(error);
    },
  };
}

/** One line that is the same on every machine. */
function describeError(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.split('\n')[0]!.slice(0, errorLengthMax);
}

function createSimCriClient(
  clock: VirtualClock,
  boundary: RuntimeBoundary,
  life: Life,
  guard: WrapCallback,
): CriClient {
  return {
    call(method, request, callOptions) {
      return new Promise((resolve, reject) => {
        // A dead life hears nothing, as a dead process does.
        if (!life.alive) return;
        const problem = requestProblem(method, request);
        if (problem !== undefined && problem.code !== 'OK')
          return reject(new CriError(problem.code, problem.message));
        let open = true;
        const settle = (result: CriResult): void => {
          if (!open) return;
          open = false;
          if (result.code === 'OK') resolve(withOwnArrays(result.response) as never);
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
      return { close: boundary.subscribe(life, guard(onEvent)) };
    },
  };
}

/** An agent may sort a list that it is given, or take from it: the runtime's own is in the trace, and in later answers. */
function withOwnArrays(response: object): object {
  const arrays = Object.entries(response).filter(([, value]) => Array.isArray(value));
  if (arrays.length === 0) return response;
  return { ...response, ...Object.fromEntries(arrays.map(([name, value]) => [name, [...value]])) };
}
