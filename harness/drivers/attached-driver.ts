import type { AgentDriver, AgentExit, AgentProcess, AgentProfile } from '../ports/driver.js';

/**
 * An agent that someone else starts and ends. It can be neither ended nor
 * restarted, so plans for it have no such steps.
 */
export function createAttachedDriver(profile: AgentProfile): AgentDriver {
  return {
    profile,
    start(): Promise<AgentProcess> {
      return Promise.resolve({
        exited: new Promise<AgentExit>(() => {}),
        lastOutput: () => [],
        kill: () => Promise.resolve(),
        stop: () => Promise.resolve(),
        pause: () => {},
        resume: () => {},
      });
    },
  };
}
