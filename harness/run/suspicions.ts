import { wasTried } from '../report/groups.js';
import type { ReportedFinding } from '../report/result.js';
import type { Plan } from '../spec/plan.js';
import { signatureOf, type Finding } from '../spec/verdict.js';

export interface SuspicionOptions {
  /** Executes the case again, makes it smaller, and says what came of it. */
  readonly reduce: (plan: Plan, found: Finding) => Promise<ReportedFinding>;
  /** What was seen, before anything is executed again; absent: nothing is told before that. */
  readonly asSeen?: ((plan: Plan, found: Finding) => Promise<ReportedFinding>) | undefined;
  /** It was seen, and in none of the executions after: another case may show it better. */
  readonly isDoubtful: (finding: ReportedFinding) => boolean;
  /** Nothing else had a hand in what this plan showed: of several it is the one to try. Absent: of all. */
  readonly stoodAlone?: ((plan: Plan) => boolean) | undefined;
  /** What a case showed, what came of it, and what came of one that shows it better: each takes the place of the one before. */
  readonly onFinding?: (finding: ReportedFinding, replaced: ReportedFinding | undefined) => void;
}

/** What cases were seen to break, one finding for each signature. */
export interface Suspicions {
  readonly size: number;
  /** A case broke something. The first one of its signature is reduced, and another one while the last is in doubt. */
  note(plan: Plan, found: Finding): void;
  /** What has come of all, in the order in which they were first seen. */
  settled(): Promise<ReportedFinding[]>;
  /** How many cases showed this signature. */
  casesOf(signature: string): number;
}

/** Cases of one signature that are tried before it stays in doubt: each takes as long as a dozen other cases. */
const triesMax = 3;

/** So many that wait to be tried are kept: more than are tried, as the best may come late. */
const othersMax = 50;

interface Shown {
  readonly plan: Plan;
  readonly found: Finding;
}

interface Suspicion {
  cases: number;
  tries: number;
  /** Other cases that showed it and have not been tried. */
  readonly others: Shown[];
  /** What came of the last case that was tried. */
  result: Promise<ReportedFinding>;
}

export function createSuspicions(options: SuspicionOptions): Suspicions {
  const { asSeen, reduce, isDoubtful, stoodAlone = () => true, onFinding } = options;
  const suspicions = new Map<string, Suspicion>();

  async function attempt(plan: Plan, found: Finding): Promise<ReportedFinding> {
    // Both begin at once: the reduction is to have the place in the queue that the case had.
    const seen = asSeen?.(plan, found);
    const reduced = awaitedLater(reduce(plan, found));
    const first = await seen;
    if (first !== undefined) onFinding?.(first, undefined);
    const result = await reduced;
    if (first === undefined || wasTried(result)) onFinding?.(result, first);
    return result;
  }

  async function attemptIfDoubtful(before: ReportedFinding, others: Shown[]): Promise<ReportedFinding> {
    if (!isDoubtful(before)) return before;
    const best = others.findIndex(({ plan }) => stoodAlone(plan));
    const [{ plan, found }] = others.splice(Math.max(best, 0), 1) as [Shown];
    const again = await reduce(plan, found);
    // What more than one case showed, and none again, is told of the first. One that nobody could try says nothing.
    if (isDoubtful(again) || !wasTried(again)) return before;
    onFinding?.(again, before);
    return again;
  }

  return {
    get size() {
      return suspicions.size;
    },
    note(plan, found) {
      const signature = signatureOf(found);
      const known = suspicions.get(signature);
      if (known === undefined) {
        const result = awaitedLater(attempt(plan, found));
        suspicions.set(signature, { cases: 1, tries: 1, others: [], result });
        return;
      }
      known.cases++;
      if (known.others.length < othersMax) known.others.push({ plan, found });
      if (known.tries >= triesMax) return;
      known.tries++;
      known.result = awaitedLater(known.result.then((before) => attemptIfDoubtful(before, known.others)));
    },
    settled: () => Promise.all([...suspicions.values()].map(({ result }) => result)),
    casesOf: (signature) => suspicions.get(signature)?.cases ?? 0,
  };
}

/** Awaited at the end; until then a rejection must not count as unhandled. */
function awaitedLater(result: Promise<ReportedFinding>): Promise<ReportedFinding> {
  result.catch(() => {});
  return result;
}
