"""A small node agent: runs the pods that a feed lists, through the Container Runtime Interface.

Three loops read what there is: the feed, the runtime's lists, and the runtime's own status. They tell the
workers, of which each pod has one, and only those change anything.
"""

import argparse
import asyncio
import json
import sys

import grpc

from pod_record import UID_LABEL
from pod_worker import PodWorker
from wire import Client, Protocol

FEED_RETRY_S = 0.1
CHANNEL_OPTIONS = [
    # A runtime or a feed that comes back is found soon.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
]


class Agent:
    def __init__(self, runtime, images, feed, feed_messages, timings, node_name, tasks):
        self.runtime = runtime
        self.images = images
        self.feed = feed
        self.feed_messages = feed_messages
        self.timings = timings
        self.node_name = node_name
        self.tasks = tasks
        self.workers = {}
        # The feed's list by UID, in its order; None until it has delivered once in this life of the agent.
        self.listed = None
        # What the last list of the runtime showed of each pod; None until there was one.
        self.seen = None
        self.runtime_is_ready = False
        self.network_is_ready = False

    def period_s(self, name):
        return self.timings[name] / 1000

    async def read_feed(self):
        """Follows the feed. A broken stream takes nothing away: the next one begins with all there is."""
        request = self.feed_messages["conformance.feed.v1.FeedRequest"]
        while True:
            stream = self.feed.Watch()
            try:
                await stream.write(request(subscribe={"node_name": self.node_name}))
                async for update in stream:
                    self.take(update)
                    await stream.write(request(ack={"revision": update.revision}))
            except (grpc.RpcError, asyncio.InvalidStateError) as error:
                print(f"the feed broke: {error!r}"[:200], file=sys.stderr)
            stream.cancel()
            await asyncio.sleep(FEED_RETRY_S)

    def take(self, update):
        kinds = update.DESCRIPTOR.fields_by_name["type"].enum_type.values_by_number
        kind = kinds[update.type].name
        if kind == "SNAPSHOT":
            self.listed = {}
        for text in update.pods:
            pod = json.loads(text)
            uid = pod["metadata"]["uid"]
            if kind == "REMOVE":
                self.listed.pop(uid, None)
            else:
                self.listed[uid] = pod
        self.tell_workers()

    async def watch_runtime(self):
        """Lists the runtime, wakes the workers of pods that look different, and finds pods nobody lists."""
        while True:
            try:
                seen = await self.look()
            except grpc.RpcError as error:
                # An error is no answer: what was known stays known.
                print(f"the runtime cannot be listed: {error.details()}", file=sys.stderr)
            else:
                before, self.seen = self.seen or {}, seen
                self.tell_workers()
                for uid, worker in self.workers.items():
                    if before.get(uid) != seen.get(uid):
                        worker.wake.set()
            await asyncio.sleep(self.period_s("relistMs"))

    async def look(self):
        deadline_s = self.period_s("callDeadlineMs")
        sandboxes, containers = await asyncio.gather(
            self.runtime.ListPodSandbox(timeout_s=deadline_s),
            self.runtime.ListContainers(timeout_s=deadline_s),
        )
        seen = {}
        for item in [*sandboxes.items, *containers.containers]:
            # What has no such label belongs to somebody else.
            if UID_LABEL in item.labels:
                seen.setdefault(item.labels[UID_LABEL], set()).add((item.id, item.state))
        return seen

    async def watch_status(self):
        while True:
            conditions = {}
            try:
                answer = await self.runtime.Status(timeout_s=self.period_s("callDeadlineMs"))
                conditions = {each.type: each.status for each in answer.status.conditions}
            except grpc.RpcError as error:
                print(f"the runtime has no status: {error.details()}", file=sys.stderr)
            self.runtime_is_ready = conditions.get("RuntimeReady", False)
            self.network_is_ready = conditions.get("NetworkReady", False)
            await asyncio.sleep(self.period_s("runtimeStatusMs"))

    def tell_workers(self):
        """Nothing is begun or ended before both the feed and the runtime have been seen once."""
        if self.listed is None or self.seen is None:
            return
        chosen = self.choose()
        for uid in {*chosen, *self.seen, *self.workers}:
            worker = self.workers.get(uid)
            if worker is None:
                worker = self.workers[uid] = PodWorker(self, uid)
                self.tasks.create_task(worker.run())
            elif worker.listed is chosen.get(uid):
                continue
            worker.tell(chosen.get(uid))

    def choose(self):
        """Of several pods of one name one is run: the one that is run already, else the first."""
        by_name = {}
        for uid, pod in self.listed.items():
            name = (pod["metadata"].get("namespace", "default"), pod["metadata"]["name"])
            by_name.setdefault(name, []).append(uid)

        def rank(uid):
            worker = self.workers.get(uid)
            return (worker is None or worker.listed is None, uid not in self.seen)

        return {uid: self.listed[uid] for uids in by_name.values() for uid in [min(uids, key=rank)]}

    def forget(self, uid):
        del self.workers[uid]


async def run(options):
    protocol = Protocol(options.protos, ["runtime-v1.proto", "feed.proto"])
    async with (
        grpc.aio.insecure_channel(options.runtime, CHANNEL_OPTIONS) as runtime_channel,
        grpc.aio.insecure_channel(options.feed, CHANNEL_OPTIONS) as feed_channel,
        # A loop that fails of something unforeseen ends the agent.
        asyncio.TaskGroup() as tasks,
    ):
        agent = Agent(
            runtime=Client(runtime_channel, protocol, "runtime.v1.RuntimeService"),
            images=Client(runtime_channel, protocol, "runtime.v1.ImageService"),
            feed=Client(feed_channel, protocol, "conformance.feed.v1.PodFeed"),
            feed_messages=protocol.messages,
            timings=json.loads(options.timings),
            node_name=options.node_name,
            tasks=tasks,
        )
        for loop in (agent.read_feed(), agent.watch_runtime(), agent.watch_status()):
            tasks.create_task(loop)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runtime", required=True, help="unix:// address of the container runtime")
    parser.add_argument("--feed", required=True, help="unix:// address of the feed of pod updates")
    parser.add_argument("--node-name", required=True)
    parser.add_argument("--timings", required=True, help="the periods in milliseconds, as JSON")
    parser.add_argument("--protos", required=True, help="directory of the .proto files")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
