import { unreachable } from '../core/errors.js';
import type { Deviation, Fault, FaultPoint, ManifestForm, Plan, PlanSpec, Step } from '../spec/plan.js';
import type { SourceKind } from '../spec/pod.js';
import type { Subject } from '../spec/verdict.js';
import { workloadArguments } from '../spec/workload.js';
import { printable } from './sanitize.js';

/** What a plan does, in plain words: its steps in order, then faults and delays. */
export function planWords(plan: Plan): { readonly steps: string[]; readonly disturbances: string[] } {
  return {
    steps: plan.steps.map((step) => stepWords(step, plan)),
    disturbances: [
      ...plan.faults.map((fault) => faultWords(fault, plan)),
      ...plan.schedule.map((deviation) => deviationWords(deviation, plan)),
    ],
  };
}

/** The pods of a plan, one line each: name, restart policy, containers and what they do. */
export function podWords(plan: Plan): string[] {
  return plan.setup.pods.map((pod) => {
    const uid = pod.identity.uid === undefined ? '' : ` (UID ${pod.identity.uid})`;
    const versions = pod.specs.map((spec, index) =>
      pod.specs.length === 1
        ? specWords(spec)
        : `${versionName(index)}: ${[specWords(spec), ...tagWords(spec)].join(', ')}`,
    );
    return printable(`${podName(plan, pod.slot)}${uid}: ${versions.join('; ')}`);
  });
}

/** One step as an instruction: "add pod web-0 to the manifest directory". */
export function stepWords(step: Step, plan: Plan): string {
  return printable(stepText(step, plan));
}

/** One fault as a fact: "the reply to the 1st StopContainer of web-0 is lost (its effect is not)". */
export function faultWords(fault: Fault, plan: Plan): string {
  const again = fault.count === undefined || fault.count === 1 ? '' : `, ${fault.count} times in a row`;
  return printable(`${effectText(fault, pointText(fault.at, plan))}${again}`);
}

/** One deviation from first-in-first-out: "the reply to the 2nd … arrives 2.5 s later". */
export function deviationWords(deviation: Deviation, plan: Plan): string {
  const { message } = deviation;
  const what =
    message.kind === 'delivery'
      ? `the ${ordinal(message.nth)} delivery of ${sourceName(message.source)}`
      : `the ${message.kind === 'reply' ? 'reply to' : 'request of'} the ${pointText(message, plan)}`;
  return printable(`${what} takes ${durationWords(deviation.delayMs)} longer`);
}

/** Whom a finding is about: `static pod default/web`, or just `agent`. */
export function subjectWords(subject: Subject): string {
  return printable(subject.role === subject.name ? subject.role : `${subject.role} ${subject.name}`);
}

/** Milliseconds as people write them: `250 ms`, `2.5 s`, `3 min`. */
export function durationWords(ms: number): string {
  if (ms < 1_000) return `${round(ms, 1)} ms`;
  if (ms < 120_000) return `${round(ms / 1_000, 3)} s`;
  return `${round(ms / 60_000, 1)} min`;
}

/** `1st`, `2nd`, `11th`. */
export function ordinal(value: number): string {
  const teen = value % 100 >= 11 && value % 100 <= 13;
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th');
  return `${value}${ending}`;
}

/** `1 case`, `1,000 cases`. */
export function count(value: number, singular: string, plural = `${singular}s`): string {
  return `${Math.round(value).toLocaleString('en-US')} ${value === 1 ? singular : plural}`;
}

/** The reader's name for a source: `the manifest directory`. */
export function sourceName(source: SourceKind): string {
  switch (source) {
    case 'file':
      return 'the manifest directory';
    case 'http':
      return 'the manifest URL';
    case 'api':
      return 'the API server';
    case 'feed':
      return 'the feed';
    default:
      return unreachable(source);
  }
}

/** The name of the pod in a slot; the slot is added when another pod has the same name. */
function podName(plan: Plan, slot: number): string {
  const pod = plan.setup.pods.find((candidate) => candidate.slot === slot);
  if (pod === undefined) return `slot ${slot} (no such pod)`;
  const { namespace, name } = pod.identity;
  const shared = plan.setup.pods.some(
    (other) => other !== pod && other.identity.name === name && other.identity.namespace === namespace,
  );
  return `${namespace === 'default' ? name : `${namespace}/${name}`}${shared ? ` [slot ${slot}]` : ''}`;
}

