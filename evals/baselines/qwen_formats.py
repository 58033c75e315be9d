"""Prompts and readouts of the Qwen family's rerankers, word for word as their makers' code has them."""

from __future__ import annotations

from evals.baselines.listwise import ListFormat
from evals.baselines.slot_model import Checkpoint
from evals.baselines.slot_scorer import EmbedFormat, PairFormat

ASSISTANT = "<|im_end|>\n<|im_start|>assistant\n"
HELPFUL = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"  # Qwen2-VL's own template puts it there
JUDGE = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct "
    'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
)
WEB_SEARCH = "Given a web search query, retrieve relevant passages that answer the query"
_PAIR = "{image}{text}" + ASSISTANT

# No line break after the instruction, no space after the colons.
QWEN3_VL_RERANKER = PairFormat(
    JUDGE + "<Instruct>: Given a search query, retrieve relevant candidates that answer the query."
    "<Query>:{query}\n<Document>:" + _PAIR,
    Checkpoint(4, 1800),  # the official script's; other copies have 1280
)
LYCHEE = PairFormat(JUDGE + f"<Instruct>: {WEB_SEARCH}<Query>:{{query}}\n<Document>:" + _PAIR, Checkpoint(4, 1280))
QWEN3_RERANKER = (  # with line breaks and spaces, unlike the others, and with an empty thought
    JUDGE
    + f"<Instruct>: {WEB_SEARCH}\n<Query>: {{query}}\n<Document>: {{text}}"
    + ASSISTANT
    + "<think>\n\n</think>\n\n"
)

# 24 and 25 spaces and a misspelt word, from line ends within a string: it was trained on them.
_LAMRA_PAIR = "I will provide you with a query and a candidate. Please evaluate whether the candidate{gap}meets the "
_LAMRA_PAIR += "requirements of the query. If it does, respond with 'Yes'; if it doesn't, {respond} with 'No'."
_LAMRA_LIST = (
    "I will provide you with a query followed by multiple candidates in the format: (1) cand1 (2) cand2, etc. Each "
    "candidate is independent of the others.{gap}Evaluate each candidate against the query, and respond with the "
    "number corresponding to the candidate that best meets the requirements of the query."
)
_FIND = "Find me an everyday image that matches the given caption. {query}"
_USER = HELPFUL + "<|im_start|>user\n"


def _lamra_pair(gap: str, respond: str) -> str:
    return _USER + _LAMRA_PAIR.format(gap=gap, respond=respond) + "Query:{query}Candidate:" + _PAIR


def _lamra_list(gap: str) -> str:
    return _USER + _LAMRA_LIST.format(gap=gap) + "Query:{query}Candidates:"


_LAMRA = Checkpoint(4, 300, "Yes", "No", processor="Qwen/Qwen2-VL-7B-Instruct")
LAMRA = PairFormat(_lamra_pair(" " * 24, "responed"), _LAMRA, _FIND, sentences=True)
LAMRA_LIST = ListFormat(
    _lamra_list(" " * 25), "({number}) {image}{text}", ASSISTANT, r"Ans: \((\d)\)", one_best=True,
    max_new_tokens=16, window=5, step=2, checkpoint=_LAMRA, query=_FIND, sentences=True,
)  # fmt: skip
UNIME = PairFormat(_lamra_pair(" ", "respond"), Checkpoint(4, 300, "Yes", "No"))
UNIME_LIST = ListFormat(
    _lamra_list(" "), "({number}) {image}{text}", ASSISTANT, r".*?\((\d)\).*", one_best=True,
    max_new_tokens=128, window=5, step=2, checkpoint=UNIME.checkpoint,
)  # fmt: skip

MONO = PairFormat(  # the picture comes first, and texts are not read
    _USER + "{image}Assert the relevance of the previous image document to the following query, answer True or False. "
    "The query is: {query}" + ASSISTANT,
    Checkpoint(4, 16384, "True", "False", base="Qwen/Qwen2-VL-2B-Instruct"),
)

MM_R5 = ListFormat(  # "process.For" has no space
    "<|im_start|>system\nA conversation between User and Assistant. The user asks a question, and the Assistant "
    "solves it. The assistant first thinks about the reasoning process in the mind and then provides the user with "
    "the answer. The reasoning process and answer are enclosed within <think> </think> and <answer> </answer> tags, "
    "respectively, i.e., <think> reasoning process here </think><answer> answer here "
    "</answer><|im_end|>\n<|im_start|>user\nPlease rank the following images according to their relevance to the "
    "question. Provide your response in the format: <think>your reasoning process here</think><answer>[image_id_1, "
    "image_id_2, ...]</answer> where the numbers in the list represent the ranking order of images'id from most to "
    "least relevant. Before outputting the answer, you need to analyze each image and provide your analysis "
    "process.For example: <think>Image 1 shows the most relevant content because...</think><answer>[id_most_relevant,"
    " id_second_relevant, ...]</answer>\nThe question is: {query}\n\nThere are {count} images, id from 1 to {count}, "
    "Image ID to image mapping:\n",
    "\nImage {number}: {image}", ASSISTANT, r".*?<answer>\[(.*?)\]</answer>.*", one_best=False,
    max_new_tokens=8192, window=10, step=5, checkpoint=Checkpoint(4, 1280),
)  # fmt: skip

_GME = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n{}" + ASSISTANT + "<|endoftext|>"
GME = EmbedFormat(_GME.format("{query}"), _GME.format("{image}{text}"), Checkpoint(256, 1280, has_head=False))
_EMBED = "<|im_start|>system\nRepresent the user's input.<|im_end|>\n<|im_start|>user\n{}" + ASSISTANT
QWEN3_VL_EMBEDDING = EmbedFormat(
    _EMBED.format("{query}"), _EMBED.format("{image}{text}"), Checkpoint(4, 1800, has_head=False)
)

FORMATS: dict[str, PairFormat | ListFormat | EmbedFormat] = {  # by the names of the records
    "qwen3-vl-reranker-2b": QWEN3_VL_RERANKER,
    "qwen3-vl-reranker-8b": QWEN3_VL_RERANKER,
    "lamra-rank": LAMRA,
    "lamra-rank-listwise": LAMRA_LIST,
    "lychee-rerank-mm": LYCHEE,
    "monoqwen2-vl": MONO,
    "unime-v2-reranker": UNIME,
    "unime-v2-reranker-listwise": UNIME_LIST,
    "mm-r5": MM_R5,
    "gme-2b": GME,
    "qwen3-vl-embedding-2b": QWEN3_VL_EMBEDDING,
    "qwen3-vl-embedding-8b": QWEN3_VL_EMBEDDING,
}
