import { Document } from 'yaml';
import type { ManifestForm, PlanContainer, PlanPod } from './plan.js';
import type { Container, Pod } from './pod.js';
import { preStopCommand, workloadArguments, workloadCommand } from './workload.js';

const podCache = new WeakMap<PlanPod, Map<string, Pod>>();

/**
 * The pod that a slot's version says, raw: as an author would write it, without defaults and suffixes. `uid`
 * overrides the identity's. The same arguments give the same object.
 */
export function podOf(planPod: PlanPod, specIndex: number, uid = planPod.identity.uid): Pod {
  const key = `${specIndex}/${uid ?? ''}`;
  let cached = podCache.get(planPod);
  if (cached === undefined) podCache.set(planPod, (cached = new Map()));
  const known = cached.get(key);
  if (known !== undefined) return known;
  const pod = buildPod(planPod, specIndex, uid);
  cached.set(key, pod);
  return pod;
}

function buildPod(planPod: PlanPod, specIndex: number, uid: string | undefined): Pod {
  const spec = planPod.specs[specIndex % planPod.specs.length]!;
  const { namespace, name } = planPod.identity;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      ...(uid === undefined ? {} : { uid }),
      ...(spec.labels === undefined ? {} : { labels: spec.labels }),
      ...(spec.annotations === undefined ? {} : { annotations: spec.annotations }),
    },
    spec: {
      restartPolicy: spec.restartPolicy,
      terminationGracePeriodSeconds: spec.graceS,
      ...(spec.hostNetwork === true ? { hostNetwork: true } : {}),
      ...(spec.initContainers === undefined
        ? {}
        : { initContainers: spec.initContainers.map(buildContainer) }),
      containers: spec.containers.map(buildContainer),
    },
  };
}

function buildContainer(container: PlanContainer): Container {
  return {
    name: container.name,
    image: container.image,
    ...(container.pullPolicy === undefined ? {} : { imagePullPolicy: container.pullPolicy }),
    command: [workloadCommand],
    args: workloadArguments(container.workload),
    ...(container.preStopMs === undefined
      ? {}
      : { lifecycle: { preStop: { exec: { command: preStopCommand(container.preStopMs) } } } }),
    ...(container.sidecar === true ? { restartPolicy: 'Always' as const } : {}),
  };
}

const textCache = new WeakMap<object, Map<string, string>>();

/** The text of a manifest: one Pod, or a PodList, as JSON or YAML (default YAML), with an optional comment. */
export function renderManifest(
  content: Pod | { readonly pods: readonly Pod[] },
  form: ManifestForm = {},
): string {
  const key = `${form.format ?? 'yaml'}/${form.comment ?? ''}`;
  let cached = textCache.get(content);
  if (cached === undefined) textCache.set(content, (cached = new Map()));
  const known = cached.get(key);
  if (known !== undefined) return known;
  const value = 'pods' in content ? { apiVersion: 'v1', kind: 'PodList', items: content.pods } : content;
  const text = form.format === 'json' ? renderJson(value, form.comment) : renderYaml(value, form.comment);
  cached.set(key, text);
  return text;
}

/** JSON knows no comments: another indentation stands for one. */
function renderJson(value: object, comment: string | undefined): string {
  return comment === undefined
    ? JSON.stringify(value)
    : `${JSON.stringify(value, null, 1 + (comment.length % 8))}\n`;
}

function renderYaml(value: object, comment: string | undefined): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  if (comment !== undefined) document.commentBefore = ` ${comment.replace(/[\r\n]+/g, ' ')}`;
  return document.toString();
}
