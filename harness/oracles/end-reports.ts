import { historyOf } from '../model/actual-pod.js';
import { isMirror } from '../model/pod-meaning.js';
import { mayBeHidden } from '../model/standing.js';
import type { Pod } from '../spec/pod.js';
import type { ApiRequest, Stamp } from '../trace/events.js';
import type { OracleContext } from './oracle.js';

/** How long a write to the API server may be on its way. */
const lateWriteMs = 10_000;

/** TERM-06: the end of a pod that is reported to the API server must be true already. */
export function judgeEndReport(context: OracleContext, event: ApiRequest & Stamp): void {
  if (event.resource !== 'pods' || event.name === undefined) return;
  const isDelete = event.verb === 'delete';
  const isStatus = event.subresource === 'status' && (event.verb === 'patch' || event.verb === 'update');
  if (!isDelete && !isStatus) return;
  if (isStatus && !saysTerminal(event.body)) return;
  const { model, ledger } = context;
  const view = model.desired.sources.get('api');
  const fullName = `${event.namespace ?? 'default'}/${event.name}`;
  const wanted = uidIn(event.body);
  // The answer tells which object it was; without one, what the server holds does.
  const object =
    (event.result as Pod | undefined)?.metadata !== undefined
      ? (event.result as Pod)
      : view?.held?.pods.find(
          (pod) => `${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}` === fullName,
        );
  if (object === undefined || isMirror(object)) return;
  const uid = wanted ?? object.metadata.uid;
  // A refused write without a UID may have been meant for an earlier object of that name.
  if (wanted === undefined && (event.status < 200 || event.status >= 300)) return;
  const pod = uid === undefined ? undefined : model.actual.pods.get(uid);
  ledger.exercised('TERM-06');
  const subject = { role: 'api pod', name: `${fullName} (${uid ?? 'no UID'})` };
  const claim = isDelete ? 'its object is deleted' : 'its phase is reported as terminal';
  const running =
    pod === undefined
      ? undefined
      : [...pod.containers.values()].find(
          (container) => container.state === 'running' && !mayBeHidden(model, container.startedSeq),
        );
  // A write may be answered late: it may have been true of the life before when it was sent.
  const isOfEarlierLife =
    pod !== undefined &&
    running !== undefined &&
    (pod.life > 1 || historyOf(pod, running.name).starts > 1) &&
    event.t - running.startedAtMs < lateWriteMs;
  if (running !== undefined && !isOfEarlierLife) {
    ledger.report({
      requirement: 'TERM-06',
      subject,
      expected: `Nothing of pod ${fullName} runs any more when ${claim}.`,
      seen: `${event.verb.toUpperCase()} while container ${running.name} was running.`,
      events: [running.startedSeq, pod?.firstSeq ?? -1],
    });
  }
  if (isDelete && wanted === undefined) {
    ledger.report({
      requirement: 'TERM-06',
      subject,
      expected: `The deletion of the object of ${fullName} names the UID that it is meant for.`,
      seen: 'DELETE without a UID precondition.',
      events: [],
    });
  }
  const graceS = graceIn(event);
  if (isDelete && graceS !== 0) {
    ledger.report({
      requirement: 'TERM-06',
      subject,
      expected: `The object of ${fullName} is deleted with a grace period of 0 s: what is left of it is only the object.`,
      seen: `DELETE with ${graceS === undefined ? 'no grace period of its own' : `${graceS} s of grace`}.`,
      events: [],
    });
  }
}

function saysTerminal(body: unknown): boolean {
  const phase = (body as { status?: { phase?: string } } | undefined)?.status?.phase;
  return phase === 'Succeeded' || phase === 'Failed';
}

/** What a DELETE asks for, in its options or, as the API also takes it, in its query. */
function graceIn({ body, query }: ApiRequest): number | undefined {
  const inBody = (body as { gracePeriodSeconds?: number } | undefined)?.gracePeriodSeconds;
  if (inBody !== undefined) return inBody;
  return query['gracePeriodSeconds'] === undefined ? undefined : Number(query['gracePeriodSeconds']);
}

function uidIn(body: unknown): string | undefined {
  return (
    (body as { preconditions?: { uid?: string } } | undefined)?.preconditions?.uid ??
    (body as { metadata?: { uid?: string } } | undefined)?.metadata?.uid
  );
}
