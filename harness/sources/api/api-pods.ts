import {
  nodeResource,
  objectKey,
  podResource,
  type ApiObject,
} from '../../../fakes/api-server/api-object.js';
import {
  createApiStore,
  sortByKey,
  timestampOf,
  type ApiChange,
  type ApiStore,
} from '../../../fakes/api-server/api-store.js';
import { firstPodStatus } from '../../../fakes/api-server/create-object.js';
import { defaultPod } from '../../../fakes/api-server/default-pod.js';
import { deleteObject } from '../../../fakes/api-server/delete-object.js';
import { podOf } from '../../spec/manifest.js';
import type { PlanPod, Step } from '../../spec/plan.js';
import { Keys, type Pod } from '../../spec/pod.js';
import type { SourceContext, StepOutcome } from '../../ports/source.js';
import { applied, noOp } from '../step-outcome.js';

/** The pods that the plan's steps make at the API server, and the journal of them. */
export interface ApiPods {
  readonly store: ApiStore;
  /** Of the last `source.held`. */
  heldRevision(): number;
  /** Of the last change of any pod, by whomever. */
  newestRevision(): number;
  /** A pod has changed in a store that others use too; an own store tells it itself. */
  note(change: ApiChange): void;
  /** Journals what is held at first; harmless when repeated. */
  begin(): void;
  /** Steps that change pods; undefined for the others. */
  apply(step: Step): StepOutcome | undefined;
  /** Takes its pods out of a store that others use too. */
  leave(): void;
}

export interface ApiPodsOptions {
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
  /** Whether there has been an agent that finishes graceful deletions. */
  readonly isAttended: () => boolean;
  /** What is held has changed. */
  readonly onHeld: () => void;
  /** A store with the pods of other plans too: changes of this one's are told through `note`. */
  readonly sharedStore?: ApiStore;
}

/** A store with the node in it, and the steps that change its pods. */
export function createApiPods(context: SourceContext, options: ApiPodsOptions): ApiPods {
  const { nodeName, journal } = context;
  const { wallClock, isAttended, sharedStore } = options;
  const store = sharedStore ?? createStore(wallClock);
  const planPods = new Map(context.pods.map((pod) => [pod.slot, pod]));
  /** The UID under which each slot's pod was created last. */
  const uidOfSlot = new Map<number, string>();
  let heldRevision = 0;
  let newestRevision = 1;

  /** The plan's pods by their keys. The store may have those of a hundred plans, and one of them changes all the time. */
  const own = new Map<string, ApiObject>();

  const isHeld = (object: ApiObject): boolean =>
    (object as Pod).spec.nodeName === nodeName &&
    object.metadata.annotations?.[Keys.annotationConfigMirror] === undefined;

  const journalHeld = (): void => {
    options.onHeld();
    journal.record({
      kind: 'source.held',
      actor: 'source:api',
      source: 'api',
      revision: ++heldRevision,
      pods: sortByKey(own).filter(isHeld) as readonly Pod[],
    });
  };

  const begin = (): void => {
    if (heldRevision > 0) return;
    if (sharedStore === undefined) store.create(nodeResource, nodeObject(nodeName));
    journalHeld();
  };

  const note = (change: ApiChange): void => {
    newestRevision = change.revision;
    if (change.type === 'DELETED') own.delete(change.key);
    else own.set(change.key, change.object);
    if (isHeld(change.object) && hasNewMeaning(change)) journalHeld();
  };
  if (sharedStore === undefined) {
    store.subscribe((change) => {
      if (change.resource === podResource) note(change);
    });
  }

  const find = (slot: number): ApiObject | undefined => {
    const planPod = planPods.get(slot);
    const uid = uidOfSlot.get(slot);
    if (planPod === undefined || uid === undefined) return undefined;
    const object = store.get(podResource, objectKey(planPod.identity.namespace, planPod.identity.name));
    return object?.metadata.uid === uid ? object : undefined;
  };

  const add = (slot: number, spec: number): StepOutcome => {
    const planPod = planPods.get(slot);
    if (planPod === undefined) return noOp('there is no such pod');
    const key = objectKey(planPod.identity.namespace, planPod.identity.name);
    if (store.get(podResource, key) !== undefined) return noOp('a pod of its name is held already');
    const created = store.create(podResource, boundPod(planPod, { spec, nodeName }));
    uidOfSlot.set(slot, created.metadata.uid!);
    return applied;
  };

  const change = (slot: number, act: (object: ApiObject) => StepOutcome): StepOutcome => {
    const object = find(slot);
    return object === undefined ? noOp('it is not held') : act(object);
  };

  /** A new version without a new meaning, as when somebody takes over the ownership of fields. */
  const touch = (object: ApiObject): StepOutcome => {
    const managedFields = [{ manager: 'conformance', operation: 'Update', time: timestampOf(wallClock()) }];
    store.put(podResource, { ...object, metadata: { ...object.metadata, managedFields } });
    return applied;
  };

  return {
    store,
    heldRevision: () => heldRevision,
    newestRevision: () => newestRevision,
    note,
    begin,
    apply(step) {
      begin();
      switch (step.do) {
        case 'add':
          return add(step.pod, step.spec);
        case 'update':
          return change(step.pod, (object) => {
            const uid = object.metadata.uid!;
            store.put(podResource, updated(object, podOf(planPods.get(step.pod)!, step.spec, uid), nodeName));
            return applied;
          });
        case 'remove':
          return change(step.pod, (object) => {
            deleteObject({ store, wallClock }, podResource, object, { gracePeriodSeconds: 0 });
            return applied;
          });
        case 'delete':
          return change(step.pod, (object) => {
            // Before the first agent nobody would ever finish a deletion.
            const graceS = isAttended() ? step.graceS : 0;
            const options = graceS === undefined ? {} : { gracePeriodSeconds: graceS };
            const after = deleteObject({ store, wallClock }, podResource, object, options);
            return after === object ? noOp('it is being deleted already') : applied;
          });
        case 'redeliver': {
          if (step.pod !== undefined) return change(step.pod, touch);
          const objects = [...planPods.keys()].map(find).filter((object) => object !== undefined);
          if (objects.length === 0) return noOp('nothing is held');
          objects.forEach(touch);
          return applied;
        }
        default:
          return undefined;
      }
    },
    leave() {
      for (const object of sortByKey(own).filter(isHeld))
        deleteObject({ store, wallClock }, podResource, object, { gracePeriodSeconds: 0 });
    },
  };
}

