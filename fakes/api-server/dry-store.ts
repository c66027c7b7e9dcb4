import type { ApiStore } from './api-store.js';
import { ApiFailure } from './status-body.js';

/** A store in which writes answer what they would do, and do nothing. */
export function createDryStore(store: ApiStore): ApiStore {
  return {
    ...store,
    create: (_resource, object) => object,
    put: (_resource, object) => object,
    remove: (resource, key) => store.get(resource, key)!,
    compact() {},
  };
}

/** Whether a request only asks what would happen. Throws 400 for a way of asking that there is not. */
export function isDryRun(query: Readonly<Record<string, string>> | undefined): boolean {
  const asked = query?.['dryRun'] ?? '';
  if (asked !== '' && asked !== 'All') throw new ApiFailure(400, `dryRun: Unsupported value: "${asked}"`);
  return asked === 'All';
}
