import type { ApiObject, ApiResource } from './api-object.js';
import type { ApiStore } from './api-store.js';
import { sizeOf } from './object-size.js';
import { ApiFailure } from './status-body.js';

/** Of one object, as in etcd. */
const objectMaxBytes = 1.5 * 1024 * 1024;
/** Of the names and values of all annotations of an object. */
const annotationsMaxBytes = 256 * 1024;

export interface StoreLimits {
  /** Of all objects together, for one more to be created. Default 384 MiB. */
  readonly togetherMaxBytes?: number;
}

const togetherMaxBytesDefault = 384 * 1024 * 1024;
/** What is there may grow when nothing more can be created: an agent still reports, and what is deleted is marked. */
const growthMaxBytes = 64 * 1024 * 1024;

/** A store that takes no more than the one behind a real server. */
export function createLimitedStore(
  store: ApiStore,
  { togetherMaxBytes = togetherMaxBytesDefault }: StoreLimits = {},
): ApiStore {
  return {
    ...store,
    create(resource, object) {
      checkObject(resource, object);
      if (store.bytes() + sizeOf(object) > togetherMaxBytes) throw isFull();
      return store.create(resource, object);
    },
    put(resource, object) {
      checkObject(resource, object);
      if (store.bytes() > togetherMaxBytes + growthMaxBytes) throw isFull();
      return store.put(resource, object);
    },
  };
}

/** Kubernetes knows no name for what etcd says of sizes: a failure without a reason. */
function isFull(): ApiFailure {
  return new ApiFailure(500, 'etcdserver: mvcc: database space exceeded', '');
}

function checkObject({ kind }: ApiResource, object: ApiObject): void {
  let bytes = 0;
  const { name, annotations } = object.metadata;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(String(value));
  }
  if (bytes > annotationsMaxBytes) {
    const why = `metadata.annotations: Too long: may not be more than ${annotationsMaxBytes} bytes`;
    throw new ApiFailure(422, `${kind} "${name}" is invalid: ${why}`);
  }
  if (sizeOf(object) > objectMaxBytes) throw new ApiFailure(500, 'etcdserver: request is too large', '');
}
