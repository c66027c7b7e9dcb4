import type { CriRequest, CriResult } from '../../ports/cri.js';
import type { CriMethod } from '../../spec/plan.js';

/** What answers the calls of an agent; where the effect takes no time, before it returns. */
export type MemoryHandlers = {
  readonly [Method in CriMethod]?: (request: CriRequest<Method>, reply: (result: CriResult) => void) => void;
};
