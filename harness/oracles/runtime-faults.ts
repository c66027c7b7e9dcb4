import type { Oracle } from './oracle.js';
import { podSubject } from './words.js';

/** Calls that failed without having failed, and lists that say nothing. */
export const runtimeFaults: Oracle = {
  name: 'runtime-faults',
  requirements: ['RT-01', 'RT-05', 'RT-06'],
  kinds: ['runtime.reply', 'runtime.event', 'sandbox', 'container'],
  methods: [
    'RunPodSandbox',
    'CreateContainer',
    'StartContainer',
    'ListContainers',
    'ListPodSandbox',
    'ContainerStatus',
    'PodSandboxStatus',
  ],
  begin({ model, ledger }) {
    return {
      onEvent(event) {
        switch (event.kind) {
          case 'runtime.reply': {
            if (event.code === 'OK') return;
            const { call } = model;
            if (call === undefined) {
              if (model.actual.pods.size > 0) ledger.exercised('RT-05');
            } else if (call.effect?.code === 'OK') ledger.exercised('RT-01');
            return;
          }
          case 'runtime.event':
            if (event.delivered !== 'once') ledger.exercised('RT-06');
            return;
          case 'container': {
            if (event.state !== 'running') return;
            const pod = model.actual.pods.get(event.podUid)!;
            if (pod.ambiguousSeq < 0) return;
            const twin = [...pod.containers.values()].find(
              (other) => other.id !== event.id && other.name === event.name && other.state === 'running',
            );
            if (twin === undefined || twin.startConfirmed) return;
            ledger.report({
              requirement: 'RT-01',
              subject: podSubject(model, pod),
              expected: `The start of container ${event.name} of pod ${pod.fullName} took effect although it was reported as failed, so a listing finds it and no second one runs.`,
              seen: 'A second one was started beside it.',
              events: [twin.startedSeq, pod.ambiguousSeq],
            });
            return;
          }
          case 'sandbox': {
            if (event.state !== 'ready') return;
            const pod = model.actual.pods.get(event.podUid)!;
            if (pod.readyCount < 2 || pod.ambiguousSeq < 0 || model.lieSeq > pod.ambiguousSeq) return;
            ledger.report({
              requirement: 'RT-01',
              subject: podSubject(model, pod),
              expected: `A RunPodSandbox for pod ${pod.fullName} took effect although it was reported as failed, so a listing finds its sandbox and no second one is made.`,
              seen: 'A second sandbox became ready beside it.',
              events: [...pod.sandboxes.values()]
                .map((sandbox) => sandbox.createdSeq)
                .concat(pod.ambiguousSeq),
            });
            return;
          }
        }
      },
    };
  },
};
