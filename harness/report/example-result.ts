import { requirements, type RequirementId } from '../spec/requirements.js';
import type { Plan } from '../spec/plan.js';
import { podOf } from '../spec/manifest.js';
import { fastTimings } from '../spec/timings.js';
import { hashTrace } from '../trace/codec.js';
import type { ContainerChanged, SandboxChanged, TraceEvent, TraceEventBody } from '../trace/events.js';
import { exitCodeOf, type CampaignResult, type ReportedFinding, type ReportedVerdict } from './result.js';

/** Text that attacks a terminal, a page, XML and Markdown at once. */
export const hostileText =
  '\u001b[2J\u001b]0;owned\u0007<script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">' +
  ']]>&amp; "quoted" \u202Egpj.exe \uD800 \u0000 `code` | **bold** ::error::x\n::set-output name=a::b';

const plan: Plan = {
  plan: 1,
  seed: '42',
  suite: 'runtime-faults',
  setup: {
    sources: ['file', 'api'],
    timings: fastTimings,
    pods: [
      {
        slot: 0,
        identity: { namespace: 'default', name: 'web' },
        specs: [
          {
            restartPolicy: 'Always',
            graceS: 5,
            containers: [{ name: 'main', image: 'workload:1', workload: { stopMs: 2_000 } }],
          },
          {
            restartPolicy: 'Always',
            graceS: 5,
            containers: [{ name: 'main', image: 'workload:2', workload: {} }],
          },
        ],
      },
    ],
  },
  steps: [
    { id: 's1', do: 'add', source: 'file', pod: 0, spec: 0 },
    { id: 's2', do: 'update', source: 'file', pod: 0, spec: 1, form: { write: 'inPlace' } },
    { id: 's3', do: 'restartAgent', how: 'kill', downMs: 500 },
  ],
  faults: [{ at: { call: 'StartContainer', pod: 0, container: 'main', nth: 1 }, effect: 'lostReply' }],
  schedule: [{ message: { kind: 'reply', call: 'CreateContainer', pod: 0, nth: 1 }, delayMs: 2_500 }],
};

/** A trace in which a lost reply makes an agent start one container twice. */
export function exampleTrace(podName = 'web-node-1'): TraceEvent[] {
  const events: TraceEvent[] = [];
  const at = (t: number, body: TraceEventBody): void => {
    events.push({ t, seq: events.length, ...body } as TraceEvent);
  };
  const pod = { podUid: 'uid-1', podNamespace: 'default', podName };
  const container = (id: string, attempt: number, state: ContainerChanged['state']): ContainerChanged => ({
    kind: 'container',
    actor: 'runtime',
    id,
    sandboxId: 'sb1',
    ...pod,
    name: 'main',
    attempt,
    image: 'workload:1',
    state,
    cause: 'agent',
  });
  const sandbox: SandboxChanged = {
    kind: 'sandbox',
    actor: 'runtime',
    id: 'sb1',
    ...pod,
    attempt: 0,
    state: 'ready',
    cause: 'agent',
  };
  let call = 0;
  const calls = (
    t: number,
    method: 'RunPodSandbox' | 'CreateContainer' | 'StartContainer',
    toMs?: number,
  ): void => {
    call += 1;
    const target = method === 'RunPodSandbox' ? pod : { ...pod, container: 'main' };
    at(t, { kind: 'runtime.request', actor: 'agent', call, method, incarnation: 1, request: {}, ...target });
    at(t, { kind: 'runtime.effect', actor: 'runtime', call, method, code: 'OK' });
    if (toMs !== undefined)
      at(toMs, { kind: 'runtime.reply', actor: 'runtime', call, method, code: 'OK', response: {} });
  };
  at(0, {
    kind: 'run.started',
    actor: 'harness',
    trace: 1,
    world: 'sim',
    nodeName: 'node-1',
    sources: ['file', 'api'],
    timings: fastTimings,
    features: [],
    slackMs: 0,
  });
  at(0, { kind: 'agent.started', actor: 'agent', incarnation: 1 });
  at(0, { kind: 'phase', actor: 'harness', phase: 'chaos' });
  at(0, { kind: 'step', actor: 'harness', id: 's1', do: 'add', applied: true });
  at(0, {
    kind: 'source.held',
    actor: 'source:file',
    source: 'file',
    revision: 1,
    pods: [podOf(plan.setup.pods[0]!, 0)],
    files: [],
  });
  at(12, {
    kind: 'source.served',
    actor: 'source:file',
    source: 'file',
    revision: 1,
    outcome: 'list',
    pods: [podOf(plan.setup.pods[0]!, 0)],
  });
  at(14, {
    kind: 'source.served',
    actor: 'source:api',
    source: 'api',
    outcome: 'error',
    detail: 'status 500',
  });
  calls(20, 'RunPodSandbox', 25);
  at(25, sandbox);
  calls(30, 'CreateContainer', 2_530);
  at(2_530, container('c1', 0, 'created'));
  calls(2_540, 'StartContainer');
  at(2_545, container('c1', 0, 'running'));
  at(2_546, {
    kind: 'fault',
    actor: 'harness',
    fault: 0,
    effect: 'lostReply',
    target: 'StartContainer of web',
  });
  at(2_600, {
    kind: 'api.request',
    actor: 'agent',
    verb: 'patch',
    resource: 'pods',
    subresource: 'status',
    namespace: 'default',
    name: podName,
    query: {},
    status: 409,
  });
  at(3_000, { kind: 'step', actor: 'harness', id: 's2', do: 'update', applied: true });
  at(3_000, {
    kind: 'source.held',
    actor: 'source:file',
    source: 'file',
    revision: 2,
    pods: [podOf(plan.setup.pods[0]!, 1)],
    files: [],
  });
  at(4_000, { kind: 'step', actor: 'harness', id: 's3', do: 'restartAgent', applied: true });
  at(4_000, { kind: 'agent.ended', actor: 'agent', incarnation: 1, cause: 'killed' });
  at(4_500, { kind: 'agent.started', actor: 'agent', incarnation: 2 });
  calls(12_540, 'CreateContainer', 12_545);
  at(12_545, container('c2', 1, 'created'));
  calls(12_550, 'StartContainer', 12_556);
  at(12_555, container('c2', 1, 'running'));
  at(13_000, { kind: 'phase', actor: 'harness', phase: 'heal' });
  at(13_000, { kind: 'phase', actor: 'harness', phase: 'settle' });
  at(43_000, { kind: 'phase', actor: 'harness', phase: 'settled' });
  at(43_000, { kind: 'phase', actor: 'harness', phase: 'quiet' });
  at(60_000, { kind: 'run.ended', actor: 'harness', outcome: 'complete' });
  return events;
}

