import threading
import time

import pytest

from yofo_rerank.errors import ImageError
from yofo_rerank.models.workers import AHEAD, Workers


def pool_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("yofo-prepare")]


def test_results_come_in_order():
    def slow_first(number):
        time.sleep(0.02 if number == 0 else 0)
        return number * 2

    with Workers(4) as workers:
        assert list(workers.ahead(slow_first, range(1, 30))) == [(number, number * 2) for number in range(1, 30)]


def test_what_is_known_needs_no_thread():
    with Workers(4) as workers:
        assert list(workers.ahead(pytest.fail, [1, 2], known=lambda number: number)) == [(1, 1), (2, 2)]
        assert pool_threads() == []


def test_known_and_unknown_keep_their_order():
    with Workers(2) as workers:
        found = workers.ahead(lambda number: -number, [1, 2, 3, 4], known=lambda number: number if number % 2 else None)
        assert list(found) == [(1, 1), (2, -2), (3, 3), (4, -4)]


def test_few_results_wait():
    taken = 0

    def stream():
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield number + 1

    with Workers(2) as workers:
        results = workers.ahead(lambda number: number, stream())
        next(results)
        assert taken <= AHEAD * 2 + 1


def test_an_item_that_fails_fails_alone():
    def work(number):
        if number == 2:
            raise ImageError("bad", code="truncated")
        if number == 3:
            raise MemoryError
        return number

    with Workers(2) as workers:
        found = [result for _, result in workers.ahead(work, [1, 2, 3, 4])]
    assert (found[0], found[3]) == (1, 4)
    assert [error.code for error in found[1:3]] == ["truncated", "oom"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_the_pool_is_gone_whatever_happens(error):
    with pytest.raises(error), Workers(2) as workers:
        for number, _ in workers.ahead(lambda number: number, range(1, 100)):
            if number == 3:
                assert pool_threads()
                raise error
    assert pool_threads() == []
