import type { FaultEffect, Step } from '../spec/plan.js';
import type { SourceKind } from '../spec/pod.js';
import type { Timings } from '../spec/timings.js';
import type { RequirementId } from '../spec/requirements.js';

/**
 * The kinds of history that plans are made of. The first eight are the patterns that find most real bugs
 * (design, section 4); the others make sure that every precondition of the catalogue is met often.
 */
export const patternNames = [
  /** A second input while the first is unfinished. */
  'secondInput',
  /** A removal or edit seen while some source has not delivered yet. */
  'unreadySource',
  /** One error at some runtime call, then silence. */
  'singleError',
  /** Runtime answers older than the agent's own last action. */
  'staleAnswer',
  /** The agent ends between two runtime calls. */
  'crashBetweenCalls',
  /** Exactly one observation is lost. */
  'lostObservation',
  /** Editors, renames and rubbish in the manifest directory. */
  'directoryNoise',
  /** Reported before true: deletions whose containers end late. */
  'reportedEarly',
  /** Plain additions, edits and removals. */
  'churn',
  /** Three and more quick edits. */
  'rapidEdits',
  /** Removed, and added again with the same UID. */
  'readd',
  /** The same thing delivered again, or in another form. */
  'noMeaning',
  /** Two entries of one name in one source. */
  'duplicates',
  /** Two pods of one name with different UIDs. */
  'sharedName',
  /** Bad and empty answers of the manifest URL, and an old document that returns. */
  'httpTrouble',
  /** Watches that end, 410 Gone, an API server that is down. */
  'apiTrouble',
  /** Containers that end by themselves. */
  'containerExit',
  /** Init containers that fail, once or always, and sidecars that end. */
  'initExit',
  /** Containers and sandboxes killed or removed from outside. */
  'damage',
  /** Things happen while the agent is down. */
  'restartCatchUp',
  /** The agent restarts over healthy pods and nothing else happens. */
  'restartQuietly',
  /** Pods leave their source while the agent is down. */
  'orphan',
  /** Graceful deletion and removal of pods that are slow to stop. */
  'slowStop',
  /** The runtime restarts, or is not ready for a while. */
  'runtimeConditions',
  /** An image disappears from the node. */
  'removedImage',
] as const;
export type PatternName = (typeof patternNames)[number];

/** What the containers of a plan are like. */
export const workloadKinds = ['plain', 'completes', 'crashes', 'ignoresTerm', 'stopsSlowly'] as const;
export type WorkloadKind = (typeof workloadKinds)[number];

/** Which periods a simulated plan runs with; `live` plans always have the live ones. */
export const timingKinds = ['fast', 'slowResync', 'kubelet'] as const;
export type TimingKind = (typeof timingKinds)[number];

type Weights<Name extends string> = Readonly<Partial<Record<Name, number>>>;

/** A generator profile and the requirements it is aimed at: pure data. */
export interface Suite {
  /** Kebab-case; stands in plans, reports and on the command line. */
  readonly name: string;
  readonly title: string;
  readonly requirements: readonly RequirementId[];
  /** Sources that every plan of the suite has; without them at hand the suite is left out. */
  readonly requires?: readonly SourceKind[];
  /** Sources that its plans may have besides. Default: all. */
  readonly sources?: readonly SourceKind[];
  readonly patterns: Weights<PatternName>;
  /** Most of what its patterns do reaches beyond a plan's own pods: to the agent, a whole source, the whole runtime. */
  readonly reachesFar?: true;
  /** Default {@link defaultWorkloads}. */
  readonly workloads?: Weights<WorkloadKind>;
  /** Default {@link defaultTimings}. */
  readonly timings?: Weights<TimingKind>;
  /** How many steps a simulated plan has, within a few. Default 12 to 24. */
  readonly steps?: { readonly min: number; readonly max: number };
  /** The most pods a plan has. Default 4. */
  readonly podsMax?: number;
  /** Kinds of step and effects of faults that its plans never have. */
  readonly without?: readonly (Step['do'] | FaultEffect)[];
}

export const defaultWorkloads: Weights<WorkloadKind> = {
  plain: 74,
  completes: 7,
  crashes: 6,
  ignoresTerm: 4,
  stopsSlowly: 9,
};

export const defaultTimings: Weights<TimingKind> = { fast: 86, slowResync: 12, kubelet: 2 };

/** What the plans are to be run by. */
export interface GenerateOptions {
  /** The sources that the agent can be given. */
  readonly sources: readonly SourceKind[];
  readonly profile: 'sim' | 'live';
  /** The features that the agent declares; absent: all. Plans leave out what it cannot do. */
  readonly features?: readonly string[];
  /** Most live plans leave out what they could not do in an agent that others share. */
  readonly sharesAgent?: boolean;
  /** The periods of an agent that cannot be told any; absent: the plans choose. */
  readonly timings?: Timings;
}

/** The suites that can be run with these sources. */
export function suitesFor(suites: readonly Suite[], options: GenerateOptions): Suite[] {
  return suites.filter(
    (suite) =>
      (suite.requires ?? []).every((source) => options.sources.includes(source)) &&
      sourcesOf(suite, options).length > 0,
  );
}

/** The sources that plans of this suite may have here, those it requires first. */
export function sourcesOf(suite: Suite, options: GenerateOptions): SourceKind[] {
  const allowed = suite.sources ?? options.sources;
  const required = suite.requires ?? [];
  return [
    ...required,
    ...options.sources.filter((source) => allowed.includes(source) && !required.includes(source)),
  ];
}
