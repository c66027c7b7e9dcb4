/**
 * A small node agent: one manifest source (the feed), no probes, no status, no garbage collection by age. It
 * shows the whole interface that the suite needs: `createAgent(ports)`, and what it supports. Run it with
 *
 *     npx conformance run --agent ./examples/small-agent.ts
 *
 * It uses `setTimeout` as any program does; in the simulated world that is virtual time.
 */
import type { Agent, AgentFeature, AgentPorts, Pod } from '../harness/index.js';

export const name = 'small-agent';
export const sources = ['feed'] as const;
export const features: readonly AgentFeature[] = [
  'settable-timings',
  'adoption',
  'image-pull',
  'restart-policy',
];

const uidLabel = 'io.kubernetes.pod.uid';

export function createAgent(ports: AgentPorts): Agent {
  const desired = new Map<string, Pod>();
  let ready = false;
  let running = true;

  function subscribe(): void {
    const subscription = ports.sources.feed!.subscribe(
      (update) => {
        if (update.type === 'SNAPSHOT') desired.clear();
        for (const pod of update.pods) {
          if (update.type === 'REMOVE') desired.delete(pod.metadata.uid!);
          else desired.set(pod.metadata.uid!, pod);
        }
        ready = true;
        subscription.acknowledge(update.revision);
      },
      () => void setTimeout(subscribe, 100),
    );
  }

  /** One pass: look at what runs, compare with what should, take the next step of each pod. */
  async function reconcile(): Promise<void> {
    const { items } = await ports.runtime.call('ListPodSandbox', {});
    const { containers } = await ports.runtime.call('ListContainers', {});
    const live = items.filter((sandbox) => sandbox.state === 'SANDBOX_READY');
    for (const sandbox of items) {
      const pod = desired.get(sandbox.labels[uidLabel] ?? '');
      if (!ready || (pod !== undefined && pod.metadata.deletionTimestamp === undefined)) continue;
      const own = containers.filter(
        (container) => container.podSandboxId === sandbox.id && container.state === 'CONTAINER_RUNNING',
      );
      const timeout = Math.max(
        2,
        pod?.metadata.deletionGracePeriodSeconds ?? Number(sandbox.annotations['grace'] ?? 30),
      );
      await Promise.all(
        own.map(({ id }) => ports.runtime.call('StopContainer', { containerId: id, timeout })),
      );
      await ports.runtime.call('StopPodSandbox', { podSandboxId: sandbox.id });
      await ports.runtime.call('RemovePodSandbox', { podSandboxId: sandbox.id });
    }
    for (const pod of desired.values()) {
      if (pod.metadata.deletionTimestamp !== undefined) continue;
      const sandbox = live.find((candidate) => candidate.labels[uidLabel] === pod.metadata.uid);
      if (sandbox === undefined)
        await startPod(
          pod,
          items.filter((candidate) => candidate.labels[uidLabel] === pod.metadata.uid).length,
        );
    }
  }

  async function startPod(pod: Pod, attempt: number): Promise<void> {
    const { name: podName, namespace = 'default', uid = '' } = pod.metadata;
    const labels = {
      'io.kubernetes.pod.name': podName,
      'io.kubernetes.pod.namespace': namespace,
      [uidLabel]: uid,
    };
    const grace = String(pod.spec.terminationGracePeriodSeconds ?? 30);
    const config = { metadata: { name: podName, namespace, uid, attempt }, labels, annotations: { grace } };
    const { podSandboxId } = await ports.runtime.call('RunPodSandbox', { config });
    for (const container of pod.spec.containers) {
      await ports.runtime.call('PullImage', { image: { image: container.image } });
      const { containerId } = await ports.runtime.call('CreateContainer', {
        podSandboxId,
        sandboxConfig: config,
        config: {
          metadata: { name: container.name, attempt: 0 },
          image: { image: container.image },
          command: [...(container.command ?? [])],
          args: [...(container.args ?? [])],
          labels: { ...labels, 'io.kubernetes.container.name': container.name },
        },
      });
      await ports.runtime.call('StartContainer', { containerId });
    }
  }

  async function loop(): Promise<void> {
    while (running) {
      await reconcile().catch((error: Error) => ports.log(error.message));
      await new Promise((resolve) => setTimeout(resolve, ports.timings.relistMs));
    }
  }

  return {
    start() {
      subscribe();
      void loop();
    },
    stop() {
      running = false;
    },
  };
}
