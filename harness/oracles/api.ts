import type { ApiRequest, Stamp } from '../trace/events.js';
import { judgeHeld } from './held.js';
import type { Oracle, OracleContext } from './oracle.js';

/** The API source: what is asked for, and that broken watches lose nothing. */
export const api: Oracle = {
  name: 'api',
  requirements: ['API-01', 'API-02', 'API-03', 'API-04'],
  kinds: ['source.served', 'source.held', 'api.request', 'agent.started', 'phase'],
  begin(context) {
    const { model, ledger } = context;
    let hasNode = false;
    let lists = 0;
    let wasGone = false;
    /** The first 410 since there was something new, the agent started or the faults were off; later ones change nothing. */
    let goneAtMs: number | undefined;
    return {
      onEvent(event) {
        switch (event.kind) {
          case 'agent.started':
            // One that was started before the trace began may have read its node before, too.
            hasNode = context.run.attached === true || context.run.lane !== undefined;
            lists = 0;
            goneAtMs = undefined;
            return;
          case 'api.request':
            if (event.resource === 'nodes' && event.status >= 200 && event.status < 300) hasNode = true;
            if (event.status === 410) wasGone = true;
            if (event.resource === 'pods') judgeScope(context, event, hasNode);
            return;
          case 'source.held':
            if (event.source === 'api') goneAtMs = undefined;
            return;
          case 'phase':
            if (event.phase === 'heal') goneAtMs = undefined;
            return;
          case 'source.served': {
            if (event.source !== 'api') return;
            const hasPods = (model.desired.sources.get('api')?.listed.size ?? 0) > 0;
            if (event.outcome === 'error') {
              const isGone = event.detail === 'status 410';
              if (hasPods) ledger.exercised(isGone ? 'API-03' : 'API-04');
              if (isGone) {
                wasGone = true;
                goneAtMs ??= event.t;
              }
              return;
            }
            if (event.outcome === 'list' && ++lists > 1) ledger.exercised(wasGone ? 'API-03' : 'API-02');
            if (event.outcome === 'change' && isNoNews(context)) ledger.exercised('API-02');
            if (event.outcome === 'list') wasGone = false;
            return;
          }
        }
      },
      atRest(isSettled) {
        const requirement = wasGone || lists > 1 ? 'API-03' : 'API-02';
        const blame = { missing: requirement, surplus: requirement, other: requirement } as const;
        judgeHeld(context, 'api', isSettled, blame, goneAtMs);
      },
    };
  },
};

function isNoNews({ model }: OracleContext): boolean {
  const change = model.served;
  return change !== undefined && change.added.length + change.changed.length + change.removed.length === 0;
}

/** Only pods of this node, and only once the node itself is known. */
function judgeScope({ ledger, run }: OracleContext, event: ApiRequest & Stamp, hasNode: boolean): void {
  if ((event.verb !== 'list' && event.verb !== 'watch') || event.name !== undefined) return;
  ledger.exercised('API-01');
  const subject = { role: 'source api', name: `${event.verb} pods` };
  const selector = event.query['fieldSelector'] ?? '';
  if (
    !selector.split(',').some((term) => /^spec\.nodeName==?/.test(term) && term.endsWith(`=${run.nodeName}`))
  ) {
    ledger.report({
      requirement: 'API-01',
      subject,
      expected: `The agent asks only for pods that are bound to ${run.nodeName}.`,
      seen: `${event.verb} of pods with the field selector “${selector}”.`,
      events: [],
    });
  } else if (!hasNode) {
    ledger.report({
      requirement: 'API-01',
      subject,
      expected: 'The agent asks for pods only after it has read its node.',
      seen: `${event.verb} of pods before any answer about nodes.`,
      events: [],
    });
  }
}
