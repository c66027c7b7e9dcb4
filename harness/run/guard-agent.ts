import { HarnessError } from '../core/errors.js';
import type { Agent, AgentSources } from '../ports/agent.js';

/** Wraps a callback of the agent's so that what it throws ends the agent and not the harness. */
export type GuardCallback = <Values extends unknown[]>(
  callback: (...values: Values) => void,
) => (...values: Values) => void;

/**
 * Guards the callbacks of one life. A callback that throws is what an uncaught exception is in a process: the
 * end of it. Faults of the harness itself pass through, for they say nothing about the agent.
 */
export function createGuard(fail: (error: unknown) => void): GuardCallback {
  return (callback) =>
    (...values) => {
      try {
        callback(...values);
      } catch (error) {
        if (error instanceof HarnessError) throw error;
        fail(error);
      }
    };
}

/** The sources as one life sees them: what it is called back with is guarded. */
export function guardSources(sources: AgentSources, guard: GuardCallback): AgentSources {
  const { file, http, api, feed } = sources;
  return {
    ...(http === undefined ? {} : { http }),
    ...(file === undefined
      ? {}
      : {
          file: {
            path: file.path,
            list: () => file.list(),
            read: (name) => file.read(name),
            watch: (onChange) => file.watch(guard(onChange)),
          },
        }),
    ...(api === undefined
      ? {}
      : {
          api: {
            url: api.url,
            request: (request) => api.request(request),
            watch: (request, onEvent, onEnd) => api.watch(request, guard(onEvent), guard(onEnd)),
          },
        }),
    ...(feed === undefined
      ? {}
      : { feed: { subscribe: (onUpdate, onEnd) => feed.subscribe(guard(onUpdate), guard(onEnd)) } }),
  };
}

/**
 * Tells of errors that no caller of ours sees: rejections that nobody handles, exceptions of `process.nextTick`.
 * While an agent module runs in this thread they are its own. Returns how to stop listening.
 */
export function onStrayError(handle: (error: unknown) => void): () => void {
  const listener = (error: unknown): void => {
    if (error instanceof HarnessError) throw error;
    handle(error);
  };
  process.on('uncaughtException', listener);
  return () => process.off('uncaughtException', listener);
}

/** A module comes from outside, whatever its types say. */
export function checkAgent(agent: unknown): void {
  for (const method of ['start', 'stop'] as const) {
    if (typeof (agent as Partial<Agent> | null | undefined)?.[method] === 'function') continue;
    throw new TypeError(
      `createAgent must return an object with start() and stop(), and there is no ${method}`,
    );
  }
}
