import type { ActualPod } from '../model/actual-pod.js';
import { containersOf, isInitContainer, isSidecar } from '../model/pod-meaning.js';
import { standingOf } from '../model/standing.js';
import type { Pod } from '../spec/pod.js';
import type { ApiRequest, Stamp } from '../trace/events.js';
import type { Oracle, OracleContext } from './oracle.js';
import { podSubject, seconds } from './words.js';

/** What an agent finds when it starts again; violations show in the calls it makes, in what it reports and at rest. */
export const adoption: Oracle = {
  name: 'adoption',
  requirements: ['ADOPT-01', 'ADOPT-02', 'ADOPT-03'],
  kinds: [
    'agent.started',
    'agent.ended',
    'container',
    'source.held',
    'fault',
    'runtime.reply',
    'api.request',
  ],
  methods: ['ListPodSandbox', 'ListContainers', 'PodSandboxStatus', 'ContainerStatus'],
  begin(context) {
    const { model, ledger } = context;
    let missed = false;
    const readyReports = createReadyReports(context);
    return {
      onEvent(event) {
        switch (event.kind) {
          case 'agent.ended':
            for (const pod of model.actual.pods.values()) {
              if (pod.teardownSeq >= 0 && pod.runningCount + pod.readyCount > 0) ledger.exercised('ADOPT-03');
            }
            return;
          case 'agent.started':
            readyReports.begin(event);
            if (event.incarnation < 2) return;
            if (missed) ledger.exercised('ADOPT-02');
            missed = false;
            for (const pod of model.actual.pods.values()) {
              const { entry } = standingOf(model, pod);
              if (pod.runningCount > 0 && entry !== undefined && entry.pods.length > 0)
                ledger.exercised('ADOPT-01');
            }
            return;
          case 'container':
          case 'source.held':
            if (!model.agentUp && model.incarnation > 0) missed = true;
            return;
          case 'fault':
            return readyReports.doubt();
          case 'runtime.reply':
            return event.code === 'OK' ? undefined : readyReports.doubt();
          case 'api.request':
            return readyReports.note(event);
        }
      },
    };
  },
};

/** ADOPT-01: what was reported as ready, and has not changed, is not reported otherwise because the agent began again. */
function createReadyReports({ model, ledger, bounds, run }: OracleContext) {
  /** By UID, the last write that reported the pod as ready, while it was the last one of all. */
  const readySeqs = new Map<string, number>();
  /** What the present life of the agent found running, with what was reported of it by then. */
  const found = new Map<string, { readonly pod: ActualPod; readonly readySeq: number }>();
  let began: Stamp = { seq: -1, t: 0 };

  function isUntouched(pod: ActualPod, readySeq: number): boolean {
    const { changedSeq, lastCallSeq, lastExecSeq, pendingCalls } = pod;
    return Math.max(changedSeq, lastCallSeq, lastExecSeq) < readySeq && pendingCalls === 0;
  }

  return {
    begin(start: Stamp): void {
      began = start;
      found.clear();
      for (const [uid, readySeq] of readySeqs) {
        const pod = model.actual.pods.get(uid);
        if (pod !== undefined && pod.runningCount > 0 && isUntouched(pod, readySeq))
          found.set(uid, { pod, readySeq });
      }
    },
    /** The runtime may not have told this life of the agent what there is. */
    doubt: () => found.clear(),
    note(event: ApiRequest & Stamp): void {
      const uid = (event.result as Pod | undefined)?.metadata?.uid;
      const isReady = event.subresource === 'status' ? readyIn(event) : undefined;
      if (uid === undefined || isReady === undefined) return;
      const before = found.get(uid);
      found.delete(uid);
      readySeqs.delete(uid);
      if (isReady) {
        if (runsWhole(model.actual.pods.get(uid), event.result as Pod)) readySeqs.set(uid, event.seq);
        return;
      }
      if (before === undefined || !isUntouched(before.pod, before.readySeq)) return;
      const { is, entry } = standingOf(model, before.pod);
      const isOfRestart = event.t - began.t <= 2 * bounds.Tresync + run.slackMs;
      if (!isOfRestart || is !== 'wanted' || entry!.changedSeq > before.readySeq) return;
      ledger.report({
        requirement: 'ADOPT-01',
        subject: podSubject(model, before.pod),
        expected: `Pod ${before.pod.fullName}, which has gone on running, stays Ready when the agent starts again.`,
        seen: `${seconds(event.t - began.t)} after the start it was reported as not Ready.`,
        events: [before.readySeq, began.seq],
      });
    },
  };
}

/** Every container that belongs to its readiness runs: what is reported may be from before one of them ended. */
function runsWhole(pod: ActualPod | undefined, reported: Pod): boolean {
  if (pod === undefined) return false;
  const runs = (name: string): boolean => pod.history.get(name)?.latest?.state === 'running';
  return containersOf(reported).every(({ name }) => {
    const isOver = isInitContainer(reported, name) && !isSidecar(reported, name);
    return isOver || runs(name);
  });
}

/** What a write of a status that was taken says of the pod's readiness. */
function readyIn({ status, result }: ApiRequest): boolean | undefined {
  if (status < 200 || status >= 300) return undefined;
  const condition = (result as Pod | undefined)?.status?.conditions?.find(({ type }) => type === 'Ready');
  return condition === undefined ? undefined : condition.status === 'True';
}
