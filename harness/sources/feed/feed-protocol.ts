import { loadPackageDefinition, type GrpcObject, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { join } from 'node:path';
import { packageRoot } from '../../core/package-root.js';
import type { FeedUpdate } from '../../ports/agent.js';

/** What the agent sends, as proto-loader gives it. */
export interface FeedRequest {
  readonly subscribe?: { readonly nodeName: string };
  readonly ack?: { readonly revision: number };
}

/** What the server sends. `pods` are v1 Pods as JSON. */
export interface WirePodUpdate {
  readonly revision: number;
  readonly type: FeedUpdate['type'] | 'TYPE_UNSPECIFIED';
  readonly pods: readonly Uint8Array[];
}

let cached: ServiceClientConstructor | undefined;

/**
 * The service `conformance.feed.v1.PodFeed` of the published `feed.proto`. Loads grpc-js: only the live feed and
 * agents that read it import this module.
 */
export function loadFeedProtocol(): ServiceClientConstructor {
  if (cached !== undefined) return cached;
  const definition = loadSync(join(packageRoot(), 'fixtures', 'proto', 'feed.proto'), {
    enums: String,
    longs: Number,
    defaults: true,
    oneofs: true,
  });
  const loaded = loadPackageDefinition(definition) as unknown as {
    conformance: { feed: { v1: GrpcObject } };
  };
  cached = loaded.conformance.feed.v1['PodFeed'] as ServiceClientConstructor;
  return cached;
}
