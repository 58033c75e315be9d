"""Judges that travel to Ray's workers: they live in a module that can be imported there."""

import os
import time
from pathlib import Path

from PIL import Image

from yofo_rerank.documents import Document
from yofo_rerank.errors import ModelError
from yofo_rerank.requirements import JudgedDocument, Judgement


class RedJudge:
    """p_yes is the amount of red; each call leaves a trace with the number of this process."""

    def __init__(self, traces, seconds=0.0, name="red"):
        self.traces, self.seconds, self.name = str(traces), seconds, name

    def judge_outcomes(self, documents, requirements):
        trace = Path(self.traces) / f"{os.getpid()}"
        with trace.open("a") as file:
            file.writelines(f"{document.id}\n" for document in documents)
        time.sleep(self.seconds * len(documents))
        return [JudgedDocument(tuple(self._judgement(document, one) for one in requirements)) for document in documents]

    @staticmethod
    def _judgement(document, requirement):
        red = document.load_image().getpixel((0, 0))[0] / 255
        p_yes = 1 - red if requirement.text.startswith("not") else red
        return Judgement(requirement=requirement, p_yes=p_yes, verdict=p_yes > 0.5)

    def info(self):
        return {"model": self.name}


class PickyJudge(RedJudge):
    """Cannot judge together what holds one picture it does not like."""

    def judge_outcomes(self, documents, requirements):
        if any(document.load_image().getpixel((0, 0))[0] == 3 for document in documents):
            raise ModelError("no threes", code="no_threes")
        return super().judge_outcomes(documents, requirements)


def red_of(id_):
    """The amount of red that `pictures` gave to a picture."""
    return int(id_.removesuffix(".png")) % 256 / 255


class WordJudge:
    """Yes where the document's text holds the requirement's last word; leaves the text under its process' number."""

    def __init__(self, traces, seconds=0.0):
        self.traces, self.seconds = str(traces), seconds

    def judge_outcomes(self, documents, requirements):
        with (Path(self.traces) / f"{os.getpid()}").open("a") as file:
            file.writelines(f"{document.text}\n" for document in documents)
        time.sleep(self.seconds)
        return [JudgedDocument(tuple(self._judgement(one.text, asked) for asked in requirements)) for one in documents]

    @staticmethod
    def _judgement(text, requirement):
        says_so = requirement.text.split()[-1] in text
        return Judgement(requirement=requirement, p_yes=0.9 if says_so else 0.1, verdict=says_so)

    def info(self):
        return {"model": "words"}


class NotedPartition:
    """Large pictures drawn when it is read, which leaves a file with its name."""

    def __init__(self, number, traces, size=4, side=512):
        self.number, self.traces, self.size, self.side = number, str(traces), size, side

    @property
    def name(self):
        return f"drawn-{self.number:06}"

    def read(self):
        (Path(self.traces) / self.name).touch()
        pictures = (Image.new("RGB", (self.side, self.side), (self.number, place, 0)) for place in range(self.size))
        return self.size, (Document(one, id=f"{self.number}-{place}") for place, one in enumerate(pictures))
