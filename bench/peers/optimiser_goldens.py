"""Golden numbers for src/nn: PyTorch's own optimisers, clipping and schedules on a tiny problem, as JSON.

Gradients are a formula both sides know, g[t][i] = sin(1.7 i + 0.9 t) * (1 + 0.2 t), and so are first values,
cos(i + 1): only results need to be written down. Run: python bench/peers/optimiser_goldens.py
"""

import json
import math
import warnings

import torch

warnings.filterwarnings("ignore")
COUNT, STEPS, ROWS, WIDTH = 7, 12, 5, 3
TOUCHED = [[0, 3], [3], [1, 3, 4], [0], [4, 3], [3, 0]]


def first(count):
    return torch.tensor([math.cos(i + 1) for i in range(count)], dtype=torch.float32)


def gradient(count, t):
    return torch.tensor([math.sin(1.7 * i + 0.9 * t) * (1 + 0.2 * t) for i in range(count)], dtype=torch.float32)


def run(make, clip=None):
    """Values after each step, and the norms met when clipping."""
    p = torch.nn.Parameter(first(COUNT))
    optimiser = make([p])
    values, norms = [], []
    for t in range(STEPS):
        p.grad = gradient(COUNT, t)
        if clip is not None:
            norms.append(float(torch.nn.utils.clip_grad_norm_([p], clip)))
        optimiser.step()
        values.append(p.detach().tolist())
    return {"last": values[-1], "first": values[0], **({"norms": norms} if norms else {})}


def rows(make_one):
    """A table whose rows are parameters of their own, each stepped only when touched: what lazy row Adam promises."""
    table = [torch.nn.Parameter(first(ROWS * WIDTH)[r * WIDTH : (r + 1) * WIDTH].clone()) for r in range(ROWS)]
    optimisers = [make_one([row]) for row in table]
    for t, touched in enumerate(TOUCHED):
        whole = gradient(ROWS * WIDTH, t).view(ROWS, WIDTH)
        for r in touched:
            table[r].grad = whole[r].clone()
            optimisers[r].step()
    return [x for row in table for x in row.detach().tolist()]


def sparse_adam():
    """PyTorch's SparseAdam where it and per-row counting agree: the same rows are touched at every step."""
    p = torch.nn.Parameter(first(ROWS * WIDTH).view(ROWS, WIDTH).clone())
    optimiser = torch.optim.SparseAdam([p], lr=0.05)
    for t in range(STEPS):
        whole = gradient(ROWS * WIDTH, t).view(ROWS, WIDTH)
        p.grad = torch.sparse_coo_tensor(torch.tensor([[1, 4, 1]]), whole[[1, 4, 2]], (ROWS, WIDTH))
        optimiser.step()
    return p.detach().view(-1).tolist()


def schedule(make, steps):
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = make(optimiser)
    rates = []
    for _ in range(steps):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return rates


def plateau(**settings):
    scores = [1.0, 0.9, 0.95, 0.89999, 0.91, 0.8, 0.85, 0.83, 0.84, 0.86, 0.7, 0.75, 0.74, 0.76, 0.71, 0.73]
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, **settings)
    rates = []
    for score in scores:
        scheduler.step(score)
        rates.append(optimiser.param_groups[0]["lr"])
    return {"scores": scores, "rates": rates}


o, s = torch.optim, torch.optim.lr_scheduler
goldens = {
    "source": "PyTorch's torch.optim and torch.optim.lr_scheduler",
    "command": "python bench/peers/optimiser_goldens.py > src/nn/optimiser/goldens.json",
    "version": torch.__version__,
    "optimisers": {
        "adamw": run(lambda p: o.AdamW(p, lr=0.01, weight_decay=0.1)),
        "adamwBetas": run(lambda p: o.AdamW(p, lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0)),
        "adamwClipped": run(lambda p: o.AdamW(p, lr=0.01, weight_decay=0.1), clip=1.5),
        "sgd": run(lambda p: o.SGD(p, lr=0.05)),
        "sgdMomentum": run(lambda p: o.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.1)),
        "sgdNesterov": run(lambda p: o.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1)),
        "adagrad": run(lambda p: o.Adagrad(p, lr=0.05, weight_decay=0.1)),
    },
    "touched": TOUCHED,
    "rowAdamW": rows(lambda p: o.AdamW(p, lr=0.05, weight_decay=0.1)),
    "sparseAdam": sparse_adam(),
    "schedules": {
        "oneCycle": schedule(lambda x: s.OneCycleLR(x, max_lr=0.1, total_steps=20), 20),
        "oneCycleShort": schedule(
            lambda x: s.OneCycleLR(x, 0.1, total_steps=11, pct_start=0.5, div_factor=10, final_div_factor=100), 11
        ),
        "cosine": schedule(lambda x: s.CosineAnnealingLR(x, T_max=10, eta_min=0.01), 11),
        "step": schedule(lambda x: s.StepLR(x, step_size=4, gamma=0.5), 12),
        "linear": schedule(lambda x: s.LinearLR(x, start_factor=1.0, end_factor=0.2, total_iters=8), 12),
    },
    "plateaus": {
        "patient": plateau(factor=0.5, patience=1),
        "resting": plateau(factor=0.1, patience=0, cooldown=2, min_lr=0.0005),
    },
}
print(json.dumps(goldens, indent=1))
