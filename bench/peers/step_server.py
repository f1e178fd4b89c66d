"""Speaks the bench's protocol: says it is ready, then trains as many steps as each line of stdin asks for."""

import argparse
import ctypes
import json
import os
import sys
from time import perf_counter

# OpenMP waits as it comes: a short spin, then sleep. ACTIVE would spin through our turns as well.
import torch

from batches import Shape, checksum, make_batches
from decoder_torch import Decoder, Training, make_step, to_tensors

ACTS = {"relu": torch.nn.functional.relu, "gelu": torch.nn.functional.gelu}


def arguments(*, loss: str, dropout: float, heads: int, attention: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loss", choices=["bce", "sampled", "full"], default=loss)
    parser.add_argument("--dropout", type=float, default=dropout)
    parser.add_argument("--heads", type=int, default=heads)
    parser.add_argument("--attention", choices=["fused", "by-hand"], default=attention)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--allocator", choices=["system", "keep"], default="system")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    return parser


def serve(options: argparse.Namespace, shape: Shape, *, width: int, blocks: int, inner: int, act: str) -> None:
    if options.allocator == "keep":
        keep_memory()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    batches = make_batches(shape, options.seed)
    tensors = [to_tensors(batch) for batch in batches]
    loaded = resident("VmRSS")
    fused = options.attention == "fused"
    decoder = Decoder(items=shape.items, width=width, heads=options.heads, blocks=blocks, length=shape.length,
                      inner=inner, act=ACTS[act], dropout=options.dropout, fused=fused)
    step = make_step(Training(decoder, options.loss), options.compile)
    started = perf_counter()
    warm = [step(tensors[index % len(tensors)]) for index in range(5)]
    forget_peak()
    say({
        "ready": True,
        "framework": f"torch {torch.__version__.split('+')[0]}" + (" compiled" if options.compile else " eager"),
        "threads": torch.get_num_threads(),
        "parameters": sum(parameter.numel() for parameter in decoder.parameters()),
        "batches": checksum(batches),
        "warmUpMilliseconds": (perf_counter() - started) * 1000,
        "bytesBefore": loaded,
    })
    done = len(warm)
    for line in sys.stdin:
        milliseconds, losses = [], []
        for _ in range(json.loads(line)["steps"]):
            begun = perf_counter()
            losses.append(step(tensors[done % len(tensors)]))
            milliseconds.append((perf_counter() - begun) * 1000)
            done += 1
        say({"milliseconds": milliseconds, "losses": losses, "peakBytes": resident("VmHWM"), "bytesBefore": loaded})


def resident(field: str) -> int:
    """Bytes of /proc/self/status; elsewhere the peak that the kernel accounts."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field + ":"))
    except FileNotFoundError:
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def forget_peak() -> None:
    """Compiling needs memory that training does not: the reported peak is that of steps (Linux only)."""
    if os.path.exists("/proc/self/clear_refs"):
        with open("/proc/self/clear_refs", "w") as references:
            references.write("5")


def keep_memory() -> None:
    """glibc gives large tensors back to the kernel after every step and faults their pages in again in the next;
    with this it keeps them. Faster and larger; not what a PyTorch user has who changes nothing (Linux only)."""
    trim_threshold, top_pad, mmap_max = -1, -2, -4
    libc = ctypes.CDLL(None)
    libc.mallopt(mmap_max, 0)
    libc.mallopt(trim_threshold, 2**31 - 1)
    libc.mallopt(top_pad, 2**28)


def say(message: dict) -> None:
    print(json.dumps(message), flush=True)
