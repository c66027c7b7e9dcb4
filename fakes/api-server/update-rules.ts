import type { ApiResource } from './api-object.js';

const createdByUpdate = new Set([
  'v1/events',
  'v1/services',
  'coordination.k8s.io/v1/leases',
  'node.k8s.io/v1/runtimeclasses',
]);

const conditional = new Set([
  'coordination.k8s.io/v1/leases',
  'node.k8s.io/v1/runtimeclasses',
  'storage.k8s.io/v1/csidrivers',
  'storage.k8s.io/v1/csinodes',
]);

/** Whether a PUT of an object that is not there creates it. */
export function isCreatedByUpdate({ groupVersion, name }: ApiResource): boolean {
  return createdByUpdate.has(`${groupVersion}/${name}`);
}

/** Whether who updates has to say which version is meant. */
export function needsVersion({ groupVersion, name }: ApiResource): boolean {
  return conditional.has(`${groupVersion}/${name}`);
}
