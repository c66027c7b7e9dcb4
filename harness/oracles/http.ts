import { judgeHeld } from './held.js';
import type { Oracle } from './oracle.js';

/** The manifest URL. */
export const http: Oracle = {
  name: 'http',
  requirements: ['HTTP-01', 'HTTP-02', 'HTTP-03', 'HTTP-04', 'HTTP-05'],
  kinds: ['source.served'],
  begin(context) {
    const { model, ledger } = context;
    return {
      onEvent(event) {
        if (event.kind !== 'source.served' || event.source !== 'http') return;
        const view = model.desired.sources.get('http')!;
        if (event.outcome === 'error') {
          const isHalfValid = view.held?.valid === false && view.held.pods.length > 0;
          if (view.listed.size > 0) ledger.exercised(isHalfValid ? 'HTTP-05' : 'HTTP-02');
          return;
        }
        ledger.exercised('HTTP-01');
        const change = model.served!;
        if (view.listed.size === 0 && change.removed.length > 0) ledger.exercised('HTTP-03');
        if (change.added.some((entry) => entry.returns > 0)) ledger.exercised('HTTP-04');
      },
      atRest(isSettled) {
        judgeHeld(context, 'http', isSettled, { missing: 'HTTP-01', surplus: 'HTTP-01', other: 'HTTP-01' });
      },
    };
  },
};
