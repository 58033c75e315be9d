"""What is not spoilt is answered: else nothing that is spoilt would be tried in earnest."""

import json
import random

import pytest

from tests.attack import services
from tests.attack.entry import LetIn
from yofo_rerank.judges.dialects import DIALECTS
from yofo_rerank.judges.system_one import _answers


@pytest.mark.parametrize("path, body", [(path, one) for path, some in services.BODIES.items() for one in some[:1]])
def test_good_requests_are_answered(path, body, tmp_path):
    answer = services._client().post(path, json=body)
    assert answer.status_code == 200, answer.text
    services.check_request((path, json.dumps(body).encode(), {"Content-Type": b"application/json"}), tmp_path)


def test_spoilt_requests_are_answered_in_many_ways():
    sent = [services.make_request(random.Random(seed)) for seed in range(200)]
    found = {services._client().post(path, content=body, headers=headers).status_code for path, body, headers in sent}
    assert {200, 404, 415, 422} <= found


def test_a_request_that_breaks_the_service_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(services, "REFUSED", set())
    with pytest.raises(LetIn, match="422"):
        services.check_request(("/v1/rerank", b"{", {"Content-Type": b"application/json"}), tmp_path)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_right_answers_are_read(dialect, tmp_path):
    answers = [services.make_answer(random.Random(seed)) for seed in range(300)]
    assert {one[0] for one in answers} == set(DIALECTS)
    read = _answers(DIALECTS[dialect], services.right_answer(dialect, 3), 3)
    assert [p_yes for p_yes, _ in read] == [0.5, 0.5, 0.5]
