import type { SourceKind } from '../spec/pod.js';
import type { SimSource, SourceContext } from '../ports/source.js';

import { createSimApiSource } from '../sources/api/sim-api-source.js';
import { createSimFeedSource } from '../sources/feed/sim-feed-source.js';
import { createSimFileSource } from '../sources/file/sim-file-source.js';
import { createSimHttpSource } from '../sources/http/sim-http-source.js';

/** The sources of a simulated run. */
export function createSimSources(
  kinds: readonly SourceKind[],
  context: SourceContext,
): ReadonlyMap<SourceKind, SimSource<unknown>> {
  const makers: { readonly [Kind in SourceKind]: (context: SourceContext) => SimSource<unknown> } = {
    file: createSimFileSource,
    http: createSimHttpSource,
    api: createSimApiSource,
    feed: createSimFeedSource,
  };
  return new Map(kinds.map((kind) => [kind, makers[kind](context)]));
}
