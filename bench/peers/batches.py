"""The batches every contestant trains on: batches.ts said in Python, number for number."""

from bisect import bisect_right
from dataclasses import dataclass
from math import log

import numpy as np

WORD = 0xFFFFFFFF
BATCHES = 8


@dataclass(frozen=True)
class Shape:
    batch: int
    length: int
    shortest: int
    items: int
    shared: int


@dataclass(frozen=True)
class Batch:
    """int64 arrays; see batches.ts for what each holds."""

    inputs: np.ndarray
    targets: np.ndarray
    negatives: np.ndarray
    shared: np.ndarray


class Random:
    """sfc32 seeded as src/core/random.ts seeds it."""

    def __init__(self, seed: int):
        low, high = seed & WORD, (seed >> 32) & WORD
        self.a, self.b, self.c = _mix32(low ^ 0x9E3779B9), _mix32(high ^ 0x243F6A88), _mix32(low ^ 0xB7E15162)
        self.counter = 1
        for _ in range(15):
            self._next()

    def _next(self) -> int:
        t = (self.a + self.b + self.counter) & WORD
        self.counter = (self.counter + 1) & WORD
        self.a = self.b ^ (self.b >> 9)
        self.b = (self.c + (self.c << 3)) & WORD
        self.c = ((((self.c << 21) | (self.c >> 11)) & WORD) + t) & WORD
        return t

    def uniform(self) -> float:
        return self._next() / 4294967296

    def integer(self, limit: int) -> int:
        return int(self.uniform() * limit)


def make_batches(shape: Shape, seed: int, count: int = BATCHES) -> list[Batch]:
    cumulative = _cumulative_popularity(shape.items)
    source = Random(seed)
    return [_make_batch(shape, cumulative, source) for _ in range(count)]


def log_popularity(items: int) -> np.ndarray:
    total = _cumulative_popularity(items)[-1]
    return np.array([0.0] + [log(1 / item / total) for item in range(1, items)], dtype=np.float32)


def checksum(batches: list[Batch]) -> int:
    value = 0x811C9DC5
    for batch in batches:
        for ids in (batch.inputs, batch.targets, batch.negatives, batch.shared):
            for number in ids.ravel().tolist():
                value = ((value ^ number) * 0x01000193) & WORD
    return value


def _make_batch(shape: Shape, cumulative: list[float], source: Random) -> Batch:
    inputs = np.zeros((shape.batch, shape.length), dtype=np.int64)
    targets = np.zeros_like(inputs)
    for row in range(shape.batch):
        real = shape.shortest + source.integer(shape.length - shape.shortest + 1)
        drawn = [_draw_popular(cumulative, source) for _ in range(real + 1)]
        inputs[row, :real] = drawn[:-1]
        targets[row, :real] = drawn[1:]
    negatives = np.array([1 + source.integer(shape.items - 1) for _ in range(inputs.size)]).reshape(inputs.shape)
    shared = np.array([_draw_popular(cumulative, source) for _ in range(shape.shared)])
    return Batch(inputs, targets, negatives, shared)


def _cumulative_popularity(items: int) -> list[float]:
    cumulative = [0.0]
    for item in range(1, items):
        cumulative.append(cumulative[-1] + 1 / item)
    return cumulative


def _draw_popular(cumulative: list[float], source: Random) -> int:
    return min(bisect_right(cumulative, source.uniform() * cumulative[-1]), len(cumulative) - 1)


def _mix32(value: int) -> int:
    value = ((value ^ (value >> 16)) * 0x85EBCA6B) & WORD
    value = ((value ^ (value >> 13)) * 0xC2B2AE35) & WORD
    return value ^ (value >> 16)
