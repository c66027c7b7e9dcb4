"""The calls that change something in the runtime, for one pod."""

import asyncio
import time

import grpc

from pod_record import (
    CONTAINER_LABEL,
    CONTENT_ANNOTATION,
    STREAK_ANNOTATION,
    UID_LABEL,
    Container,
    Sandbox,
    is_not_found,
)

# A container is never given less to stop, in seconds.
STOP_TIMEOUT_MIN_S = 2


class PodCalls:
    """Makes the calls and notes in the pod's record what they have made. Raises grpc.RpcError.

    An error does not say that a call had no effect; only another look at the runtime does.
    """

    def __init__(self, runtime, images, record, call_timeout_s):
        self.runtime = runtime
        self.images = images
        self.record = record
        self.call_timeout_s = call_timeout_s

    async def run_sandbox(self, pod):
        attempt = self.record.sandbox_attempt_max + 1
        config = sandbox_config(pod, attempt)
        answer = await self.runtime.RunPodSandbox(timeout_s=2 * self.call_timeout_s, config=config)
        self.record.note_sandbox(Sandbox(answer.pod_sandbox_id, attempt, is_ready=True, ip=""))

    async def has_image(self, image):
        answer = await self.images.ImageStatus(timeout_s=self.call_timeout_s, image={"image": image})
        return answer.HasField("image")

    async def pull_image(self, image):
        await self.images.PullImage(timeout_s=4 * self.call_timeout_s, image={"image": image})

    async def create_container(self, pod, definition, sandbox, *, content, attempt, streak):
        name = definition["name"]
        answer = await self.runtime.CreateContainer(
            timeout_s=self.call_timeout_s,
            pod_sandbox_id=sandbox.id,
            sandbox_config=sandbox_config(pod, sandbox.attempt),
            config={
                "metadata": {"name": name, "attempt": attempt},
                "image": {"image": definition["image"]},
                "command": definition.get("command", []),
                "args": definition.get("args", []),
                "envs": [
                    {"key": variable["name"], "value": variable.get("value", "")}
                    for variable in definition.get("env", [])
                ],
                "labels": {**pod_labels(pod), CONTAINER_LABEL: name},
                "annotations": {
                    "io.kubernetes.container.restartCount": str(attempt),
                    CONTENT_ANNOTATION: content,
                    STREAK_ANNOTATION: str(streak),
                },
                "log_path": f"{name}/{attempt}.log",
            },
        )
        created = Container(answer.container_id, name, attempt, sandbox.id, content, streak)
        self.record.containers[created.id] = created
        return created

    async def start_container(self, container):
        await self.runtime.StartContainer(timeout_s=self.call_timeout_s, container_id=container.id)

    async def stop_container(self, container, end_s):
        """Stops it, by `end_s` if there is so much time; otherwise as soon as it may be stopped."""
        timeout = max(STOP_TIMEOUT_MIN_S, round(end_s - time.time()))
        await unless_gone(
            self.runtime.StopContainer(
                timeout_s=timeout + self.call_timeout_s, container_id=container.id, timeout=timeout
            )
        )

    async def stop_everything(self, end_s):
        """The containers first, side by side; the sandboxes when all of them have stopped."""
        outcomes = await asyncio.gather(
            *(self.stop_container(each, end_s) for each in self.record.live_containers()),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        for sandbox in self.record.ready_sandboxes():
            stop = self.runtime.StopPodSandbox
            await unless_gone(stop(timeout_s=self.call_timeout_s, pod_sandbox_id=sandbox.id))

    async def remove_container(self, container):
        if not container.is_gone:
            remove = self.runtime.RemoveContainer
            await unless_gone(remove(timeout_s=self.call_timeout_s, container_id=container.id))
        del self.record.containers[container.id]

    async def remove_sandbox(self, sandbox):
        remove = self.runtime.RemovePodSandbox
        await unless_gone(remove(timeout_s=self.call_timeout_s, pod_sandbox_id=sandbox.id))
        del self.record.sandboxes[sandbox.id]

    async def remove_everything(self):
        """Removes what has ended: containers before the sandboxes that they were in."""
        for container in list(self.record.containers.values()):
            await self.remove_container(container)
        for sandbox in list(self.record.sandboxes.values()):
            await self.remove_sandbox(sandbox)

    async def remove_surplus(self):
        """Of what has ended, the last container of each name stays, and the sandboxes that are in use."""
        for container in list(self.record.containers.values()):
            if not container.is_live and container is not self.record.last_named(container.name):
                await self.remove_container(container)
        used = {container.sandbox_id for container in self.record.containers.values()}
        for sandbox in list(self.record.sandboxes.values()):
            is_needed = sandbox is self.record.newest_sandbox() or sandbox.id in used
            if not sandbox.is_ready and not is_needed:
                await self.remove_sandbox(sandbox)


async def unless_gone(call):
    """Waits for a call that stops or removes something: that it is not there is as good."""
    try:
        await call
    except grpc.RpcError as error:
        if not is_not_found(error):
            raise


def pod_labels(pod):
    metadata = pod["metadata"]
    return {
        "io.kubernetes.pod.name": metadata["name"],
        "io.kubernetes.pod.namespace": metadata.get("namespace", "default"),
        UID_LABEL: metadata["uid"],
    }


def sandbox_config(pod, attempt):
    metadata = pod["metadata"]
    name, namespace, uid = metadata["name"], metadata.get("namespace", "default"), metadata["uid"]
    return {
        "metadata": {"name": name, "namespace": namespace, "uid": uid, "attempt": attempt},
        "hostname": name[:63],
        "log_directory": f"/var/log/pods/{namespace}_{name}_{uid}",
        "labels": {**metadata.get("labels", {}), **pod_labels(pod)},
        "annotations": metadata.get("annotations", {}),
    }
