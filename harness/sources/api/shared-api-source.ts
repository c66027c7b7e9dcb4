import { podResource } from '../../../fakes/api-server/api-object.js';
import { dropNamespaces } from '../../../fakes/api-server/delete-namespace.js';
import type { Clock } from '../../core/clock.js';
import type { SharedSource, SourceContext, SourceNames, SourcePart } from '../../ports/source.js';
import { Parts } from '../parts.js';
import { createSharedJournal, sharedDisturbances, type JournalPart } from '../shared-journal.js';
import { noOp } from '../step-outcome.js';
import { createApiPods, type ApiPods } from './api-pods.js';
import { serveApi } from './live-api-source.js';

/**
 * How long an agent that was told nothing of a change is waited for, in milliseconds: nothing keeps its watch from
 * telling it, so that this is only for an agent that has lost it.
 */
const untoldMaxMs = 62_000;

/**
 * Namespaces of parts that have left stay for so long, in milliseconds: the agent's last words about their pods may come
 * late. They are then removed many at once, since each time all objects are looked at.
 */
const keptMs = 120_000;
const sweepPeriodMs = 60_000;

export interface SharedApiOptions {
  /** Where the kubeconfig file is written. */
  readonly directory: string;
  readonly nodeName: string;
  readonly clock: Clock;
}

/** One plan's part of the API server. */
interface Part extends JournalPart {
  readonly pods: ApiPods;
}

/** What a part leaves behind, and when it left. */
interface Left {
  readonly atMs: number;
  readonly namespaces: readonly string[];
}

/** One API server for many plans: the pods of each have namespaces of their own. */
export function createSharedApiSource(options: SharedApiOptions): SharedSource {
  const parts = new Parts<Part>();
  const { clock, nodeName } = options;
  const journal = createSharedJournal(parts);
  const context: SourceContext = {
    clock,
    nodeName,
    journal,
    pods: [],
    disturbances: sharedDisturbances(parts),
  };
  const { source, gate, furnish } = serveApi(context, options);
  gate.store.subscribe((change) => {
    if (change.resource === podResource) parts.ownerOf(change.object.metadata.namespace)?.pods.note(change);
  });
  /** In the order in which they left. */
  let left: Left[] = [];
  /** Without it the server would be slower with each of the thousands of plans that a long campaign has. */
  const sweep = (): void => {
    const now = clock.now();
    if (left.length === 0 || now - left[0]!.atMs < keptMs + sweepPeriodMs) return;
    const due = left.filter(({ atMs }) => now - atMs >= keptMs);
    left = left.slice(due.length);
    dropNamespaces(gate.store, new Set(due.flatMap(({ namespaces }) => namespaces)));
  };
  return {
    kind: 'api',
    async open() {
      const kubeconfig = await source.open();
      // Its one life: what it is shown is counted from here.
      journal.record({ kind: 'agent.started', actor: 'agent', incarnation: 1 });
      return kubeconfig;
    },
    close: () => source.close(),
    isDelivered: () => gate.hasShown(1),
    join(own: SourceContext, names: SourceNames): SourcePart {
      let heldAtMs = 0;
      sweep();
      const namespaces = own.pods.map(({ identity }) => identity.namespace);
      furnish(namespaces);
      const pods = createApiPods(own, {
        wallClock: () => Date.now(),
        isAttended: () => true,
        onHeld: () => (heldAtMs = own.clock.now()),
        sharedStore: gate.store,
      });
      const part: Part = {
        context: own,
        pods,
        ending: names.ending,
        heldRevision: () => pods.heldRevision(),
      };
      pods.begin();
      parts.add(part);
      return {
        kind: 'api',
        apply: (step) => pods.apply(step) ?? noOp(`one plan of many has no ${step.do} at the API`),
        heal() {},
        busy: () => !gate.hasShown(pods.newestRevision()) && own.clock.now() < heldAtMs + untoldMaxMs,
        leave() {
          parts.delete(part);
          pods.leave();
          left.push({ atMs: clock.now(), namespaces });
        },
      };
    },
  };
}
