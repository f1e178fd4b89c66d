"""What LightGBM loses on unseen rows with each loss, for src/models/gbdt/goldens.test.ts.

    python bench/peers/gbdt_goldens.py

The table comes from a linear congruential generator that the test runs too: same rows to the last bit.
"""

import json

import lightgbm as lgb
import numpy as np

ROWS, LEVELS, CLASSES = 4000, 12, 3


def draws(seed):
    state = seed
    while True:
        state = (1664525 * state + 1013904223) % 2**32
        yield state / 2**32


def table():
    """[rows, 5] numbers (NaN where missing; the last a category), and the targets by kind."""
    draw = draws(7)
    take = lambda: next(draw)
    x, y = np.empty((ROWS, 5)), {k: np.empty(ROWS) for k in ("outcome", "class", "amount", "count", "money")}
    for i in range(ROWS):
        a, b, c, d = take(), take(), take(), take()
        level = int(LEVELS * take())
        effect = (1.5 if a > 0.6 and b < 0.5 else 0.0) + c * (1.0 if level % 3 == 0 else -0.4) + 0.5 * a
        x[i] = a, np.nan if take() < 0.1 else b, c, d, level
        noise = take() + take() + take() - 1.5
        wild = 6.0 if take() < 0.03 else 1.0
        y["amount"][i] = effect + wild * noise
        y["outcome"][i] = float(take() < min(0.95, max(0.05, 0.3 + 0.3 * effect)))
        y["class"][i] = min(CLASSES - 1, max(0, int(effect + noise + 0.5)))
        y["count"][i] = float(int((1.0 + effect) * 3.0 * take() * take()) if effect > -1 else 0)
        y["money"][i] = 0.0 if take() < 0.5 else (0.2 + 3.0 * max(0.0, effect)) * 4.0 * take() * take()
    return x, y


def pinball(q):
    return lambda y, m: np.where(y >= m, q * (y - m), (1 - q) * (m - y))


def softmax_loss(y, m):
    m = m.reshape(len(y), CLASSES)
    top = m.max(axis=1, keepdims=True)
    return np.log(np.exp(m - top).sum(axis=1)) + top[:, 0] - m[np.arange(len(y)), y.astype(int)]


def huber(y, m, delta=1.0):
    r = np.abs(y - m)
    return np.where(r <= delta, r**2 / 2, delta * (r - delta / 2))


CASES = {
    "logistic": ("binary", "outcome", {}, lambda y, m: np.logaddexp(0, m) - y * m),
    "softmax": ("multiclass", "class", {"num_class": CLASSES}, softmax_loss),
    "squared": ("regression", "amount", {}, lambda y, m: (y - m) ** 2 / 2),
    "absolute": ("regression_l1", "amount", {}, lambda y, m: np.abs(y - m)),
    "huber": ("huber", "amount", {"alpha": 1.0}, huber),
    "quantile": ("quantile", "amount", {"alpha": 0.8}, pinball(0.8)),
    "poisson": ("poisson", "count", {}, lambda y, m: np.exp(m) - y * m),
    "tweedie": (
        "tweedie",
        "money",
        {"tweedie_variance_power": 1.5},
        lambda y, m: 2 * y * np.exp(-0.5 * m) + 2 * np.exp(0.5 * m),
    ),
}

x, targets = table()
half = ROWS // 2
result = {}
for name, (objective, kind, more, loss) in CASES.items():
    y = targets[kind]
    settings = dict(
        objective=objective, num_leaves=12, learning_rate=0.1, min_data_in_leaf=20, lambda_l2=1.0,
        min_sum_hessian_in_leaf=1e-3, max_bin=255, cat_smooth=1.0, cat_l2=10.0, min_data_per_group=1,
        max_cat_to_onehot=1, max_cat_threshold=LEVELS, verbose=-1, num_threads=1, deterministic=True, seed=1, **more,
    )
    data = lgb.Dataset(x[:half], y[:half], categorical_feature=[4])
    model = lgb.train(settings, data, num_boost_round=60)
    margins = model.predict(x[half:], raw_score=True)
    plain = {
        "logistic": lambda t: np.log(t.mean() / (1 - t.mean())),
        "softmax": lambda t: np.log([(t == k).mean() for k in range(CLASSES)]),
        "absolute": np.median, "quantile": lambda t: np.quantile(t, 0.8), "huber": np.median,
        "poisson": lambda t: np.log(t.mean()), "tweedie": lambda t: np.log(t.mean()),
    }.get(name, np.mean)(y[:half])
    base = np.tile(plain, (half, 1)) if name == "softmax" else np.full(half, plain)
    result[name] = {"start": float(loss(y[half:], base).mean()), "peer": float(loss(y[half:], margins).mean())}

print(json.dumps({"version": lgb.__version__, "first": [x[0].tolist(), {k: v[0] for k, v in targets.items()}], "losses": result}, indent=1))
