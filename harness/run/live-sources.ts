import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceKind } from '../spec/pod.js';
import type { Clock } from '../core/clock.js';
import type { LiveSource, SharedSource, SourceContext } from '../ports/source.js';

/** The sources of a live run, not yet open. Servers are loaded only when a run has their source. */
export async function createLiveSources(
  kinds: readonly SourceKind[],
  context: SourceContext,
  directory: string,
): Promise<ReadonlyMap<SourceKind, LiveSource>> {
  const sources = new Map<SourceKind, LiveSource>();
  for (const kind of kinds) {
    const own = join(directory, `source-${kind}`);
    mkdirSync(own, { mode: 0o700 });
    sources.set(kind, await create(kind, context, own));
  }
  return sources;
}

async function create(kind: SourceKind, context: SourceContext, directory: string): Promise<LiveSource> {
  switch (kind) {
    case 'file': {
      const { createLiveFileSource } = await import('../sources/file/live-file-source.js');
      return createLiveFileSource(context, { directory: join(directory, 'manifests') });
    }
    case 'http': {
      const { createLiveHttpSource } = await import('../sources/http/live-http-source.js');
      return createLiveHttpSource(context);
    }
    case 'api': {
      const { createLiveApiSource } = await import('../sources/api/live-api-source.js');
      return createLiveApiSource(context, { directory });
    }
    case 'feed': {
      const { createLiveFeedSource } = await import('../sources/feed/live-feed-source.js');
      return createLiveFeedSource(context, { socketPath: join(directory, 'feed.sock') });
    }
  }
}

/** The sources of an agent that many plans share, not yet open. */
export async function createSharedSources(
  kinds: readonly SourceKind[],
  agent: { readonly clock: Clock; readonly nodeName: string },
  directory: string,
): Promise<ReadonlyMap<SourceKind, SharedSource>> {
  const sources = new Map<SourceKind, SharedSource>();
  for (const kind of kinds) {
    const own = join(directory, `source-${kind}`);
    mkdirSync(own, { mode: 0o700 });
    sources.set(kind, await createShared(kind, agent, own));
  }
  return sources;
}

async function createShared(
  kind: SourceKind,
  agent: { readonly clock: Clock; readonly nodeName: string },
  directory: string,
): Promise<SharedSource> {
  switch (kind) {
    case 'file': {
      const { createSharedFileSource } = await import('../sources/file/shared-file-source.js');
      return createSharedFileSource({ directory: join(directory, 'manifests') });
    }
    case 'http': {
      const { createSharedHttpSource } = await import('../sources/http/shared-http-source.js');
      return createSharedHttpSource();
    }
    case 'api': {
      const { createSharedApiSource } = await import('../sources/api/shared-api-source.js');
      return createSharedApiSource({ ...agent, directory });
    }
    case 'feed': {
      const { createSharedFeedSource } = await import('../sources/feed/shared-feed-source.js');
      return createSharedFeedSource({ ...agent, socketPath: join(directory, 'feed.sock') });
    }
  }
}
