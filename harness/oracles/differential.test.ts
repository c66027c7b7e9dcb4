import { describe, expect, it } from 'vitest';
import { compareFinalStates } from './differential.js';
import { asStatic, createTrace, makePod } from './testing/trace-builder.js';

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
    expect(compareFinalStates(history.events, fresh.events)).toEqual([]);
    expect(compareFinalStates(stuck.events, fresh.events)).toMatchObject([{ requirement: 'QUIET-02' }]);
  });

  it('says nothing of a run that never came to rest', () => {
    const fresh = createTrace(['file'])
      .agent()
      .list('file', [second])
      .at(500)
      .start(asStatic(second, 'b'))
      .rest();
    const cut = createTrace(['file']).agent().list('file', [second]);
    expect(compareFinalStates(cut.events, fresh.events)).toEqual([]);
  });
});
