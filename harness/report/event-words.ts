import { unreachable } from '../core/errors.js';
import type { Plan } from '../spec/plan.js';
import type { Pod } from '../spec/pod.js';
import type {
  AgentEnded,
  ApiRequest,
  CallTarget,
  ContainerChanged,
  PhaseChanged,
  RunEnded,
  SandboxChanged,
  SourceHeld,
  SourceServed,
  StepApplied,
  TraceEvent,
} from '../trace/events.js';
import { requestedName } from '../trace/requested-name.js';
import { printable } from './sanitize.js';
import { count, faultWords, sourceName, stepWords } from './words.js';

const podsNamedMax = 5;

/** One event of a trace as a sentence, safe to print. With the plan, steps and faults are told in full. */
export function eventWords(event: TraceEvent, plan?: Plan): string {
  return printable((plan === undefined ? undefined : plannedText(event, plan)) ?? eventText(event), 400);
}

function plannedText(event: TraceEvent, plan: Plan): string | undefined {
  if (event.kind === 'step') {
    const step = plan.steps.find(({ id }) => id === event.id);
    if (step === undefined) return undefined;
    const nothing = event.applied ? '' : ` did nothing${event.why === undefined ? '' : ` (${event.why})`}`;
    return `step ${event.id}: ${stepWords(step, plan)}${nothing}`;
  }
  const fault = event.kind === 'fault' ? plan.faults[event.fault] : undefined;
  return fault === undefined ? undefined : `fault: ${faultWords(fault, plan)}`;
}

/** A time of the run, right-aligned: `    12.345 s`. */
export function timeWords(ms: number): string {
  return `${(ms / 1_000).toFixed(3).padStart(9)} s`;
}

function eventText(event: TraceEvent): string {
  switch (event.kind) {
    case 'run.started':
      return `the run starts in ${event.world} on node ${event.nodeName} with ${event.sources.join(', ')}`;
    case 'phase':
      return phaseText(event.phase);
    case 'step':
      return stepText(event);
    case 'fault':
      return `fault: ${event.effect} hits ${event.target}`;
    case 'stalled':
      return `the machine or the runtime kept the suite or the agent waiting for ${Math.round(event.ms)} ms`;
    case 'agent.started':
      return event.incarnation === 1
        ? 'the agent starts'
        : `the agent starts again (life ${event.incarnation})`;
    case 'agent.ended':
      return endedText(event);
    case 'source.held':
      return heldText(event);
    case 'source.served':
      return servedText(event);
    case 'api.request':
      return requestText(event);
    case 'runtime.request':
      return `the agent calls ${event.method}${targetText(event)} (call ${event.call})`;
    case 'runtime.effect':
      return event.code === 'OK'
        ? `${event.method} takes effect (call ${event.call})`
        : `the runtime refuses ${event.method} with ${event.code} (call ${event.call})`;
    case 'runtime.reply': {
      const message = event.message === undefined ? '' : `: ${event.message}`;
      return `${event.method} answers ${event.code}${message} (call ${event.call})`;
    }
    case 'sandbox':
      return sandboxText(event);
    case 'container':
      return containerText(event);
    case 'image': {
      const what = event.present ? 'is now present' : 'is gone';
      return `image ${event.image} ${what}${causeText(event.cause)}`;
    }
    case 'runtime.event': {
      const how = event.delivered === 'once' ? '' : ` (${event.delivered})`;
      return `the runtime sends ${event.type} of ${shortId(event.containerId)}${how}`;
    }
    case 'run.ended':
      return runEndedText(event);
    default:
      return unreachable(event);
  }
}

function phaseText(phase: PhaseChanged['phase']): string {
  switch (phase) {
    case 'chaos':
      return 'steps and faults begin';
    case 'heal':
      return 'all faults end, all sources are reachable';
    case 'settle':
      return 'waiting until nothing changes';
    case 'settled':
      return 'nothing changes any more';
    case 'unsettled':
      return 'the deadline came while something still changed';
    case 'quiet':
      return 'from here on nothing may be written';
    default:
      return unreachable(phase);
  }
}

function stepText(event: StepApplied): string {
  return event.applied
    ? `step ${event.id}: ${event.do}`
    : `step ${event.id}: ${event.do} did nothing${event.why === undefined ? '' : ` (${event.why})`}`;
}

function endedText(event: AgentEnded): string {
  const detail = event.detail === undefined ? '' : `: ${event.detail}`;
  switch (event.cause) {
    case 'killed':
      return 'the agent is killed';
    case 'stopped':
      return 'the agent is stopped';
    case 'crashed':
      return 'the agent crashes (a fault of the plan)';
    case 'exited':
      return `the agent exits on its own${detail}`;
    default:
      return unreachable(event.cause);
  }
}

