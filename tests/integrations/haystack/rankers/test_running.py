"""YofoRanker at work: one model for all, threads, async, devices, and what never leaves the machine."""

import asyncio
import inspect
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from haystack import Document
from haystack.utils import ComponentDevice
from haystack_integrations.components.rankers.yofo import YofoRanker

from yofo_rerank.models import build

QUERY = "a long dress, not pink, preferably with pockets"


def ids(result):
    return [document.id for document in result["documents"]]


def scores(result):
    return {document.id: document.score for document in result["documents"]}


def test_two_components_share_one_model_and_warm_up_is_idempotent(model, monkeypatch):
    loads = []
    monkeypatch.setattr(
        build, "build_slot_model", lambda *args, real=build.build_slot_model: loads.append(1) or real(*args)
    )
    first, second = (YofoRanker(model=model, max_batch_tokens=4321) for _ in range(2))
    assert loads == []
    first.warm_up()
    first.warm_up()
    asyncio.run(second.warm_up_async())
    second.run(query=QUERY, documents=[Document(content="a skirt")])
    assert loads == [1]
    first.close()
    second.close()
    first.run(query=QUERY, documents=[Document(content="a skirt")])
    assert loads == [1, 1]


def test_eight_threads_equal_the_serial_result_and_load_once(model, documents, monkeypatch):
    loads = []
    monkeypatch.setattr(
        build, "build_slot_model", lambda *args, real=build.build_slot_model: loads.append(1) or real(*args)
    )
    ranker = YofoRanker(model=model, max_batch_tokens=1234)
    queries = [f"{colour} {thing}" for colour in ("red", "grey") for thing in ("dress", "skirt", "top", "shirt")]
    with ThreadPoolExecutor(8) as pool:
        threaded = list(pool.map(lambda query: ranker.run(query=query, documents=documents), queries))
    serial = [ranker.run(query=query, documents=documents) for query in queries]
    assert loads == [1]
    assert [ids(result) for result in threaded] == [ids(result) for result in serial]
    for one, other in zip(threaded, serial, strict=True):
        assert scores(one) == pytest.approx(scores(other), abs=1e-5)
    assert len({tuple(scores(result).values()) for result in serial}) > 1


def test_run_async_is_run_off_the_loop(model, documents, monkeypatch):
    loaders = []
    monkeypatch.setattr(
        build,
        "build_slot_model",
        lambda *args, real=build.build_slot_model: loaders.append(threading.current_thread()) or real(*args),
    )
    ranker = YofoRanker(model=model, max_batch_tokens=2345)
    assert inspect.signature(ranker.run).parameters == inspect.signature(ranker.run_async).parameters

    async def main():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.001)
                ticks += 1

        ticking = asyncio.create_task(tick())
        result = await ranker.run_async(query=QUERY, documents=documents)
        ticking.cancel()
        return result, ticks

    result, ticks = asyncio.run(main())
    assert ticks > 0
    assert len(loaders) == 1
    assert loaders[0] is not threading.main_thread()
    assert ids(result) == ids(ranker.run(query=QUERY, documents=documents))


def test_device_is_passed_on_and_maps_are_refused(model):
    from haystack.utils import Device, DeviceMap

    ranker = YofoRanker(model=model, device=ComponentDevice.from_str("cpu"))
    assert ranker.run(query=QUERY, documents=[Document(content="a skirt")])["documents"][0].score > 0
    with pytest.raises(ValueError, match="single device"):
        YofoRanker(device=ComponentDevice.from_multiple(DeviceMap({"": Device.cpu(), "lm": Device.gpu(0)})))


def test_there_is_no_way_to_run_remote_code():
    assert "trust_remote_code" not in inspect.signature(YofoRanker).parameters


def test_telemetry_names_no_paths(tmp_path):
    assert YofoRanker(model=tmp_path)._get_telemetry_data() == {"model": "other"}
    assert YofoRanker()._get_telemetry_data() == {"model": "mini"}