function createStore(wallClock: () => number): ApiStore {
  let uids = 0;
  return createApiStore({
    wallClock,
    createUid: () => `a0000000-0000-4000-8000-${String(++uids).padStart(12, '0')}`,
  });
}

/** Status, managed fields and versions say nothing about what is to run. Writes share what they do not change. */
function hasNewMeaning({ type, object, previous }: ApiChange): boolean {
  if (type !== 'MODIFIED' || previous === undefined) return true;
  const { metadata, spec } = object;
  return (
    spec !== previous.spec ||
    metadata.labels !== previous.metadata.labels ||
    metadata.annotations !== previous.metadata.annotations ||
    metadata.deletionTimestamp !== previous.metadata.deletionTimestamp ||
    metadata.deletionGracePeriodSeconds !== previous.metadata.deletionGracePeriodSeconds
  );
}

/** The slot's pod as a scheduler would have bound it. Without an UID in the plan, the server gives it one. */
function boundPod(
  planPod: PlanPod,
  { spec, nodeName }: { readonly spec: number; readonly nodeName: string },
): ApiObject {
  const pod = podOf(planPod, spec);
  const bound = defaultPod({
    ...pod,
    metadata: { ...pod.metadata, generation: 1 },
    spec: { ...pod.spec, nodeName },
  });
  return { ...bound, status: firstPodStatus(bound) };
}

function updated(object: ApiObject, pod: Pod, nodeName: string): ApiObject {
  const { labels: _labels, annotations: _annotations, ...metadata } = object.metadata;
  const { labels, annotations } = pod.metadata;
  return defaultPod({
    ...object,
    metadata: {
      ...metadata,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      generation: (metadata.generation ?? 0) + 1,
    },
    spec: { ...pod.spec, nodeName },
  });
}

/** A node that has been here before: without resources an agent would have no room for any pod. */
function nodeObject(name: string): ApiObject {
  const resources = { cpu: '4', memory: '8Gi', 'ephemeral-storage': '50Gi', pods: '2000' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    spec: {},
    status: { capacity: resources, allocatable: resources },
  };
}
