import type { CriRequest, CriResult } from '../../ports/cri.js';
import type { CriMethod } from '../../spec/plan.js';

/** The answer to each call of the agent; an engine that refuses is thrown on. */
export type DockerHandlers = {
  readonly [Method in CriMethod]?: (request: CriRequest<Method>) => Promise<CriResult> | CriResult;
};
