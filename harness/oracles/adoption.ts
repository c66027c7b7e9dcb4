import { standingOf } from '../model/standing.js';
import type { Oracle } from './oracle.js';

/** What an agent finds when it starts again; violations show in the calls it makes and at rest. */
export const adoption: Oracle = {
  name: 'adoption',
  requirements: ['ADOPT-01', 'ADOPT-02', 'ADOPT-03'],
  kinds: ['agent.started', 'agent.ended', 'container', 'source.held'],
  begin({ model, ledger }) {
    let missed = false;
    return {
      onEvent(event) {
        switch (event.kind) {
          case 'agent.ended':
            for (const pod of model.actual.pods.values()) {
              if (pod.teardownSeq >= 0 && pod.runningCount + pod.readyCount > 0) ledger.exercised('ADOPT-03');
            }
            return;
          case 'agent.started':
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
        }
      },
    };
  },
};
