import type { SourceContext } from '../ports/source.js';
import { createLifeWatch } from './life-watch.js';

/**
 * The longest that an agent may wait before it tries again after errors: a back-off of 30 s, stretched by up
 * to two, and some time for the try itself. In milliseconds.
 */
const retryMaxMs = 62_000;

/** Whether the agent's present life has been shown the newest state of a source that it follows. */
export interface CatchUp {
  /** It was shown the pods as of this revision. */
  noteShown(revision: number): void;
  /** There is something new, or nothing stands in the agent's way any more: it has the whole time again. */
  restart(): void;
  /**
   * The agent came back and was told to begin anew (410): it may wait once more before it does. Once only, since one that
   * asks the same again and again never will.
   */
  noteGone(): void;
  /** Whether its present life was shown the pods as of this revision, or of a later one. */
  hasShown(revision: number): boolean;
  /** True while an agent that lost touch can be expected to come back and see something new. */
  isDue(newestRevision: number): boolean;
}

export function createCatchUp({ clock, journal }: SourceContext): CatchUp {
  const incarnation = createLifeWatch(journal);
  let shown = { revision: 0, incarnation: 0 };
  let lastIncarnation = 0;
  let untilMs = 0;
  let wasGone = false;
  const restart = (): void => {
    untilMs = clock.now() + retryMaxMs;
    wasGone = false;
  };
  return {
    noteShown(revision) {
      shown = { revision, incarnation: incarnation() };
    },
    restart,
    noteGone() {
      if (wasGone) return;
      restart();
      wasGone = true;
    },
    hasShown: (revision) => shown.incarnation === incarnation() && shown.revision >= revision,
    isDue(newestRevision) {
      const present = incarnation();
      if (present === 0) return false;
      if (shown.incarnation === present && shown.revision >= newestRevision) return false;
      if (present !== lastIncarnation) restart();
      lastIncarnation = present;
      return clock.now() < untilMs;
    },
  };
}
