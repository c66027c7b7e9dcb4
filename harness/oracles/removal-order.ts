import type { ActualContainer, ActualPod, ActualSandbox } from '../model/actual-pod.js';
import type { ModelView } from '../model/model-view.js';
import { mayBeHidden, standingOf } from '../model/standing.js';
import type { TraceEvent } from '../trace/events.js';
import type { Oracle, OracleContext } from './oracle.js';
import { podSubject } from './words.js';

/** What has ended is removed from the inside out: a sandbox goes after its containers. */
export const removalOrder: Oracle = {
  name: 'removal-order',
  requirements: ['GC-01'],
  kinds: ['runtime.request', 'runtime.reply', 'agent.started'],
  methods: ['ListContainers', 'ContainerStatus', 'StopContainer', 'RemoveContainer', 'RemovePodSandbox'],
  begin(context) {
    const { model, run } = context;
    if (!run.features.includes('garbage-collection')) return {};
    const knowledge = createKnowledge(model);
    return {
      onEvent(event) {
        knowledge.note(event);
        if (event.kind !== 'runtime.request' || event.method !== 'RemovePodSandbox') return;
        const { call } = model;
        // One that is ready was not stopped first, which is another matter.
        if (call?.pod === undefined || call.sandbox === undefined || call.hitsLive) return;
        judgeOrder(context, knowledge, call.sandbox, call.pod);
      },
    };
  },
};

function judgeOrder(
  { model, ledger }: OracleContext,
  knowledge: Knowledge,
  sandbox: ActualSandbox,
  pod: ActualPod,
): void {
  const left = [...pod.containers.values()].find(
    (container) => container.sandboxId === sandbox.id && knowledge.hasOf(container),
  );
  if (left === undefined) return;
  const { is } = standingOf(model, pod);
  const hasLeft = is === 'gone' || is === 'unknown' || is === 'superseded';
  ledger.report({
    requirement: hasLeft ? 'GC-01' : 'GC-02',
    subject: { ...podSubject(model, pod), role: 'sandbox' },
    expected: `The sandbox of pod ${pod.fullName} is removed after the containers in it.`,
    seen: `RemovePodSandbox while container ${left.name} was left in it.`,
    events: [pod.firstSeq, left.startedSeq, left.changedSeq, sandbox.changedSeq],
  });
}

/** What the present life of the agent must know of. */
interface Knowledge {
  note(event: TraceEvent): void;
  /** It knows that there is such a container, and was not told that it is gone. */
  hasOf(container: ActualContainer): boolean;
}

function createKnowledge(model: ModelView): Knowledge {
  /** Their removal was asked for, or the runtime said that it does not know them: true or not, that was the answer. */
  const excused = new WeakSet<ActualContainer>();
  /** The containers that unanswered questions are about. */
  const asked = new Map<number, ActualContainer>();
  /** Unanswered lists of some containers only. */
  const narrow = new Set<number>();
  /** The last event that any whole list of this life has taken into account, and that the latest has. */
  let seenUpTo = -1;
  let latestSeen = Infinity;
  return {
    note(event) {
      if (event.kind === 'agent.started') {
        asked.clear();
        narrow.clear();
        seenUpTo = -1;
        latestSeen = Infinity;
      } else if (event.kind === 'runtime.request') {
        if (event.method === 'ListContainers') {
          if (isNarrow(event.request)) narrow.add(event.call);
          return;
        }
        const container = model.actual.containers.get(event.containerId ?? '');
        if (container === undefined) return;
        if (event.method === 'RemoveContainer') excused.add(container);
        else asked.set(event.call, container);
      } else if (event.kind === 'runtime.reply') {
        if (event.method === 'ListContainers') {
          if (narrow.delete(event.call) || event.code !== 'OK') return;
          latestSeen = event.asOf ?? -1;
          seenUpTo = Math.max(seenUpTo, latestSeen);
          return;
        }
        const container = asked.get(event.call);
        asked.delete(event.call);
        if (container !== undefined && event.code === 'NOT_FOUND') excused.add(container);
      }
    },
    hasOf(container) {
      const { startedSeq } = container;
      // One that never ran may have come to be after the runtime had failed to make it, for all that the agent knows.
      if (startedSeq < 0 || excused.has(container) || mayBeHidden(model, startedSeq)) return false;
      if (latestSeen < startedSeq) return false;
      return (container.startConfirmed && startedSeq > model.agentStartedSeq) || seenUpTo >= startedSeq;
    },
  };
}

function isNarrow(request: object): boolean {
  const { filter } = request as { filter?: object | null };
  return filter !== undefined && filter !== null && Object.values(filter).some(isGiven);
}

/** Fields that are not set may be left out or have the wire format's default. */
function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  return typeof value !== 'object' || Object.values(value).some(isGiven);
}
