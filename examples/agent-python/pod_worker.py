"""Makes one pod what its definition says, one step at a time."""

import asyncio
import hashlib
import json
import math
import sys
import time

import grpc

from pod_calls import PodCalls
from pod_record import CREATED, EXITED, RUNNING, PodRecord

# What a pod is given to stop that only the runtime knows of, in seconds.
ORPHAN_GRACE_S = 1
DEFAULT_GRACE_S = 30


class NotWanted(Exception):
    """The end of the pod began while it was being set up."""


class PodWorker:
    """The only one who touches the pod's sandboxes and containers, so its calls follow one another.

    A life of the pod goes from its first definition to its end. An end that has begun is carried through; a
    pod that is listed again by then gets another life.
    """

    def __init__(self, agent, uid):
        self.agent = agent
        self.uid = uid
        call_timeout_s = agent.period_s("callDeadlineMs")
        self.record = PodRecord(agent.runtime, uid, call_timeout_s)
        self.calls = PodCalls(agent.runtime, agent.images, self.record, call_timeout_s)
        self.wake = asyncio.Event()
        # What the feed says of the pod now; None when it does not list it.
        self.listed = None
        self.begin_life(None)

    def begin_life(self, pod):
        # The last definition by which the pod was wanted.
        self.pod = pod
        # When its grace period is over, in seconds since the epoch; None while it is wanted.
        self.end_s = None
        # Containers that were stopped so that others can take their place, whatever the restart policy.
        self.replaced = set()
        # By image: when the next pull may be tried, and how long the wait for it is.
        self.pull_waits = {}

    def tell(self, listed):
        """The feed says something else of this pod, or nothing any more (None)."""
        self.listed = listed
        if listed is None:
            self.end_within(grace_s(self.pod) if self.pod else ORPHAN_GRACE_S)
        elif is_deleted(listed):
            self.end_within(listed["metadata"].get("deletionGracePeriodSeconds", grace_s(listed)))
        elif self.end_s is None:
            self.pod = listed
        self.wake.set()

    def end_within(self, seconds):
        """Begins the end or brings it closer; it is never put off."""
        self.end_s = min(self.end_s or math.inf, time.time() + seconds)

    async def run(self):
        """Takes steps until nothing is left of the pod."""
        while True:
            self.wake.clear()
            wait_s = self.agent.period_s("syncFrequencyMs")
            try:
                wait_s = min(wait_s, await self.step())
            except NotWanted:
                wait_s = 0
            except grpc.RpcError as error:
                print(f"{self.uid}: {error.code().name}: {error.details()}", file=sys.stderr)
                wait_s = min(wait_s, self.agent.period_s("errorRetryMs"))
            if self.is_over():
                self.agent.forget(self.uid)
                return
            try:
                await asyncio.wait_for(self.wake.wait(), wait_s)
            except asyncio.TimeoutError:
                pass

    def is_over(self):
        return self.end_s is not None and self.listed is None and self.record.is_empty()

    async def step(self):
        """Looks at the runtime and does what comes next. Returns after how many seconds to look again."""
        await self.record.inspect()
        if self.end_s is not None:
            return await self.end()
        if not self.agent.runtime_is_ready:
            return self.agent.period_s("networkRetryMs")
        return await self.keep()

    async def end(self):
        if self.record.live_containers() or self.record.ready_sandboxes():
            await self.calls.stop_everything(self.end_s)
            # It is believed when another look shows that nothing lives.
            return 0
        if self.listed is None or not is_deleted(self.listed):
            await self.calls.remove_everything()
        if self.listed is not None and not is_deleted(self.listed):
            self.begin_life(self.listed)
            return 0
        return math.inf

    async def keep(self):
        sandbox = self.record.newest_sandbox()
        ready = self.record.ready_sandboxes()
        if self.has_finished():
            await self.calls.stop_everything(time.time())
            wait_s = math.inf
        elif ready == [sandbox] and sandbox.ip != "":
            wait_s = await self.keep_containers(sandbox)
        elif ready or self.record.live_containers():
            await self.calls.stop_everything(time.time() + grace_s(self.pod))
            return 0
        elif self.agent.network_is_ready:
            await self.calls.run_sandbox(self.pod)
            return 0
        else:
            return self.agent.period_s("networkRetryMs")
        await self.calls.remove_surplus()
        return wait_s

    def has_finished(self):
        """Whether every container has ended, and none of them is to run again."""
        lasts = [self.record.last_named(each["name"]) for each in self.pod["spec"]["containers"]]
        return all(last and last.state == EXITED and not self.runs_again(last) for last in lasts)

    def runs_again(self, ended):
        policy = self.pod["spec"].get("restartPolicy", "Always")
        return ended.id in self.replaced or restarts_after(policy, ended.exit_code)

    async def keep_containers(self, sandbox):
        """Each container in its turn. One that fails does not hold up the others."""
        waits_s, errors = [], []
        for definition in self.pod["spec"]["containers"]:
            try:
                waits_s.append(await self.keep_container(definition, sandbox))
            except grpc.RpcError as error:
                errors.append(error)
        if errors:
            raise errors[0]
        return min(waits_s)

    async def keep_container(self, definition, sandbox):
        *others, last = self.record.named(definition["name"]) or [None]
        content = content_of(definition)
        to_stop = [other for other in others if other.is_live]
        if last and last.is_live and (last.state != RUNNING or last.content != content):
            self.replaced.add(last.id)
            to_stop.append(last)
        for container in to_stop:
            await self.calls.stop_container(container, time.time() + grace_s(self.pod))
        if to_stop:
            return 0
        if last and last.state == RUNNING:
            return math.inf
        if last and last.state == CREATED:
            self.assert_wanted()
            if last.sandbox_id == sandbox.id and last.content == content:
                await self.calls.start_container(last)
            else:
                await self.calls.remove_container(last)
            return 0
        return await self.start_next(definition, sandbox, last)

    async def start_next(self, definition, sandbox, last):
        """Starts a container where none runs, unless its policy, its back-off or its image forbid it."""
        attempt, streak = 0, 0
        content = content_of(definition)
        if last:
            if not self.runs_again(last):
                return math.inf
            attempt = last.attempt + 1
            if last.id not in self.replaced and last.content == content:
                has_recovered = last.finished_s - last.started_s >= self.agent.period_s("backoffResetMs")
                streak = 1 if has_recovered else last.streak + 1
            left_s = last.finished_s + self.delay_s(streak - 1) - time.time()
            if left_s > 0:
                return left_s
        left_s = await self.provide_image(definition)
        if left_s > 0:
            return left_s
        self.assert_wanted()
        created = await self.calls.create_container(
            self.pod, definition, sandbox, content=content, attempt=attempt, streak=streak
        )
        self.assert_wanted()
        await self.calls.start_container(created)
        return math.inf

    async def provide_image(self, definition):
        """Pulls the image if need be. Returns after how many seconds to try again; 0 when it is there."""
        image = definition["image"]
        policy = definition.get("imagePullPolicy", "Always" if is_latest(image) else "IfNotPresent")
        if policy != "Always" and await self.calls.has_image(image):
            return 0
        if policy == "Never":
            return math.inf
        due_s, wait_s = self.pull_waits.get(image, (0, 0))
        if time.time() < due_s:
            return due_s - time.time()
        self.assert_wanted()
        try:
            await self.calls.pull_image(image)
        except grpc.RpcError:
            wait_s = min(max(2 * wait_s, self.delay_s(1)), self.agent.period_s("backoffMaxMs"))
            self.pull_waits[image] = (time.time() + wait_s, wait_s)
            raise
        self.pull_waits.pop(image, None)
        return 0

    def delay_s(self, crashes):
        """The back-off after so many restarts in a row: none, the initial one, then twice as long each time."""
        if crashes <= 0:
            return 0
        longer_s = self.agent.period_s("backoffInitialMs") * 2 ** min(crashes - 1, 30)
        return min(longer_s, self.agent.period_s("backoffMaxMs"))

    def assert_wanted(self):
        if self.end_s is not None:
            raise NotWanted


def restarts_after(policy, exit_code):
    """Whether a container that ended with this code runs again."""
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def grace_s(pod):
    return pod["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE_S)


def is_deleted(pod):
    return "deletionTimestamp" in pod["metadata"]


def is_latest(image):
    """An image without tag and digest means its tag `latest`."""
    name = image.rsplit("/", 1)[-1]
    return name.endswith(":latest") or (":" not in name and "@" not in name)


def content_of(definition):
    """What a container is made of: when that changes, another has to take its place."""
    parts = {key: definition.get(key) for key in ("name", "image", "command", "args", "env")}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
