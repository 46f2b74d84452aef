"""`settings.concurrency` over many partitions: the limit is exact however executions are started, and a start twice is once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import CancelActivity, CancelExecution, Command, CreateExecution, RunActivity, SendSignal, TerminateExecution
from contracts.definitions import WorkflowDefinition
from contracts.errors import Rejected
from contracts.ids import counted_in, partition_of
from contracts.journal import OWN
from contracts.system import SLOT
from contracts.values import encode
from domain.execution.keeper import keeper_id
from infra.clock import SystemClock
from infra.files.blobs import MemoryBlobs
from infra.files.snapshots import MemorySnapshots
from tests.cluster.memory import MemoryCluster, memory_cluster
from workers.partition.catalog import Catalog
from workers.partition.owner import Owner

PARTITIONS = 4
WAIT: dict[str, Any] = {"id": "wait", "type": "wait_signal", "config": {"name": "go"}}


def limited(policy: str = "queue", limit: int = 2, name: str = "w") -> dict[str, Any]:
    return {"name": name, "nodes": [WAIT], "settings": {"concurrency": {"limit": limit, "policy": policy}}}


UNLIMITED = {"name": "w", "nodes": [WAIT]}
Story = Callable[[MemoryCluster], Coroutine[Any, Any, None]]


def tell(folder: Path, story: Story, *nodes: str) -> None:
    async def run() -> None:
        async with memory_cluster(folder, *(nodes or ("a", "b")), partitions=PARTITIONS) as cluster:
            await story(cluster)

    asyncio.run(run())


def own_id(there: bool, number: int = 0) -> str:
    """An id of a caller's, where executions of `w` are counted or not."""
    names = (f"order-{count}" for count in range(10_000))
    fitting = [name for name in names if (partition_of(name, PARTITIONS) == counted_in("w", PARTITIONS)) == there]
    return fitting[number]


def running(cluster: MemoryCluster) -> list[str]:
    """Those of `w`, or of one of its families, that run."""
    return [
        name
        for name, status in cluster.statuses().items()
        if status == "running" and name[:4] != "slot" and (name[:4] != "top-" or "~" in name)
    ]


def keepers(cluster: MemoryCluster) -> list[str]:
    """The statuses of those that keep slots for executions elsewhere."""
    return [status for name, status in cluster.statuses().items() if name.startswith("slot!")]


def run(cluster: MemoryCluster, *names: str) -> bool:
    """Whether these run, and no others."""
    return sorted(running(cluster)) == sorted(names)


def keeps_for(cluster: MemoryCluster, name: str) -> bool:
    """Whether somebody asks for a slot in the place of this execution."""
    return keeper_id(name, counted_in("w", PARTITIONS)) in cluster.statuses()


async def finish_one(cluster: MemoryCluster, node: str, count: int) -> None:
    """Wait until so many run, and no more; then let one of them end."""
    await cluster.until(lambda: len(running(cluster)) == count)
    name = running(cluster)[0]
    await cluster.give(node, name, SendSignal(name, "go", b"1"))
    await cluster.until(lambda: cluster.statuses()[name] == "completed")


@pytest.mark.parametrize("limit", [1, 2])
def test_no_more_run_than_may_however_they_were_started_and_whoever_was_asked(tmp_path: Path, limit: int) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited(limit=limit))
        ways: list[dict[str, Any]] = [{}, *({"key": f"k{number}"} for number in range(8)), {"execution": own_id(there=True)}]
        ways += [{"execution": own_id(there=False, number=number)} for number in range(4)]
        started = [(await cluster.ask("ab"[number % 2], "w", **way)).view.execution_id for number, way in enumerate(ways)]
        for left in range(len(started), 0, -1):
            await finish_one(cluster, "ab"[left % 2], min(limit, left))
        await cluster.until(lambda: set(cluster.statuses().values()) == {"completed"})
        assert len(set(started)) == len(ways)

    tell(tmp_path, story)


def test_where_too_many_are_refused_a_callers_id_that_lies_elsewhere_is_too_with_a_way_out(tmp_path: Path) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited("reject"))
        for node in "ab":
            with pytest.raises(Rejected, match="leave the id out, or send an Idempotency-Key") as refused:
                await cluster.ask(node, "w", execution=own_id(there=False))
            assert refused.value.reason == "counted_elsewhere"
        assert cluster.statuses() == {}

    tell(tmp_path, story)


def test_a_key_is_one_execution_also_where_versions_are_counted_otherwise(tmp_path: Path) -> None:
    async def story(cluster: MemoryCluster) -> None:
        keys = [f"k{number}" for number in range(4)]
        first: dict[str, str] = {}
        for turn, definition in enumerate((UNLIMITED, limited(), UNLIMITED | {"description": "again"})):
            await cluster.publish(definition)
            for key in keys:
                for node in "ab":
                    answer = await cluster.ask(node, "w", key=key)
                    assert first.setdefault(key, answer.view.execution_id) == answer.view.execution_id
            keys.append(f"new{turn}")
            answer = await cluster.ask("b", "w", key=keys[-1])
            assert answer.created
            first[keys[-1]] = answer.view.execution_id
            ended = first[keys[turn]]
            await cluster.give("a", ended, SendSignal(ended, "go", b"1"))
        assert len(cluster.statuses()) == len(first)

    tell(tmp_path, story)


