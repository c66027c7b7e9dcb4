import { unreachable } from '../core/errors.js';
import type { CriMethod, Deviation, Fault, Plan, Step } from '../spec/plan.js';
import { tidy } from './plan-parts.js';

/**
 * Why a plan must not share its agent with others: what it does would reach pods that are not its own. Undefined
 * when all of it stays with its own pods. A function of the plan and nothing else, so that a case is executed in
 * the same way in every campaign.
 */
export function whyAlone(plan: Plan): string | undefined {
  for (const step of plan.steps) {
    const why = whyStep(step);
    if (why !== undefined) return why;
  }
  for (const fault of plan.faults) {
    const why = whyFault(fault);
    if (why !== undefined) return why;
  }
  for (const deviation of plan.schedule) {
    const why = whyDeviation(deviation);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** The plan without whatever keeps it from sharing its agent. */
export function inCompany(plan: Plan): Plan {
  return tidy({
    ...plan,
    steps: plan.steps.filter((step) => whyStep(step) === undefined),
    faults: plan.faults.filter((fault) => whyFault(fault) === undefined),
    schedule: plan.schedule.filter((deviation) => whyDeviation(deviation) === undefined),
  });
}

function whyStep(step: Step): string | undefined {
  switch (step.do) {
    case 'add':
    case 'update':
    case 'remove':
    case 'delete':
    case 'redeliver':
    case 'reformat':
    case 'duplicate':
    case 'rename':
    case 'noise':
    case 'exitContainer':
    case 'damage':
    case 'wait':
    case 'settle':
      return undefined;
    case 'malformed':
      if (step.source === 'http') return 'it spoils the whole document';
      // The names in a text that the plan gives word for word cannot be kept apart from others'.
      if (step.text !== undefined && /containers/.test(step.text)) return 'it gives a manifest word for word';
      return undefined;
    case 'outage':
      return step.source === 'file' ? undefined : `it makes the whole ${step.source} source unreachable`;
    case 'watch':
      return 'it disturbs the watches of all pods';
    case 'restartAgent':
      return 'it restarts the agent';
    case 'removeImage':
      return 'it removes an image from the node';
    case 'runtime':
      return 'it changes the condition of the whole runtime';
    default:
      return unreachable(step);
  }
}

/** How far a call of the runtime reaches. */
type Reach =
  /** One pod, whose worker waits for it alone. */
  | 'pod'
  /** One pod, but agents make it in a loop that serves all pods. */
  | 'loop'
  /** All pods at once. */
  | 'list'
  /** The node. */
  | 'node';

const reaches: Readonly<Record<CriMethod, Reach>> = {
  Version: 'node',
  Status: 'node',
  RunPodSandbox: 'pod',
  StopPodSandbox: 'pod',
  RemovePodSandbox: 'loop',
  PodSandboxStatus: 'loop',
  ListPodSandbox: 'list',
  CreateContainer: 'pod',
  StartContainer: 'pod',
  StopContainer: 'pod',
  RemoveContainer: 'loop',
  ListContainers: 'list',
  ContainerStatus: 'loop',
  UpdateContainerResources: 'pod',
  UpdatePodSandboxResources: 'pod',
  CheckpointContainer: 'pod',
  ReopenContainerLog: 'loop',
  ExecSync: 'pod',
  ContainerStats: 'loop',
  ListContainerStats: 'node',
  PodSandboxStats: 'loop',
  ListPodSandboxStats: 'node',
  ListMetricDescriptors: 'node',
  ListPodSandboxMetrics: 'node',
  UpdateRuntimeConfig: 'node',
  RuntimeConfig: 'node',
  Exec: 'pod',
  Attach: 'pod',
  PortForward: 'pod',
  GetContainerEvents: 'node',
  ListImages: 'node',
  ImageStatus: 'node',
  PullImage: 'node',
  RemoveImage: 'node',
  ImageFsInfo: 'node',
};

function whyFault({ at, effect }: Fault): string | undefined {
  if ('call' in at) return whyCall(at.call, effect);
  if ('event' in at) return undefined;
  switch (at.source) {
    case 'http':
      return effect === 'stale' ? undefined : 'it disturbs the whole document';
    case 'feed':
      return effect === 'duplicate' ? undefined : 'it disturbs the whole feed';
    case 'api':
      return whyApi(at, effect);
    default:
      return unreachable(at);
  }
}

function whyCall(call: CriMethod, effect: Fault['effect']): string | undefined {
  const reach = reaches[call];
  switch (effect) {
    case 'crashBefore':
    case 'crashAfter':
      return 'it lets the agent crash';
    // Each plan has its own part of a list, and nobody else sees what becomes of it.
    case 'staleList':
    case 'partialList':
    case 'unknownState':
      return reach === 'node' ? `it disturbs ${call}, which concerns the node` : undefined;
    case 'errorBefore':
    case 'errorAfter':
    case 'lostReply':
      return reach === 'pod' || reach === 'loop' ? undefined : `it disturbs ${call}, which concerns all pods`;
    case 'hang':
    case 'delay':
      return reach === 'pod' ? undefined : `it holds up ${call}, and all pods with it`;
    // These do nothing to a call.
    case 'eventLost':
    case 'eventDoubled':
    case 'status':
    case 'empty':
    case 'oversize':
    case 'malformed':
    case 'halfWritten':
    case 'reset':
    case 'stale':
    case 'duplicate':
      return undefined;
    default:
      return unreachable(effect);
  }
}

function whyApi(at: Extract<Fault['at'], { source: 'api' }>, effect: Fault['effect']): string | undefined {
  if (at.resource !== undefined && at.resource !== 'pods')
    return `it disturbs requests for ${at.resource}, which concern the node`;
  switch (at.request) {
    case 'list':
    case 'watch':
      return `it disturbs the ${at.request} of all pods`;
    case 'watchEvent':
      return effect === 'duplicate' || effect === 'stale' ? undefined : 'it disturbs the watch of all pods';
    case 'get':
    case 'create':
    case 'patch':
    case 'delete':
      // Agents write statuses one after the other.
      return effect === 'hang' || effect === 'delay' ? 'it holds up the writes for all pods' : undefined;
    default:
      return unreachable(at.request);
  }
}

function whyDeviation({ message }: Deviation): string | undefined {
  switch (message.kind) {
    case 'delivery':
      return message.source === 'file' ? undefined : `it delays what the ${message.source} source delivers`;
    case 'request':
    case 'reply':
      return whyCall(message.call, 'delay');
    default:
      return unreachable(message);
  }
}
