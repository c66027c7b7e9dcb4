import { keyOfObject, type ApiObject } from './api-object.js';
import type { ApiStore } from './api-store.js';
import { ApiFailure } from './status-body.js';

/** A store in which writes answer what they would do, and do nothing. */
export function createDryStore(store: ApiStore): ApiStore {
  const written = new Map<string, ApiObject>();
  return {
    ...store,
    create: (_resource, object) => object,
    put(resource, object) {
      written.set(keyOfObject(resource, object), object);
      return object;
    },
    remove: (resource, key) => written.get(key) ?? store.get(resource, key)!,
    compact() {},
  };
}

/** Whether a request only asks what would happen. Throws 400 for a way of asking that there is not. */
export function isDryRun(query: Readonly<Record<string, string>> | undefined): boolean {
  const asked = query?.['dryRun'] ?? '';
  if (asked !== '' && asked !== 'All') throw new ApiFailure(400, `dryRun: Unsupported value: "${asked}"`);
  return asked === 'All';
}
