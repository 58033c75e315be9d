from types import SimpleNamespace

import pytest

from evals.bench import adapters, scaling


def test_requirements_are_as_many_as_asked_and_different():
    for count in scaling.COUNTS:
        texts = scaling.draw_requirements(count, 3)
        assert len(set(texts)) == count
    assert scaling.draw_requirements(4, 1) != scaling.draw_requirements(4, 2)


def test_every_number_of_requirements_is_measured(monkeypatch):
    judge = SimpleNamespace(stats=SimpleNamespace(forward_passes=0), asked=[])

    def judged(documents, texts):
        judge.asked.append((len(documents), len(texts)))
        judge.stats.forward_passes += 1

    judge.judge = judged
    monkeypatch.setattr(scaling, "fresh_documents", lambda n, seed: [object()] * n)
    found = scaling.measure(judge, 3, 2)
    assert list(found) == [str(count) for count in scaling.COUNTS]
    assert judge.asked.count((3, 16)) == 2 + 6
    assert all(one["forward_passes"] == 1 and one["cold"]["n"] == 2 for one in found.values())


def test_the_surplus_of_a_component_is_what_it_takes_beyond_the_core(monkeypatch):
    times = {"core": 2.0, "LlamaIndex": 2.1, "Haystack": 2.04}
    monkeypatch.setattr(adapters, "seconds", lambda call: call())
    found = adapters.measure({name: lambda value=value: value for name, value in times.items()}, 3)
    assert found["share_of_cached_judging"] == pytest.approx({"LlamaIndex": 0.05, "Haystack": 0.02})