function stepText(step: Step, plan: Plan): string {
  const pod = 'pod' in step && step.pod !== undefined ? podName(plan, step.pod) : undefined;
  switch (step.do) {
    case 'add':
      return `add pod ${pod} to ${sourceName(step.source)}${ofVersion(step.spec, step.pod, plan)}${formText(step.form)}`;
    case 'update':
      return `change pod ${pod} in ${sourceName(step.source)}${toVersion(step.spec, step.pod, plan)}${formText(step.form)}`;
    case 'remove':
      return `remove pod ${pod} from ${sourceName(step.source)}`;
    case 'delete': {
      const grace = step.graceS === undefined ? '' : ` with ${step.graceS} s of grace`;
      return `ask ${sourceName(step.source)} to delete pod ${pod} gracefully${grace}`;
    }
    case 'redeliver':
      return `deliver ${pod === undefined ? 'everything' : `pod ${pod}`} from ${sourceName(step.source)} again, unchanged`;
    case 'reformat':
      return `write pod ${pod} in ${sourceName(step.source)} differently without changing its meaning${formText(step.form)}`;
    case 'malformed':
      return `make ${pod === undefined ? 'a document' : `the manifest of ${pod}`} in ${sourceName(step.source)} ${step.unreadable === true ? 'unreadable' : 'malformed'}`;
    case 'duplicate': {
      const uid = step.uid === undefined ? '' : ` with UID ${step.uid}`;
      return `add a second entry of pod ${pod}${uid} to ${sourceName(step.source)}${ofVersion(step.spec, step.pod, plan)}`;
    }
    case 'rename':
      return `rename the file of pod ${pod} in ${sourceName(step.source)}`;
    case 'noise':
      return `put ${noiseText(step.what)} into ${sourceName(step.source)}${pod === undefined ? '' : ` beside ${pod}`}`;
    case 'outage':
      return step.phase === 'begin'
        ? `make ${sourceName(step.source)} unreachable`
        : `make ${sourceName(step.source)} reachable again`;
    default:
      return machineStepText(step, pod ?? '');
  }
}

type SourceStep =
  'add' | 'update' | 'remove' | 'delete' | 'redeliver' | 'reformat' | 'malformed' | 'duplicate' | 'rename' | 'noise' | 'outage'; // prettier-ignore

/** Steps that do something else than changing what a source holds. */
function machineStepText(step: Exclude<Step, { do: SourceStep }>, pod: string): string {
  switch (step.do) {
    case 'watch':
      return watchText(step.how);
    case 'restartAgent':
      return `${step.how === 'kill' ? 'kill the agent (SIGKILL)' : 'stop the agent (SIGTERM)'} and start it again ${durationWords(step.downMs)} later`;
    case 'exitContainer':
      return `container ${step.container} of ${pod} exits by itself with code ${step.code}`;
    case 'damage': {
      const what = step.container === undefined ? 'the sandbox' : `container ${step.container}`;
      return `${what} of ${pod} is ${step.how === 'kill' ? 'killed' : 'removed'} from outside`;
    }
    case 'removeImage':
      return `image ${step.image} is removed from the machine`;
    case 'runtime':
      return runtimeText(step.how);
    case 'wait':
      return `wait ${durationWords(step.ms)}`;
    case 'settle':
      return 'wait until nothing changes any more';
    default:
      return unreachable(step);
  }
}

function watchText(how: Extract<Step, { do: 'watch' }>['how']): string {
  switch (how) {
    case 'close':
      return 'the API server closes the open watches';
    case 'gone':
      return 'the API server ends the open watches with 410 Gone';
    case 'compact':
      return 'the API server forgets old resource versions (they answer 410 Gone)';
    case 'bookmark':
      return 'the API server sends a bookmark';
    case 'duplicate':
      return 'the API server sends the last watch event again';
    case 'reorder':
      return 'the API server sends the next watch events in another order';
    default:
      return unreachable(how);
  }
}

function runtimeText(how: Extract<Step, { do: 'runtime' }>['how']): string {
  switch (how) {
    case 'restart':
      return 'the container runtime restarts (open calls are cut)';
    case 'notReady':
      return 'the container runtime reports that it is not ready';
    case 'ready':
      return 'the container runtime reports that it is ready again';
    case 'networkNotReady':
      return "the container runtime's network is not ready";
    case 'networkReady':
      return "the container runtime's network is ready again";
    default:
      return unreachable(how);
  }
}

function noiseText(what: Extract<Step, { do: 'noise' }>['what']): string {
  switch (what) {
    case 'dotFile':
      return 'a dot file that holds a manifest';
    case 'subdirectory':
      return 'a subdirectory';
    case 'emptyFile':
      return 'an empty file';
    case 'swapFile':
      return "an editor's swap file";
    default:
      return unreachable(what);
  }
}

function versionName(index: number): string {
  return `version ${index + 1}`;
}

function ofVersion(spec: number, slot: number, plan: Plan): string {
  const versions = plan.setup.pods.find((pod) => pod.slot === slot)?.specs.length ?? 1;
  return versions === 1 ? '' : ` (${versionName(spec % versions)})`;
}

function toVersion(spec: number, slot: number, plan: Plan): string {
  const versions = plan.setup.pods.find((pod) => pod.slot === slot)?.specs.length ?? 1;
  return versions === 1 ? '' : ` to ${versionName(spec % versions)}`;
}

