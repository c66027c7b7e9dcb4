import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../trace/events.js';
import { compareFinalStates, createFinalStateReader, foretellFresh } from './differential.js';
import { asStatic, createTrace, makePod } from './testing/trace-builder.js';

function stateOf(trace: { readonly events: readonly TraceEvent[] }) {
  const reader = createFinalStateReader();
  for (const event of trace.events) reader.onEvent(event);
  return reader.state();
}

const first = makePod('web');
const second = makePod('web', { image: 'image:2' });

describe('differential', () => {
  it('tells states apart, but not identifiers', () => {
    const fresh = createTrace(['file'])
      .agent()
      .list('file', [second])
      .at(500)
      .start(asStatic(second, 'b'))
      .rest();
    const old = asStatic(first, 'a');
    const history = createTrace(['file']).agent().list('file', [first]).at(500).start(old);
    history.at(9_000).list('file', [second]);
    const stuck = createTrace(['file']).agent().list('file', [first]).at(500).start(old);
    stuck.at(9_000).list('file', [second]).rest();
    history.at(9_500).stop(old).start(asStatic(second, 'c')).rest();
    expect(compareFinalStates(stateOf(history)!, stateOf(fresh)!)).toEqual([]);
    expect(compareFinalStates(stateOf(stuck)!, stateOf(fresh)!)).toMatchObject([{ requirement: 'QUIET-02' }]);
  });

  it('says nothing of a run that never came to rest', () => {
    const cut = createTrace(['file']).agent().list('file', [second]);
    expect(stateOf(cut)).toBeUndefined();
  });

  it('knows without an execution that a fresh agent with nothing to do does nothing', () => {
    const running = asStatic(first, 'a');
    const begun = () => createTrace(['file']).agent().list('file', [first]).at(500).start(running).at(9_000);
    expect(foretellFresh(stateOf(begun().rest())!)).toBeUndefined();
    const left = stateOf(begun().list('file', []).rest())!;
    expect(compareFinalStates(left, foretellFresh(left)!)).toMatchObject([
      { requirement: 'QUIET-02', expected: expect.stringContaining('nothing of it') },
    ]);
  });
});