/** A finding with its trace, plan and everything else. */
export function exampleFinding(parts: Partial<ReportedFinding> = {}): ReportedFinding {
  const trace = exampleTrace();
  return {
    requirement: 'WORK-01',
    signature: 'WORK-01 · static pod',
    subject: { role: 'static pod', name: 'default/web-node-1 container main' },
    expected: 'at most one running container main of default/web-node-1',
    seen: 'c1 and c2 ran at the same time',
    atMs: 12_555,
    case: 'cases/WORK-01-static-pod.json',
    steps: plan.steps.length,
    minimal: true,
    plan,
    traceHash: hashTrace(trace),
    events: trace.filter(
      (event) => event.kind === 'container' || event.kind === 'fault' || event.kind === 'step',
    ),
    trace,
    replay: 'npx conformance replay conformance-report/cases/WORK-01-static-pod.json',
    irrelevant: ['any image', 'any delay of at least 2 s'],
    reproduces: [{ world: 'live', runtime: 'docker', failed: 3, tried: 3 }],
    ...parts,
  };
}

/** A finding in which everything that can come from outside is hostile. */
export function hostileFinding(): ReportedFinding {
  const pod = {
    ...plan.setup.pods[0]!,
    identity: { namespace: 'default', name: hostileText, uid: hostileText },
  };
  const trace = exampleTrace(hostileText);
  return exampleFinding({
    requirement: 'FILE-01',
    signature: `FILE-01 · ${hostileText}`,
    subject: { role: hostileText, name: hostileText },
    expected: hostileText,
    seen: hostileText,
    case: 'cases/FILE-01.json',
    plan: {
      ...plan,
      setup: { ...plan.setup, pods: [pod] },
      steps: [...plan.steps, { id: 's4', do: 'removeImage', image: hostileText }],
    },
    minimal: false,
    events: trace,
    trace,
    replay: `npx conformance replay ${hostileText}`,
    irrelevant: [hostileText],
  });
}

/** A result with one verdict for each requirement: those named fail, the rest are spread over the kinds. */
export function exampleResult(
  findings: readonly ReportedFinding[] = [],
  parts: Partial<CampaignResult> = {},
): CampaignResult {
  const verdicts = requirements.map(({ id, group }) => exampleVerdict(id, group, findings));
  const result = {
    suiteVersion: '0.1.0',
    catalogueRevision: 1,
    agent: {
      name: 'my-agent',
      version: '2.3.4',
      given: './agent.yaml',
      sources: ['file', 'http', 'api'],
      features: ['restart-policy', 'status'],
    },
    world: 'sim',
    runtime: 'memory',
    seed: '42',
    suites: ['mux', 'runtime-faults'],
    cases: 4_000,
    effectiveSteps: 91_234,
    simulatedSeconds: 203_112,
    wallSeconds: 8.204,
    verdicts,
    warnings: [],
    ...parts,
  } as const;
  return { ...result, exitCode: parts.exitCode ?? exitCodeOf(result) };
}

function exampleVerdict(
  requirement: RequirementId,
  group: string,
  findings: readonly ReportedFinding[],
): ReportedVerdict {
  const own = findings.filter((finding) => finding.requirement === requirement);
  if (own.length > 0) return { requirement, verdict: 'fail', exercised: 17, findings: own };
  if (group === 'Mirror pods') {
    const reason = 'the agent does not declare mirror-pods';
    return { requirement, verdict: 'not applicable', exercised: 0, reason, findings: [] };
  }
  if (group === 'Extended') return { requirement, verdict: 'not exercised', exercised: 0, findings: [] };
  return { requirement, verdict: 'pass', exercised: 1_234, findings: [] };
}
