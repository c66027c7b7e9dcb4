/** How many lanes an agent gets: as many as it can keep up with. */
export interface LaneLimit {
  /** Lanes that may run at once now. */
  lanes(): number;
  /** To be called once in each period. */
  observe(period: LanePeriod): void;
}

/** What one period of some seconds showed. */
export interface LanePeriod {
  /** How late the agent, or the harness itself, was at the worst, in milliseconds. */
  readonly lateMs: number;
  /** Lanes that ran. */
  readonly lanes: number;
}

export interface LaneLimitOptions {
  readonly max: number;
  /** Later than this is too late, in milliseconds. */
  readonly lateMsMax: number;
  /**
   * The most lanes to add in one period, once there were too many before: what they are to an agent shows only after its
   * next looks at the runtime. Until then it is twice as many.
   */
  readonly addedMax: number;
}

const lanesAtFirst = 4;
/** By how much the number grows in a period, and shrinks. */
const growth = 1.3;
const cut = 0.7;
/** What was begun before a cut still shows its load for some periods. */
const periodsAfterCut = 5;

/**
 * Begins with few and adds some in each period in which all were used and nobody was late; takes some away when
 * somebody was. What is judged never depends on it: only how long a campaign takes does.
 */
export function createLaneLimit({ max, lateMsMax, addedMax }: LaneLimitOptions): LaneLimit {
  let limit = Math.min(max, lanesAtFirst);
  let patience = 0;
  let lateBefore = false;
  let wasCut = false;
  return {
    lanes: () => limit,
    observe({ lateMs, lanes }) {
      if (patience > 0) patience--;
      const isLate = lateMs > lateMsMax;
      const isSlow = isLate && lateBefore;
      lateBefore = isLate;
      // One hiccup may be anybody's.
      if (isSlow) {
        // A cut shows only when the lanes that run have come to an end, and those take their time.
        if (patience > 0 || lanes > limit) return;
        limit = Math.max(1, Math.floor(lanes * cut));
        patience = periodsAfterCut;
        wasCut = true;
      } else if (lanes >= limit && !isLate && patience === 0) {
        limit = Math.min(max, Math.ceil(limit * growth), limit + (wasCut ? addedMax : 2 * addedMax));
      }
    },
  };
}
