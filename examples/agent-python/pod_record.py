"""What the runtime has of one pod."""

import asyncio
import time
from dataclasses import dataclass

import grpc

# As in the runtime's own enumerations.
SANDBOX_READY = 0
CREATED, RUNNING, EXITED, UNKNOWN = range(4)

UID_LABEL = "io.kubernetes.pod.uid"
CONTAINER_LABEL = "io.kubernetes.container.name"
# This agent's own notes on its containers: what they are made of, and how often they were restarted in a row.
CONTENT_ANNOTATION = "agent-python/content"
STREAK_ANNOTATION = "agent-python/streak"

# The exit code of a container whose end nobody saw: that was no success.
UNSEEN_EXIT_CODE = 137


@dataclass
class Sandbox:
    id: str
    attempt: int
    is_ready: bool
    ip: str


@dataclass
class Container:
    id: str
    name: str
    attempt: int
    sandbox_id: str
    content: str
    streak: int
    state: int = CREATED
    started_s: float = 0
    finished_s: float = 0
    exit_code: int = UNSEEN_EXIT_CODE
    # Somebody else removed it. It is remembered, so that its restart policy and its back-off still count.
    is_gone: bool = False

    @property
    def is_live(self):
        return self.state in (RUNNING, UNKNOWN)


class PodRecord:
    """The sandboxes and containers of one pod, by identifier, as their statuses have shown them.

    A list may be older than what this agent has done since, or leave things out. So a list only says which
    identifiers to ask about; what is believed is the status of each.
    """

    def __init__(self, runtime, uid, call_timeout_s):
        self.runtime = runtime
        self.uid = uid
        self.call_timeout_s = call_timeout_s
        self.sandboxes = {}
        self.containers = {}
        self.sandbox_attempt_max = -1

    async def inspect(self):
        """Brings the record up to date. Raises grpc.RpcError, and then knows no less than before."""
        own = {"label_selector": {UID_LABEL: self.uid}}
        sandboxes, containers = await asyncio.gather(
            self.runtime.ListPodSandbox(timeout_s=self.call_timeout_s, filter=own),
            self.runtime.ListContainers(timeout_s=self.call_timeout_s, filter=own),
        )
        sandbox_ids = {item.id for item in sandboxes.items}
        container_ids = {item.id: item.pod_sandbox_id for item in containers.containers}
        # What has ended stays ended, as long as it is listed at all.
        questions = [
            self.ask_sandbox(known_id)
            for known_id in sandbox_ids | set(self.sandboxes)
            if known_id not in sandbox_ids or not self.has_ended(self.sandboxes.get(known_id))
        ]
        questions += [
            self.ask_container(known_id, container_ids.get(known_id))
            for known_id in set(container_ids) | set(self.containers)
            if known_id not in container_ids or not self.has_ended(self.containers.get(known_id))
        ]
        await asyncio.gather(*questions)

    def has_ended(self, known):
        if isinstance(known, Sandbox):
            return not known.is_ready
        return known is not None and known.state == EXITED

    async def ask_sandbox(self, sandbox_id):
        try:
            question = self.runtime.PodSandboxStatus
            answer = await question(timeout_s=self.call_timeout_s, pod_sandbox_id=sandbox_id)
        except grpc.RpcError as error:
            if not is_not_found(error):
                raise
            self.sandboxes.pop(sandbox_id, None)
            return
        status = answer.status
        is_ready = status.state == SANDBOX_READY
        self.note_sandbox(Sandbox(sandbox_id, status.metadata.attempt, is_ready, status.network.ip))

    def note_sandbox(self, sandbox):
        self.sandboxes[sandbox.id] = sandbox
        self.sandbox_attempt_max = max(self.sandbox_attempt_max, sandbox.attempt)

    async def ask_container(self, container_id, sandbox_id):
        known = self.containers.get(container_id)
        try:
            answer = await self.runtime.ContainerStatus(
                timeout_s=self.call_timeout_s, container_id=container_id
            )
        except grpc.RpcError as error:
            if not is_not_found(error):
                raise
            if known is not None:
                self.lose(known)
            return
        status = answer.status
        self.containers[container_id] = Container(
            id=container_id,
            name=status.labels[CONTAINER_LABEL],
            attempt=status.metadata.attempt,
            sandbox_id=sandbox_id or known.sandbox_id,
            content=status.annotations[CONTENT_ANNOTATION],
            streak=int(status.annotations[STREAK_ANNOTATION] or 0),
            state=status.state,
            started_s=status.started_at / 1e9,
            finished_s=status.finished_at / 1e9,
            exit_code=status.exit_code,
        )

    def lose(self, container):
        """The container is no longer in the runtime, through no doing of this agent."""
        if container.state == CREATED:
            del self.containers[container.id]
            return
        if container.is_live:
            container.state, container.finished_s = EXITED, time.time()
            container.exit_code = UNSEEN_EXIT_CODE
        container.is_gone = True

    def is_empty(self):
        return not self.sandboxes and not self.containers

    def ready_sandboxes(self):
        return [sandbox for sandbox in self.sandboxes.values() if sandbox.is_ready]

    def live_containers(self):
        return [container for container in self.containers.values() if container.is_live]

    def newest_sandbox(self):
        return max(self.sandboxes.values(), key=lambda sandbox: sandbox.attempt, default=None)

    def named(self, name):
        """The containers of this name, the one that counts last: one that runs, else the newest."""
        own = [container for container in self.containers.values() if container.name == name]
        return sorted(own, key=lambda container: (container.is_live, container.attempt))

    def last_named(self, name):
        return next(reversed(self.named(name)), None)


def is_not_found(error):
    return error.code() == grpc.StatusCode.NOT_FOUND
