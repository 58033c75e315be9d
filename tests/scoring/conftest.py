"""Short hands for judgements."""

import pytest

from yofo_rerank.requirements import Judgement, Requirement


@pytest.fixture(scope="session")
def judged():
    """judged(0.9, 0.2) are two musts; judged((0.9, "should", 2.0)) has necessity and weight as well."""

    def build(*answers):
        judgements = []
        for position, answer in enumerate(answers, start=1):
            p_yes, necessity, weight = answer if isinstance(answer, tuple) else (answer, "must", 1.0)
            requirement = Requirement(text=f"requirement {position}", necessity=necessity, weight=weight)
            judgements.append(Judgement(requirement=requirement, p_yes=p_yes, verdict=p_yes >= 0.5))
        return judgements

    return build
