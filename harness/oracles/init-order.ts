import type { ActualPod } from '../model/actual-pod.js';
import type { Call } from '../model/model-view.js';
import { findContainer } from '../model/pod-meaning.js';
import { initsBefore } from '../model/pod-progress.js';
import { podsOf, standingOf } from '../model/standing.js';
import type { Pod } from '../spec/pod.js';
import type { ContainerChanged } from '../trace/events.js';
import type { Oracle, OracleContext } from './oracle.js';
import { podSubject } from './words.js';

/** Init containers come first, in every sandbox anew. */
export const initOrder: Oracle = {
  name: 'init-order',
  requirements: ['LIFE-02', 'LIFE-03'],
  kinds: ['runtime.request', 'container', 'sandbox'],
  methods: ['CreateContainer'],
  begin(context) {
    const runs = new InitRuns(context.run.world);
    return {
      onEvent(event) {
        switch (event.kind) {
          case 'runtime.request': {
            const { call } = context.model;
            if (call?.pod !== undefined) judgeCreation(context, call, call.pod, runs);
            return;
          }
          case 'container':
            runs.note(event);
            return;
          case 'sandbox':
            if (event.state === 'removed') runs.forget(event.id);
            return;
        }
      },
    };
  },
};

/** Which containers have run to a good end, by sandbox. */
class InitRuns {
  private readonly bySandbox = new Map<string, Set<string>>();

  constructor(private readonly world: 'sim' | 'live') {}

  note({ sandboxId, name, state, exitCode }: ContainerChanged): void {
    const hasSucceeded = state === 'exited' && exitCode === 0;
    // On a real clock an agent may hear of the end before the harness does, so that having run is enough.
    if (!hasSucceeded && (this.world === 'sim' || state === 'created')) return;
    const names = this.bySandbox.get(sandboxId);
    if (names === undefined) this.bySandbox.set(sandboxId, new Set([name]));
    else names.add(name);
  }

  forget(sandboxId: string): void {
    this.bySandbox.delete(sandboxId);
  }

  has(sandboxId: string, name: string): boolean {
    return this.bySandbox.get(sandboxId)?.has(name) ?? false;
  }
}

/** A container that is created before the plain init containers in front of it have succeeded in its sandbox. */
function judgeCreation(
  { model, ledger, run }: OracleContext,
  { request, sandbox }: Call,
  pod: ActualPod,
  runs: InitRuns,
): void {
  const name = request.container;
  if (name === undefined || sandbox === undefined || !run.features.includes('init-containers')) return;
  const { is, entry } = standingOf(model, pod);
  if (is !== 'wanted' || entry === undefined || findContainer(entry.pod, name) === undefined) return;
  // The agent may be at work on an earlier version, so that only what all of them have in front counts.
  const versions = podsOf(model, pod);
  const plain = initsBefore(entry.pod, name).filter((init) =>
    versions.every((version) => isPlainBefore(version, init.name, name)),
  );
  if (plain.length === 0) return;
  const requirement = sandbox.attempt > 0 ? 'LIFE-02' : 'LIFE-03';
  ledger.exercised(requirement);
  const missing = plain.find((init) => !runs.has(sandbox.id, init.name));
  if (missing === undefined) return;
  ledger.report({
    requirement,
    subject: podSubject(model, pod),
    expected: `In ${sandbox.attempt > 0 ? 'a new' : 'the'} sandbox of pod ${pod.fullName} init container ${missing.name} succeeds before ${name} is created.`,
    seen: `CreateContainer for ${name}, and ${missing.name} had not.`,
    events: [sandbox.createdSeq],
  });
}

/** In this version of the pod `init` is a plain init container in front of the container `name`. */
function isPlainBefore(pod: Pod, init: string, name: string): boolean {
  return initsBefore(pod, name).some((other) => other.name === init && other.restartPolicy !== 'Always');
}
