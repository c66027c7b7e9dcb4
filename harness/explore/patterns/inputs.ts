import type { PlanDraft } from '../draft.js';
import { isStaticSource } from '../../spec/pod.js';

/** A second input while the first is unfinished: every pair of add, edit, end and add again. */
export function secondInput(draft: PlanDraft): void {
  const first = draft.pick(['add', 'edit', 'end', 'readd'] as const);
  const second = draft.pick(['add', 'edit', 'end', 'readd'] as const);
  const source = draft.source();
  const pod = first === 'add' ? draft.absentPod(source) : draft.runningPod(draft.oneIn(2) ? { source } : {});
  for (const input of [first, second]) {
    switch (input) {
      case 'add':
        draft.add(pod);
        break;
      case 'edit':
        draft.update(pod, { back: draft.oneIn(3) });
        break;
      case 'end':
        draft.end(pod);
        break;
      case 'readd':
        draft.remove(pod);
        draft.wait(draft.pick(['instant', 'within', 'between']), pod.source);
        draft.add(pod);
        break;
    }
    draft.wait(draft.pick(['instant', 'within', 'within', 'between']), pod.source);
  }
  if (draft.oneIn(2)) draft.wait('start', pod.source);
}

/** Three and more quick edits. */
export function rapidEdits(draft: PlanDraft): void {
  const pod = draft.runningPod();
  const count = draft.prng.int(3, draft.live ? 4 : 6);
  for (let edit = 0; edit < count; edit++) {
    draft.update(pod, { back: draft.oneIn(4) });
    if (edit < count - 1) draft.wait(draft.pick(['instant', 'within', 'within', 'between']), pod.source);
  }
  draft.wait('start', pod.source);
}

/** Removed and added again with the same UID, at every moment of the termination. */
export function readd(draft: PlanDraft): void {
  const pod = draft.runningPod(draft.oneIn(3) ? { workload: 'stopsSlowly' } : {});
  draft.remove(pod);
  draft.wait(draft.pick(['instant', 'within', 'between', 'start']), pod.source);
  draft.add(pod);
  if (draft.oneIn(3)) {
    draft.wait('within', pod.source);
    draft.update(pod);
  }
  draft.wait(draft.oneIn(2) ? 'start' : 'between', pod.source);
}

/** Plain inputs with time between them. */
export function churn(draft: PlanDraft): void {
  const listed = draft.listed();
  const what = draft.prng.int(0, 9);
  if (listed.length === 0 || what <= 4) {
    const pod = draft.absentPod(draft.source());
    draft.add(pod);
    draft.wait(draft.oneIn(3) ? 'between' : 'start', pod.source);
    return;
  }
  const pod = draft.pick(listed);
  if (what <= 7) draft.update(pod, { back: draft.oneIn(4) });
  else draft.end(pod);
  draft.wait(draft.oneIn(2) ? 'between' : 'start', pod.source);
}

/** The same thing delivered again, or written in another form: nothing may happen. */
export function noMeaning(draft: PlanDraft): void {
  const pod = draft.runningPod();
  const count = draft.prng.int(1, 3);
  for (let delivery = 0; delivery < count; delivery++) {
    // Every poll of a URL delivers its document again, so that there only another form is news.
    if (pod.source === 'http' || (pod.source === 'file' && draft.oneIn(2))) {
      draft.step({
        do: 'reformat',
        source: pod.source,
        pod: pod.slot,
        form: {
          format: draft.oneIn(12) ? 'yaml' : 'json',
          ...(draft.oneIn(3) ? {} : { comment: `note ${draft.prng.int(0, 99)}` }),
        },
      });
    } else {
      draft.step({
        do: 'redeliver',
        source: pod.source,
        ...(draft.oneIn(4) ? {} : { pod: pod.slot }),
      });
    }
    draft.wait(draft.pick(['between', 'start']), pod.source);
  }
}

/** Two entries of one name in one source. */
export function duplicates(draft: PlanDraft): void {
  const pod = draft.runningPod();
  if (pod.source !== 'api') {
    // Two entries of one UID that say different things mean nothing: whichever an agent takes is right.
    const twins = draft.steps.filter((step) => step.do === 'duplicate' && step.pod === pod.slot).length;
    const twin = `uid-${pod.slot}-twin${twins === 0 ? '' : `-${twins + 1}`}`;
    const uid = pod.identity.uid === undefined && draft.oneIn(2) ? undefined : twin;
    draft.step({
      do: 'duplicate',
      source: pod.source,
      pod: pod.slot,
      spec: draft.oneIn(3) ? pod.version : draft.prng.int(0, pod.specs.length - 1),
      ...(uid === undefined ? {} : { uid }),
    });
  }
  draft.wait(draft.pick(['within', 'start']), pod.source);
  if (pod.source !== 'http' && draft.oneIn(2)) {
    draft.step({ do: 'redeliver', source: pod.source });
    draft.wait('between', pod.source);
  }
  if (draft.oneIn(3)) draft.restartAgent();
  if (draft.oneIn(3)) draft.remove(pod);
  draft.wait('start', pod.source);
}

/** Two pods of one name with different UIDs: in two sources, or one after the other in one. */
export function sharedName(draft: PlanDraft): void {
  const first = draft.runningPod(draft.oneIn(2) ? { workload: 'stopsSlowly' } : {});
  const others = draft.sources.filter((source) => source !== first.source);
  const elsewhere = others.length > 0 && isStaticSource(first.source) && draft.oneIn(2);
  const source = elsewhere ? draft.pick(others) : first.source;
  const second = draft.newPod(source, { sharing: first });
  if (elsewhere) {
    draft.add(second);
    draft.wait(draft.pick(['between', 'start']), source);
    draft.remove(draft.oneIn(2) ? first : second);
  } else {
    draft.end(first);
    if (first.state === 'deleting') draft.wait('start', source);
    else draft.wait(draft.pick(['instant', 'instant', 'within', 'between']), source);
    draft.add(second);
  }
  draft.wait('start', source);
}
