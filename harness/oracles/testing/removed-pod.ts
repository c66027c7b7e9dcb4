import { asGiven, createTrace, makePod } from './trace-builder.js';
import type { TraceBuilder } from './trace-builder.js';

/** A pod of the feed with a long grace period, and how the runtime sees it. */
export const web = makePod('web', { uid: 'u1', graceS: 20 });
export const webPod = asGiven(web);

/** It has run for some time, and was removed from its source half a second ago. */
export function removed(): TraceBuilder {
  return createTrace(['feed'])
    .agent()
    .list('feed', [web])
    .at(500)
    .start(webPod)
    .at(20_000)
    .list('feed', [])
    .at(20_500);
}

/** A container of that name is created in its sandbox, and started. */
export function runs(trace: TraceBuilder, name: string): void {
  const id = `c-u1-${name}`;
  const target = { pod: webPod, sandboxId: 's-u1', container: name };
  const request = { podSandboxId: 's-u1', config: { metadata: { name }, image: { image: 'image:1' } } };
  trace.call('CreateContainer', { ...target, request, id }, () =>
    trace.container(id, webPod, 'created', { name, sandboxId: 's-u1' }),
  );
  trace.call('StartContainer', { ...target, containerId: id }, () =>
    trace.container(id, webPod, 'running', { name, sandboxId: 's-u1' }),
  );
}
