import { describe, expect, it } from 'vitest';
import { failed } from './testing/failed.js';
import { asStatic, createTrace, makePod } from './testing/trace-builder.js';

const web = makePod('web');
const webPod = asStatic(web, 'uid-1');

function running(): ReturnType<typeof createTrace> {
  return createTrace(['http']).agent().list('http', [web]).at(500).start(webPod);
}

describe('http', () => {
  it('HTTP-01: a new document is never asked for', () => {
    expect(
      failed(
        running()
          .at(20_000)
          .held('http', [web, makePod('db')])
          .rest(),
      ),
    ).toEqual(['HTTP-01']);
  });

  it('HTTP-02: an error stops a pod', () => {
    const trace = running().at(30_000).error('http', 'status 500').at(30_500).stop(webPod);
    expect(failed(trace)).toEqual(['HTTP-02']);
  });

  it('HTTP-02: recovery from an error stops a pod', () => {
    const trace = running().at(30_000).error('http', 'status 500').at(31_000).list('http', [web]);
    expect(failed(trace.at(31_500).stop(webPod))).toEqual(['HTTP-02']);
  });

  it('HTTP-03: an empty document leaves the pods running', () => {
    expect(failed(running().at(30_000).list('http', []).rest())).toContain('HTTP-03');
  });

  it('HTTP-04: a document that returns is ignored', () => {
    const trace = running().at(30_000).list('http', []).at(30_500).stop(webPod).at(32_000).remove(webPod);
    expect(failed(trace.at(50_000).list('http', [web]).rest())).toEqual(['HTTP-04']);
  });

  it('HTTP-05: a document with an invalid pod takes a valid one down', () => {
    const trace = running()
      .at(30_000)
      .add({
        kind: 'source.held',
        actor: 'source:http',
        source: 'http',
        revision: 2,
        pods: [web],
        valid: false,
      });
    trace.error('http', 'undecodable').at(30_500).stop(webPod);
    expect(failed(trace)).toEqual(['HTTP-05']);
  });
});
