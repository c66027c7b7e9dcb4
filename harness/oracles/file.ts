import type { RequirementId } from '../spec/requirements.js';
import type { SourceHeld, Stamp } from '../trace/events.js';
import type { Oracle } from './oracle.js';
import { judgeHeld } from './held.js';

/** The manifest directory: what is discovered, and that changes are noticed. */
export const file: Oracle = {
  name: 'file',
  requirements: ['FILE-01', 'FILE-02', 'FILE-03', 'FILE-05', 'FILE-08'],
  kinds: ['source.held', 'source.served'],
  begin(context) {
    const { model, ledger } = context;
    let before: (SourceHeld & Stamp) | undefined;
    // What was done to the directory says something about an agent only once it has run anything.
    const met: RequirementId[] = [];
    return {
      onEvent(event) {
        if (event.kind === 'source.held' && event.source === 'file') {
          countHeld(event, before, (requirement) => met.push(requirement));
          before = event;
        }
        // On a real clock nobody sees an agent read: there what is held is taken as shown.
        const shown = model.lastServed?.event;
        if (shown?.seq !== event.seq || shown.source !== 'file') return;
        if ((shown.bad?.length ?? 0) > 0) met.push('FILE-05');
        // Someone else's change is the occasion on which a removed pod might come back.
        const hasLeft = model.desired.all.some((entry) => entry.source === 'file' && entry.pods.length === 0);
        if (hasLeft) met.push('FILE-08');
      },
      atRest(isSettled) {
        if (model.actual.pods.size > 0) for (const requirement of met) ledger.exercised(requirement);
        met.length = 0;
        judgeHeld(context, 'file', isSettled, { missing: 'FILE-01', surplus: 'FILE-02', other: 'FILE-03' });
      },
    };
  },
};

function countHeld(
  event: SourceHeld,
  before: SourceHeld | undefined,
  exercised: (requirement: 'FILE-01' | 'FILE-02' | 'FILE-03') => unknown,
): void {
  const files = event.files ?? [];
  if (files.length > 0) exercised('FILE-01');
  if (before?.files === undefined) return;
  const texts = new Map(before.files.map((held) => [held.name, held.text]));
  let replaced = false;
  for (const held of files) {
    if (held.name.startsWith('.')) continue;
    const text = texts.get(held.name);
    if (text !== held.text && text !== undefined) replaced = true;
    if (text === undefined && before.files.some((other) => other.text === held.text)) replaced = true;
    texts.delete(held.name);
  }
  if (replaced) exercised('FILE-03');
  if (texts.size > 0) exercised('FILE-02');
}
