import { describe, expect, it } from 'vitest';
import { judgeTrace } from './judge.js';
import { asGiven, asStatic, createTrace, makePod } from './testing/trace-builder.js';
import { failed } from './testing/failed.js';

const web = makePod('web');
const webPod = asStatic(web, 'uid-1');

describe('judge', () => {
  it('finds nothing wrong with a pod that is listed, starts, is removed and stops', () => {
    const trace = createTrace(['file']).agent().at(10).list('file', [web]).at(500).start(webPod);
    trace.at(20_000).list('file', []).at(20_500).stop(webPod).at(22_000).remove(webPod).rest();
    expect(judgeTrace(trace.events).findings).toEqual([]);
  });

  it('gives every requirement a verdict, and says which have no check', () => {
    const given = makePod('web', { uid: 'uid-7' });
    const trace = createTrace(['feed']).agent().list('feed', [given]).at(300).start(asGiven(given)).rest();
    const { verdicts } = judgeTrace(trace.events);
    const byId = new Map(verdicts.map((verdict) => [verdict.requirement, verdict]));
    expect(byId.get('FILE-01')).toMatchObject({ verdict: 'not applicable', exercised: 0 });
    expect(byId.get('X-07')).toMatchObject({ verdict: 'not exercised', reason: 'no check yet' });
    expect(byId.get('QUIET-02')).toMatchObject({ verdict: 'pass' });
  });

  it('takes no run for evidence of convergence in which nothing ran, or something else went wrong', () => {
    const verdictOf = (trace: { readonly events: Parameters<typeof judgeTrace>[0] }): string =>
      judgeTrace(trace.events).verdicts.find(({ requirement }) => requirement === 'QUIET-02')!.verdict;
    const idle = createTrace(['feed']).agent().list('feed', []).rest();
    expect(verdictOf(idle)).toBe('not exercised');
    const [first, second] = [makePod('web', { uid: 'uid-7' }), makePod('db', { uid: 'uid-8' })];
    const half = createTrace(['feed'])
      .agent()
      .list('feed', [first, second])
      .at(300)
      .start(asGiven(first))
      .rest();
    expect(failed(half)).toEqual(['MUX-02']);
    expect(verdictOf(half)).toBe('not exercised');
  });

  it('does not judge convergence when a live run is still moving, and does in sim', () => {
    const live = createTrace(['feed'], { world: 'live' }).agent();
    live
      .list('feed', [makePod('web', { uid: 'u' })])
      .phase('heal')
      .at(200_000)
      .phase('unsettled');
    const { verdicts, findings } = judgeTrace(live.events);
    expect(findings.filter((finding) => finding.requirement !== 'MUX-02')).toEqual([]);
    expect(verdicts.find((verdict) => verdict.requirement === 'QUIET-02')?.verdict).not.toBe('pass');

    const sim = createTrace(['feed']).agent().list('feed', []).phase('heal').at(200_000).phase('unsettled');
    expect(failed(sim)).toEqual(['QUIET-02']);
  });

  it('judges nothing at the end of a trace that was cut short', () => {
    const trace = createTrace(['feed'])
      .agent()
      .list('feed', [makePod('web', { uid: 'u' })]);
    trace.at(100).add({ kind: 'run.ended', actor: 'harness', outcome: 'interrupted' });
    expect(judgeTrace(trace.events).findings).toEqual([]);
  });

  it('calls a flood of calls in sim what it is', () => {
    const trace = createTrace(['feed']).agent().list('feed', []);
    trace.at(100).add({ kind: 'run.ended', actor: 'harness', outcome: 'limit', detail: '200000 events' });
    expect(failed(trace)).toEqual(['QUIET-02']);
  });

  it('knows pods of the API and the feed by their UID', () => {
    const given = makePod('api', { uid: 'uid-7' });
    const trace = createTrace(['feed']).agent().list('feed', [given]).at(300).start(asGiven(given)).rest();
    expect(failed(trace)).toEqual([]);
  });
});
