/**
 * The front door: all that suites, users' agents and users' own tests may import. What is not exported here may
 * change in any version.
 */
export type {
  Agent,
  AgentClock,
  AgentFeature,
  AgentPorts,
  AgentSources,
  ApiPort,
  ApiPortRequest,
  CreateAgent,
  DirectoryEntry,
  FeedPort,
  FeedUpdate,
  FilePort,
  HttpPort,
  WatchEvent,
} from './ports/agent.js';
export { agentFeatures } from './ports/agent.js';
export { CriError, type CriClient, type CriRequest, type CriResponse } from './ports/cri.js';
export type { AgentProfile } from './ports/driver.js';
export type { Suite } from './explore/suite.js';
export { planSchema, planVersion, type Plan } from './spec/plan.js';
export type { Pod } from './spec/pod.js';
export { catalogueRevision, findRequirement, requirements, type RequirementId } from './spec/requirements.js';
export { boundsOf, fastTimings, kubeletTimings, liveTimings, type Timings } from './spec/timings.js';
export { signatureOf, type Finding, type Verdict, type VerdictKind } from './spec/verdict.js';
export { decodeTrace, encodeTrace, hashTrace } from './trace/codec.js';
export { traceVersion, type TraceEvent } from './trace/events.js';
export { judgeTrace } from './oracles/judge.js';
export { checkPlan, type CheckedPlan } from './run/check-plan.js';
export type { CampaignResult, ReportedFinding, ReportedVerdict } from './report/result.js';
export { failureMessage } from './report/failure-message.js';
export type { Config } from './cli/config.js';
export { runConformance, type ConformanceOptions } from './cli/run-conformance.js';