function formText(form: ManifestForm | undefined): string {
  if (form === undefined) return '';
  const parts: string[] = [];
  if (form.format !== undefined) parts.push(`as ${form.format.toUpperCase()}`);
  if (form.write === 'inPlace') parts.push('written in place');
  if (form.write === 'truncate') parts.push('truncated first, filled 20 ms later');
  if (form.write === 'visibleTemp') parts.push('written under a visible temporary name, then renamed');
  if (form.extension !== undefined) parts.push(`file name ending in "${form.extension}"`);
  if (form.list === true) parts.push('as a list');
  if (form.comment !== undefined) parts.push('with a comment');
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`;
}

function specWords(spec: PlanSpec): string {
  const parts = [`restart ${spec.restartPolicy}`, `grace ${spec.graceS} s`];
  if (spec.hostNetwork === true) parts.push('host network');
  const containers = [
    ...(spec.initContainers ?? []).map((container) => ({
      container,
      role: container.sidecar === true ? 'sidecar' : 'init container',
    })),
    ...spec.containers.map((container) => ({ container, role: 'container' })),
  ].map(({ container, role }) => {
    const workload = workloadArguments(container.workload).join(' ');
    const hook = container.preStopMs === undefined ? '' : `, preStop ${durationWords(container.preStopMs)}`;
    return `${role} ${container.name} (${container.image}${workload === '' ? '' : ` ${workload}`}${hook})`;
  });
  return `${parts.join(', ')}, ${containers.join(', ')}`;
}

/** Labels and annotations, by which versions of a pod may differ alone. */
function tagWords({ labels = {}, annotations = {} }: PlanSpec): string[] {
  const pairs = (tags: Readonly<Record<string, string>>): string =>
    Object.entries(tags)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ');
  return [
    ...(Object.keys(labels).length > 0 ? [`labels ${pairs(labels)}`] : []),
    ...(Object.keys(annotations).length > 0 ? [`annotations ${pairs(annotations)}`] : []),
  ];
}

/** "2nd StopContainer of web-0, container main", without an article. */
function pointText(point: FaultPoint, plan: Plan): string {
  if ('call' in point) {
    const whose =
      (point.pod === undefined ? '' : ` of ${podName(plan, point.pod)}`) +
      (point.container === undefined ? '' : `, container ${point.container}`);
    return `${ordinal(point.nth)} ${point.call}${whose}`;
  }
  if ('event' in point) {
    return `${ordinal(point.nth)} container event${point.pod === undefined ? '' : ` of ${podName(plan, point.pod)}`}`;
  }
  if (point.source === 'http') return `${ordinal(point.poll)} poll of the manifest URL`;
  if (point.source === 'feed') return `${ordinal(point.message)} message of the feed`;
  const what = point.request === 'watchEvent' ? 'watch event' : `${point.request} request`;
  const whose = point.pod === undefined ? '' : ` for ${podName(plan, point.pod)}`;
  return `${ordinal(point.nth)} ${what}${point.resource === undefined ? '' : ` of ${point.resource}`}${whose} at the API server`;
}

function effectText(fault: Fault, point: string): string {
  const age = fault.ms === undefined ? '' : ` by ${durationWords(fault.ms)}`;
  const down = fault.downMs === undefined ? '' : ` and stays down for ${durationWords(fault.downMs)}`;
  switch (fault.effect) {
    case 'errorBefore':
      return `the ${point} fails with ${fault.code ?? 'UNKNOWN'} and does nothing`;
    case 'errorAfter':
      return `the ${point} takes effect but answers ${fault.code ?? 'UNKNOWN'}`;
    case 'lostReply':
      return `the reply to the ${point} is lost; its effect is not`;
    case 'hang':
      return `the ${point} hangs`;
    case 'delay':
      return `the ${point} is delayed${age}`;
    case 'staleList':
      return `the answer to the ${point} is out of date${age}`;
    case 'partialList':
      return `the answer to the ${point} is incomplete`;
    case 'unknownState':
      return `the answer to the ${point} says that the state is unknown`;
    case 'crashBefore':
      return `the agent crashes just before the ${point} takes effect${down}`;
    case 'crashAfter':
      return `the agent crashes just after the ${point} took effect${down}`;
    case 'eventLost':
      return `the ${point} is lost`;
    case 'eventDoubled':
      return `the ${point} is sent twice`;
    case 'status':
      return `the ${point} is answered with status ${fault.status ?? 500}${bodyInWords(fault.body)}`;
    case 'empty':
      return `the ${point} is answered with an empty body`;
    case 'oversize':
      return `the ${point} is answered with a body that is too large`;
    case 'malformed':
      return `the ${point} is answered with a body that cannot be decoded`;
    case 'halfWritten':
      return `the ${point} is answered with half a body`;
    case 'reset':
      return `the connection of the ${point} is cut`;
    case 'stale':
      return `the ${point} shows an older state${age}`;
    case 'duplicate':
      return `the ${point} is delivered twice`;
    default:
      return unreachable(fault.effect);
  }
}

function bodyInWords(body: Fault['body']): string {
  switch (body) {
    case 'empty':
      return ' and an empty body';
    case 'emptyList':
      return ' and a list without pods';
    case undefined:
      return '';
  }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
