import { apiResources, keyOfObject, namespaceResource, type ApiObject } from './api-object.js';
import { timestampOf, type ApiStore } from './api-store.js';
import { deleteObject } from './delete-object.js';

interface Deleting {
  readonly store: ApiStore;
  readonly wallClock: () => number;
}

/**
 * Deletes a namespace with all that is in it. It stays, Terminating, until the last of its objects is gone: pods wait
 * for their agent.
 */
export function deleteNamespace(context: Deleting, namespace: ApiObject): ApiObject {
  const { store, wallClock } = context;
  const { name, deletionTimestamp } = namespace.metadata;
  if (deletionTimestamp !== undefined) return namespace;
  const terminating = store.put(namespaceResource, {
    ...namespace,
    metadata: { ...namespace.metadata, deletionTimestamp: timestampOf(wallClock()) },
    status: { phase: 'Terminating' },
  });
  for (const resource of apiResources) {
    for (const object of objectsIn(store, resource, name)) deleteObject(context, resource, object, {});
  }
  removeWhenEmpty(store, name);
  return terminating;
}

/** Takes namespaces away at once, with all that is in them: nobody is to wait for any of it. */
export function dropNamespaces(store: ApiStore, names: ReadonlySet<string>): void {
  for (const resource of apiResources.filter(({ isNamespaced }) => isNamespaced))
    for (const object of store.list(resource).filter(({ metadata }) => names.has(metadata.namespace!)))
      store.remove(resource, keyOfObject(resource, object));
  for (const name of names)
    if (store.get(namespaceResource, name) !== undefined) store.remove(namespaceResource, name);
}

function objectsIn(store: ApiStore, resource: (typeof apiResources)[number], name: string): ApiObject[] {
  if (!resource.isNamespaced) return [];
  return store.list(resource).filter(({ metadata }) => metadata.namespace === name);
}

function removeWhenEmpty(store: ApiStore, name: string): void {
  const isEmpty = (): boolean => apiResources.every((one) => objectsIn(store, one, name).length === 0);
  const remove = (): void => {
    if (store.get(namespaceResource, name) !== undefined) store.remove(namespaceResource, name);
  };
  if (isEmpty()) {
    remove();
    return;
  }
  const subscription = store.subscribe((change) => {
    if (change.type !== 'DELETED' || change.object.metadata.namespace !== name || !isEmpty()) return;
    subscription.close();
    // Not from within another write: watches would see the two in the wrong order.
    queueMicrotask(remove);
  });
}