def test_the_limit_holds_after_a_takeover(tmp_path: Path) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited(limit=1))
        started = [(await cluster.ask("ab"[number % 2], "w", key=str(number))).view.execution_id for number in range(6)]
        await cluster.start("c")
        for node in "ab":
            await cluster.kill(node)
        await cluster.all_owned()
        for number in range(6):
            assert (await cluster.ask("c", "w", key=str(number))).view.execution_id == started[number], "the same start once more"
        for _ in started:
            await finish_one(cluster, "c", count=1)

    tell(tmp_path, story)


def test_a_start_too_many_is_refused_whatever_its_key(tmp_path: Path) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited("reject", 2))
        outcomes = await asyncio.gather(*(cluster.ask("ab"[n % 2], "w", key=str(n)) for n in range(12)), return_exceptions=True)
        refused = [one for one in outcomes if isinstance(one, Rejected)]
        assert {one.reason for one in refused} == {"concurrency_limit"}
        assert len(refused) == 10
        assert len(cluster.statuses()) == 2

    tell(tmp_path, story)


def family(mode: str = "wait") -> dict[str, Any]:
    """A workflow that starts one of `w`."""
    return {
        "name": f"top{mode}",
        "nodes": [{"id": "n", "type": "sub_workflow", "config": {"workflow": "w", "mode": mode, "on_parent_close": "abandon"}}],
    }


@pytest.mark.parametrize("mode", ["wait", "detached"])
def test_sub_workflows_are_counted_wherever_their_parents_lie(tmp_path: Path, mode: str) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited(limit=2))
        await cluster.publish(family(mode))
        for number in range(8):
            await cluster.ask("ab"[number % 2], f"top{mode}", execution=f"top-{number}")
        await cluster.ask("a", "w")
        await cluster.until(lambda: len([name for name in cluster.statuses() if "~" in name]) == 8)
        assert len({partition_of(f"top-{number}", PARTITIONS) for number in range(8)}) > 1
        for left in range(9, 0, -1):
            await finish_one(cluster, "ab"[left % 2], min(2, left))
        await cluster.until(lambda: set(cluster.statuses().values()) == {"completed"})

    tell(tmp_path, story)


@pytest.mark.parametrize("end", [CancelExecution(), TerminateExecution()])
def test_whoever_is_stopped_elsewhere_gives_its_slot_or_its_place_back(tmp_path: Path, end: Command) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited(limit=1))
        names = [own_id(False, number) for number in range(3)]
        for name in names:
            await cluster.ask("a", "w", execution=name)
            await cluster.until(partial(keeps_for, cluster, name))
        await cluster.until(lambda: running(cluster) == [names[0]])
        for stopped in names[:2][::-1]:  # the one that waits, then the one that runs
            await cluster.give("b", stopped, end)
        await cluster.until(lambda: running(cluster) == [names[2]])
        await cluster.until(lambda: sorted(keepers(cluster)) == ["completed", "completed", "running"])

    tell(tmp_path, story)


def test_with_replace_the_newest_runs_wherever_it_and_the_others_lie(tmp_path: Path) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited("replace", 1))
        names = [own_id(number % 2 == 0, number) for number in range(4)]
        for name in names:
            await cluster.ask("a", "w", execution=name)
            await cluster.until(partial(run, cluster, name))
        assert [cluster.statuses()[name] for name in names] == ["cancelled"] * 3 + ["running"]

    tell(tmp_path, story)


@pytest.mark.parametrize(("policy", "kind"), [("reject", "concurrency_limit"), ("skip", "skipped")])
def test_a_sub_workflow_too_many_fails_its_node_and_the_others_run(tmp_path: Path, policy: str, kind: str) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited(policy, 1))
        await cluster.publish(family() | {"settings": {"on_failure": "fail"}})
        tops = [f"top-{number}" for number in range(6)]
        for name in tops:
            await cluster.ask("a", "topwait", execution=name)
        await cluster.until(lambda: sorted(cluster.statuses()[name] for name in tops) == ["failed"] * 5 + ["running"])
        await cluster.until(lambda: len(running(cluster)) == 1)
        failed = next(name for name in tops if cluster.statuses()[name] == "failed" and partition_of(name, 4) != counted_in("w", 4))
        view = await cluster.living["a"].service.view(f"{failed}~n")
        assert view.error is not None
        assert view.error["type"] == kind

    tell(tmp_path, story)


def test_slots_that_are_kept_elsewhere_outlive_every_process(tmp_path: Path) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited(limit=2))
        names = [own_id(number % 3 == 0, number) for number in range(4)]
        for number, name in enumerate(names):
            await cluster.ask("ab"[number % 2], "w", execution=name)
        for left, (killed, started) in zip(range(4, 0, -1), [("a", "c"), ("b", "d"), ("c", "e"), ("d", "f")], strict=True):
            await cluster.kill(killed)
            await cluster.start(started)
            await cluster.all_owned()
            await finish_one(cluster, started, min(2, left))
        await cluster.until(lambda: set(cluster.statuses().values()) == {"completed"})

    tell(tmp_path, story)


