import { beforeAll, describe, test, type TestContext } from 'vitest';
import { runConformance, type ConformanceOptions } from './cli/run-conformance.js';
import { matchRequirements, requirements } from './spec/requirements.js';
import { failureMessage } from './report/failure-message.js';
import type { CampaignResult } from './report/result.js';

/** Options of a campaign inside vitest. */
export interface ConformanceSuiteOptions extends ConformanceOptions {
  /** How long the whole campaign may take, in milliseconds. Default two minutes. */
  readonly timeoutMs?: number;
}

const timeoutMsDefault = 120_000;

/**
 * Declares one vitest test for each requirement, with the verdict's text as the failure message. The campaign
 * runs once, before the first. Requirements that were not exercised or do not apply are skipped with the reason;
 * a MUST that nobody can decide fails.
 */
export function describeConformance(name: string, options: ConformanceSuiteOptions = {}): void {
  const { timeoutMs = timeoutMsDefault, ...campaign } = options;
  const asked = options.requirements === undefined ? requirements : matchRequirements(options.requirements);
  describe(name, () => {
    let result: CampaignResult | undefined;
    beforeAll(async () => {
      result = await runConformance(campaign);
    }, timeoutMs);
    for (const { id, level, title } of asked) {
      test(`${id} ${title}`, (context: TestContext) => {
        const verdict = result!.verdicts.find((candidate) => candidate.requirement === id);
        const kind = verdict?.verdict ?? 'not exercised';
        if (kind === 'not exercised' || kind === 'not applicable') context.skip(verdict?.reason ?? kind);
        if (kind === 'pass') return;
        const text =
          verdict!.findings.map(failureMessage).join('\n\n') || `${kind}: ${verdict!.reason ?? ''}`;
        // A SHOULD is a warning: said, but not failed.
        if (level === 'SHOULD') context.annotate(text, 'warning').catch(() => {});
        else throw new Error(text);
      });
    }
  });
}
