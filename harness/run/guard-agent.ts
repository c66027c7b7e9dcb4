import { HarnessError } from '../core/errors.js';
import type { Agent, AgentSources } from '../ports/agent.js';

/** Wraps a callback of the agent's. */
export type WrapCallback = <Values extends unknown[]>(
  callback: (...values: Values) => void,
) => (...values: Values) => void;

/**
 * Guards the callbacks of one life. A callback that throws is what an uncaught exception is in a process: the
 * end of it. Faults of the harness itself pass through, for they say nothing about the agent.
 */
export function createGuard(fail: (error: unknown) => void): WrapCallback {
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

/** The same sources, each callback that an agent gives them wrapped. */
export function wrapSources(sources: AgentSources, wrap: WrapCallback): AgentSources {
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
            watch: (onChange) => file.watch(wrap(onChange)),
          },
        }),
    ...(api === undefined
      ? {}
      : {
          api: {
            url: api.url,
            request: (request) => api.request(request),
            watch: (request, onEvent, onEnd) => api.watch(request, wrap(onEvent), wrap(onEnd)),
          },
        }),
    ...(feed === undefined
      ? {}
      : { feed: { subscribe: (onUpdate, onEnd) => feed.subscribe(wrap(onUpdate), wrap(onEnd)) } }),
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