def test_a_slot_that_comes_to_one_that_has_ended_goes_back(tmp_path: Path) -> None:
    """As where a keeper was asked for once more, long after its execution gave its slot back."""

    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish(limited(limit=1))
        (a, b), home = (own_id(False, number) for number in range(2)), counted_in("w", PARTITIONS)
        await cluster.ask("a", "w", execution=a)
        await finish_one(cluster, "a", 1)
        await cluster.until(lambda: keepers(cluster) == ["completed"])
        folded = cluster.living["a"].catalog.resolve("w")[1]
        claim = encode({"execution": a, "workflow": "w", "lane": ""})
        late = keeper_id("another", home)
        await cluster.give("a", late, CreateExecution(SLOT, 1, folded, claim))
        await cluster.ask("a", "w", execution=b)
        await cluster.until(lambda: running(cluster) == [b])
        assert cluster.statuses()[late] == "completed"

    tell(tmp_path, story)


class NoWorker:
    """See `contracts.ports.activities.ActivityWorker`."""

    def run(self, activity: RunActivity) -> None: ...

    def take_over(self, activities: Sequence[RunActivity]) -> None: ...

    def cancel(self, activity: CancelActivity) -> None: ...

    def step(self) -> bool:
        return False

    def last_heartbeat(self, execution: str, path: str, attempt: int) -> int | None:
        return None


def start_as_before_keepers_were_there(cluster: MemoryCluster, names: list[str]) -> None:
    """These lie where their slots were not kept, and queued there all the same."""
    clock, partition = SystemClock(), partition_of(names[0], PARTITIONS)
    catalog = Catalog(cluster.log, clock)
    hash_ = catalog.publish(WorkflowDefinition.model_validate(limited(limit=1))).hash
    stores = cluster.log, catalog, MemoryBlobs(), MemorySnapshots(), clock
    owner = Owner(*stores, NoWorker(), nonce=lambda: b"12345678", partition=partition, own=OWN)
    owner.claim()
    for name in names:
        owner.send(name, CreateExecution("w", 1, hash_, b"{}"))
    while owner.step():
        pass


def test_what_queued_in_another_partition_before_keepers_were_there_goes_on_there(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, partitions=PARTITIONS) as cluster:
            every = [own_id(False, number) for number in range(20)]
            old = [name for name in every if partition_of(name, PARTITIONS) == partition_of(every[0], PARTITIONS)][:3]
            start_as_before_keepers_were_there(cluster, old)
            await cluster.start("a")
            await cluster.all_owned()
            new = next(name for name in every if name not in old)
            await cluster.until(lambda: cluster.living["a"].catalog.active("w") == 1)
            await cluster.ask("a", "w", execution=new)
            await cluster.until(lambda: sorted(running(cluster)) == sorted([old[0], new]))
            for name, following in ((old[0], old[1]), (old[1], old[2])):
                await cluster.give("a", name, SendSignal(name, "go", b"1"))
                await cluster.until(partial(run, cluster, following, new))
            assert len(keepers(cluster)) == 1

    asyncio.run(story())


def test_a_quota_that_queues_is_exact_whoever_is_asked_and_whoever_takes_over(tmp_path: Path) -> None:
    async def story(cluster: MemoryCluster) -> None:
        quota = {"open": 3, "on_limit": "queue"}
        await cluster.publish({"name": "w", "nodes": [WAIT], "settings": {"quota": quota}})
        await asyncio.gather(*(cluster.ask("ab"[n % 2], "w", key=str(n)) for n in range(8)))
        assert sorted(cluster.statuses().values()) == ["created"] * 5 + ["running"] * 3
        await cluster.start("c")
        for node in "ab":
            await cluster.kill(node)
        await cluster.all_owned()
        done: set[str] = set()
        while len(done) < 8:
            await cluster.until(lambda: bool(set(running(cluster)) - done))
            assert len(running(cluster)) <= 3
            for name in set(running(cluster)) - done:
                await cluster.give("c", name, SendSignal(name, "go", b"1"))
                done.add(name)

    tell(tmp_path, story)


def test_a_quota_is_exact_whoever_is_asked_and_its_refusal_says_when_to_come_again(tmp_path: Path) -> None:
    async def story(cluster: MemoryCluster) -> None:
        await cluster.publish({"name": "w", "nodes": [WAIT], "settings": {"quota": {"starts_per_minute": 3}}})
        outcomes = await asyncio.gather(*(cluster.ask("ab"[n % 2], "w", key=str(n)) for n in range(12)), return_exceptions=True)
        refused = [one for one in outcomes if isinstance(one, Rejected)]
        assert {one.reason for one in refused} == {"quota_exceeded"}
        assert all(1 <= one.details["retry_after_s"] <= 60 for one in refused)
        assert (len(refused), len(cluster.statuses())) == (9, 3)
        with pytest.raises(Rejected, match="leave the id out"):
            await cluster.ask("a", "w", execution=own_id(there=False))

    tell(tmp_path, story)
