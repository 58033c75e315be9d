"""Parse a scoring expression by an allow-list, and work out its expected value; nothing is ever run as Python.

An expression is a sum of parts. A part is evaluated as a distribution over its possible values, each name being 1 with
its p_yes and 0 otherwise: exact, because names that occur more than once in a part are tried both ways.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import product

from yofo_rerank.errors import RuleError

MAX_CHARS = 2000
MAX_NODES = 500
MAX_DEPTH = 100  # a sum of 100 terms is 100 deep
MAX_NUMBER = 1e6
MAX_STEPS = 100_000  # combinations of values in one evaluation of the whole expression

MAX_TIED = 12  # names that occur more than once, among parts that share them

Distribution = dict[float, float]  # value -> probability
Part = tuple[float, ast.expr]  # factor, and what it multiplies

_PLAIN = re.compile(r"[A-Za-z0-9_ \t().,+\-*/<>=!]*")  # ASCII: Python would read other alphabets' letters as these
_GLUED = re.compile(r"(?:(?<![A-Za-z0-9_])|\.)[0-9][0-9.]*[A-Za-z_]")  # `2r1`, `1or`, `1e9`, `0x10`
_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.And: lambda left, right: right if left else left,  # as in Python, on numbers too
    ast.Or: lambda left, right: left if left else right,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: dict[str, Callable[[float, float], float]] = {"min": min, "max": max}
_ALLOWED = "requirement names, numbers, and or not + - * / < <= > >= == != min() max() and parentheses"


@dataclass(frozen=True)
class Expression:
    """A parsed expression: the sum of factor * part, and the smallest and largest value it can take."""

    parts: tuple[Part, ...]
    names: frozenset[str]
    low: float
    high: float


@lru_cache(maxsize=256)
def parse_expression(text: str) -> Expression:
    """Parse and check.

    >>> parse_expression("2*r1 + r3").high
    3.0

    Raises:
        RuleError: not an expression of the allowed kind, beyond a limit, or one that always has the same value.
    """
    body = _parse(text.strip())
    _check_nodes(body)
    parts = tuple(_linear_parts(body))
    low, high = _range(parts)
    if not math.isfinite(high - low):
        raise RuleError("the values of the expression overflow")
    if not low < high:
        raise RuleError(f"the expression always has the value {low:g}; wanted one that depends on a requirement")
    return Expression(parts, frozenset(_names(body)), low, high)


def expected_value(expression: Expression, p_yes: Mapping[str, float]) -> float:
    """The mean value of an expression whose names are 1 with probability `p_yes[name]`, independently, else 0."""
    steps = _Steps()
    terms = []
    for factor, part in expression.parts:
        for probability, settled in _settle_repeated(part, p_yes):
            shares = _distribution(part, settled, steps)
            terms.append(factor * probability * math.fsum(value * share for value, share in shares.items()))
    return math.fsum(terms)


def _range(parts: Sequence[Part]) -> tuple[float, float]:
    """The smallest and the largest value of the sum over all answers, exactly.

    Names that occur more than once are tried both ways, among parts that hang together by such names; the other names
    can be chosen for each part alone, so that the best of the sum is the sum of the best.
    """
    steps = _Steps()
    low = high = 0.0
    counts = Counter(name for _, part in parts for name in _names(part))
    for group in _groups(parts, {name for name, count in counts.items() if count > 1}):
        tied = sorted({name for _, part in group for name in _names(part) if counts[name] > 1})
        ends = list(_group_ends(group, tied, steps))
        low += min(lowest for lowest, _ in ends)
        high += max(highest for _, highest in ends)
    return low, high


def _groups(parts: Sequence[Part], tied: set[str]) -> list[list[Part]]:
    """The parts, those that share a name together."""
    groups: list[tuple[set[str], list[Part]]] = []
    for factor, part in parts:
        names = tied.intersection(_names(part))
        joined = [group for group in groups if group[0] & names]
        groups = [group for group in groups if not group[0] & names]
        members = [member for _, group in joined for member in group]
        groups.append((names.union(*(found for found, _ in joined)), [*members, (factor, part)]))
    return [group for _, group in groups]


def _answers(n: int, steps: _Steps) -> Iterator[tuple[float, ...]]:
    if n > MAX_TIED:
        raise RuleError(
            f"the expression ties too many names together: {n} occur more than once, at most {MAX_TIED} may"
        )
    steps.take(2**n)
    return product((1.0, 0.0), repeat=n)


def _group_ends(group: Sequence[Part], tied: Sequence[str], steps: _Steps) -> Iterator[tuple[float, float]]:
    """For each way to settle the tied names, the smallest and the largest sum of a group."""
    tables = []
    for factor, part in group:
        own = [name for name in tied if name in _names(part)]
        table = {
            answers: _ends(factor, part, dict(zip(own, answers, strict=True)), steps)
            for answers in _answers(len(own), steps)
        }
        tables.append(([tied.index(name) for name in own], table))
    for answers in _answers(len(tied), steps):
        found = [table[tuple(answers[place] for place in places)] for places, table in tables]
        yield sum(lowest for lowest, _ in found), sum(highest for _, highest in found)


def _ends(factor: float, part: ast.expr, settled: Mapping[str, float], steps: _Steps) -> tuple[float, float]:
    """The smallest and the largest value of a part, some names being settled."""
    undecided = dict.fromkeys(_names(part), 0.5)
    values = [factor * value for value in _distribution(part, {**undecided, **settled}, steps)]
    if not all(map(math.isfinite, values)):
        raise RuleError("the values of the expression overflow")
    return min(values), max(values)


def _settle_repeated(node: ast.expr, p_yes: Mapping[str, float]) -> Iterator[tuple[float, dict[str, float]]]:
    """Every way to settle the names that occur more than once: its probability, and the p_yes that it leaves."""
    repeated = [name for name, count in Counter(_names(node)).items() if count > 1]
    for answers in product((1.0, 0.0), repeat=len(repeated)):
        settled = dict(zip(repeated, answers, strict=True))
        probability = math.prod(p_yes[name] if yes else 1 - p_yes[name] for name, yes in settled.items())
        if probability > 0:
            yield probability, {**p_yes, **settled}


class _Steps:
    """Counts the work of one evaluation."""

    def __init__(self) -> None:
        self.taken = 0

    def take(self, steps: int) -> None:
        self.taken += steps
        if self.taken > MAX_STEPS:
            raise RuleError("the expression takes too many different values; wanted fewer or rounder numbers, or names")


def _distribution(node: ast.expr, p_yes: Mapping[str, float], steps: _Steps) -> Distribution:
    steps.take(1)
    match node:
        case ast.Constant(value=int() | float() as value):
            return {float(value): 1.0}
        case ast.Name(id=name):
            return {value: share for value, share in ((1.0, p_yes[name]), (0.0, 1 - p_yes[name])) if share > 0}
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _apply(operator.eq, _distribution(operand, p_yes, steps), {0.0: 1.0}, steps)
        case ast.UnaryOp(operand=operand):
            return {-value: share for value, share in _distribution(operand, p_yes, steps).items()}
    function, arguments = _operation(node)
    distributions = [_distribution(argument, p_yes, steps) for argument in arguments]
    return reduce(lambda left, right: _apply(function, left, right, steps), distributions)


def _apply(
    function: Callable[[float, float], float], left: Distribution, right: Distribution, steps: _Steps
) -> Distribution:
    """The distribution of a function of two independent values."""
    steps.take(len(left) * len(right))
    result: Distribution = {}
    for (a, share_a), (b, share_b) in product(left.items(), right.items()):
        value = float(function(a, b))
        result[value] = result.get(value, 0.0) + share_a * share_b
    return result


def _operation(node: ast.expr) -> tuple[Callable[[float, float], float], Sequence[ast.expr]]:
    """What an inner node does to its arguments; the allow-list of operations."""
    match node:
        case ast.BoolOp(op=op, values=values):
            return _OPERATORS[type(op)], values
        case ast.BinOp(op=op, left=left, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)], (left, right)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)], (left, right)
        case ast.Call(func=ast.Name(id=name), args=[_, _, *_] as arguments, keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name], arguments
        case ast.Compare(ops=[_, _, *_]):
            raise RuleError("the expression chains comparisons; wanted `a < b and b < c` instead of `a < b < c`")
    raise RuleError(f"the expression holds {_described(node)}; allowed are {_ALLOWED}")


def _parse(text: str) -> ast.expr:
    if not text or len(text) > MAX_CHARS:
        raise RuleError(f"an expression must have 1 to {MAX_CHARS} characters, but got {len(text)}")
    if not _PLAIN.fullmatch(text):
        strange = next(character for character in text if not _PLAIN.fullmatch(character))
        raise RuleError(f"the expression holds the character {strange!a}; allowed are {_ALLOWED}")
    glued = _GLUED.search(text)
    if glued:
        raise RuleError(f"the expression holds {glued[0]!r:.40}; numbers are written like 2 or 0.5, and 2*r1, not 2r1")
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RuleError(f"{text[:80]!r} is not an expression; allowed are {_ALLOWED}") from error


def _check_nodes(body: ast.expr) -> None:
    pending: list[tuple[ast.expr, int]] = [(body, 1)]  # a list, not recursion: depth is among what is checked
    seen = 0
    while pending:
        node, depth = pending.pop()
        seen += 1
        if seen > MAX_NODES or depth > MAX_DEPTH:
            raise RuleError(f"the expression is too large: at most {MAX_NODES} parts, nested at most {MAX_DEPTH} deep")
        match node:
            case ast.Name():
                continue
            case ast.Constant(value=int() | float() as number):
                if not abs(number) <= MAX_NUMBER:
                    raise RuleError(f"numbers in an expression must lie within ±{MAX_NUMBER:,.0f}")
                continue
            case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
                pending.append((operand, depth + 1))
                continue
            case ast.BinOp(op=ast.Div(), right=divisor) if not _number(divisor):
                raise RuleError("the expression divides by something other than a number that is not 0")
        pending.extend((argument, depth + 1) for argument in _operation(node)[1])


def _linear_parts(node: ast.expr, factor: float = 1.0) -> Iterator[tuple[float, ast.expr]]:
    """The terms of a sum: the mean of a sum is the sum of the means, so each can be worked out on its own."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            yield from _linear_parts(left, factor)
            yield from _linear_parts(right, factor if isinstance(op, ast.Add) else -factor)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield from _linear_parts(operand, -factor)
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if _number(left) is not None:
            yield from _linear_parts(right, factor * (_number(left) or 0.0))
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if _number(right) is not None:
            yield from _linear_parts(left, factor * (_number(right) or 0.0))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            yield from _linear_parts(left, factor / (_number(right) or 1.0))
        case _:
            yield factor, node


def _number(node: ast.expr) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as value) if abs(value) <= MAX_NUMBER:
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if (
            abs(value) <= MAX_NUMBER
        ):
            return -float(value)
    return None


def _names(node: ast.expr) -> list[str]:
    """The names of requirements, as often as they occur; `min` and `max` before a parenthesis are none."""
    functions = {id(inner.func) for inner in ast.walk(node) if isinstance(inner, ast.Call)}
    return [inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and id(inner) not in functions]


def _described(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return "a call that is not min(a, b, ...) or max(a, b, ...)"
    found = node.ops[0] if isinstance(node, ast.Compare) else getattr(node, "op", node)
    return type(found).__name__  # `In`, `Pow`, `IfExp`, ...