function heldText(event: SourceHeld): string {
  if (event.source === 'file' && event.files === undefined) return 'the manifest directory is missing';
  const invalid = event.valid === false ? ', not valid' : '';
  return `${sourceName(event.source)} now holds ${podsText(event.pods)}${invalid}`;
}

function servedText(event: SourceServed): string {
  const source = sourceName(event.source);
  const stale = event.stale === true ? ' (older than shown before)' : '';
  const detail = event.detail === undefined ? '' : ` (${event.detail})`;
  switch (event.outcome) {
    case 'list':
      return `${source} shows ${podsText(event.pods ?? [])}${detail}${stale}`;
    case 'change':
      return event.change === 'bookmark'
        ? `${source} sends a bookmark${stale}`
        : `${source} says ${event.change ?? 'changed'}: ${podsText(event.pods ?? [])}${detail}${stale}`;
    case 'partial':
      return `${source} shows ${podsText(event.pods ?? [])}; unreadable: ${(event.bad ?? []).join(', ')}`;
    case 'error':
      return `${source} shows nothing usable${detail}`;
    default:
      return unreachable(event.outcome);
  }
}

function requestText(event: ApiRequest): string {
  const subresource = event.subresource === undefined ? '' : `/${event.subresource}`;
  const requested = requestedName(event);
  const name = requested === undefined ? '' : ` ${fullName(event.namespace, requested)}`;
  const status = event.status === 0 ? 'the connection is cut' : `status ${event.status}`;
  return `the agent asks the API server: ${event.verb} ${event.resource}${subresource}${name} → ${status}`;
}

function targetText(target: CallTarget): string {
  const pod = target.podName === undefined ? undefined : fullName(target.podNamespace, target.podName);
  const id = target.containerId ?? target.sandboxId;
  if (target.container !== undefined) {
    return ` for ${target.container}${pod === undefined ? '' : ` of ${pod}`}${idText(target.containerId)}`;
  }
  if (pod !== undefined) return ` for ${pod}${idText(id)}`;
  return id === undefined ? '' : ` for ${shortId(id)}`;
}

function sandboxText(event: SandboxChanged): string {
  const states = { ready: 'is ready', notReady: 'is stopped', removed: 'is removed' } as const;
  const pod = fullName(event.podNamespace, event.podName);
  return `sandbox ${shortId(event.id)} of ${pod} (attempt ${event.attempt}) ${states[event.state]}${causeText(event.cause)}`;
}

function containerText(event: ContainerChanged): string {
  const states = {
    created: 'is created',
    running: 'runs',
    exited: `has exited${event.exitCode === undefined ? '' : ` with ${event.exitCode}`}`,
    removed: 'is removed',
  } as const;
  const pod = fullName(event.podNamespace, event.podName);
  return `container ${event.name} of ${pod} (attempt ${event.attempt}) ${states[event.state]}${causeText(event.cause)}`;
}

function runEndedText(event: RunEnded): string {
  const detail = event.detail === undefined ? '' : ` (${event.detail})`;
  switch (event.outcome) {
    case 'complete':
      return 'the run ends';
    case 'limit':
      return `the run is cut short at a limit${detail}`;
    case 'agentGone':
      return `the run ends early: the agent is gone${detail}`;
    case 'interrupted':
      return `the run is interrupted${detail}`;
    default:
      return unreachable(event.outcome);
  }
}

function causeText(cause: ContainerChanged['cause']): string {
  switch (cause) {
    case 'agent':
      return '';
    case 'workload':
      return ', by itself';
    case 'outside':
      return ', from outside';
    case 'runtime':
      return ', by the runtime';
    default:
      return unreachable(cause);
  }
}

function podsText(pods: readonly Pod[]): string {
  if (pods.length === 0) return 'no pods';
  const names = pods.slice(0, podsNamedMax).map((pod) => fullName(pod.metadata.namespace, pod.metadata.name));
  const rest = pods.length > podsNamedMax ? ` and ${pods.length - podsNamedMax} more` : '';
  return `${count(pods.length, 'pod')}: ${names.join(', ')}${rest}`;
}

function fullName(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' || namespace === 'default'
    ? name
    : `${namespace}/${name}`;
}

function idText(id: string | undefined): string {
  return id === undefined ? '' : ` (${shortId(id)})`;
}

function shortId(id: string): string {
  return id.length > 13 ? id.slice(0, 12) : id;
}
