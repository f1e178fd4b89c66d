"""Times one boosting library on a table written by bench/tables/exchange.ts, over the protocol of bench/peers/README.md:
`python forest_speed.py FOLDER --library lightgbm --task train|score|explain --threads 1`."""

import argparse
import json
import os
import pathlib
import sys
from time import perf_counter

TREES, LEAVES, RATE, MIN_ROWS = 100, 63, 0.1, 20
SCORED_ROWS = 1_000_000
EXPLAINED_ROWS, EXPLAINED_TREES = 1_000, 500


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--library", choices=("lightgbm", "xgboost", "sklearn", "shap"), required=True)
    parser.add_argument("--task", choices=("train", "score", "explain"), required=True)
    parser.add_argument("--threads", type=int, required=True)
    return parser.parse_args()


def train_lightgbm(x, y, threads, trees=TREES):
    import lightgbm

    parameters = {
        "objective": "binary",
        "learning_rate": RATE,
        "num_leaves": LEAVES,
        "min_data_in_leaf": MIN_ROWS,
        "num_threads": threads,
        "verbosity": -1,
    }
    return lightgbm.train(parameters, lightgbm.Dataset(x, y, params=parameters), trees)


def train_xgboost(x, y, threads, trees=TREES):
    import xgboost

    parameters = {
        "objective": "binary:logistic",
        "learning_rate": RATE,
        "grow_policy": "lossguide",
        "max_leaves": LEAVES,
        "max_depth": 0,
        "tree_method": "hist",
        "nthread": threads,
        "verbosity": 0,
    }
    return xgboost.train(parameters, xgboost.QuantileDMatrix(x, y, nthread=threads), trees)


def train_sklearn(x, y, threads, trees=TREES):
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        learning_rate=RATE, max_leaf_nodes=LEAVES, min_samples_leaf=MIN_ROWS, max_iter=trees, early_stopping=False
    )
    return model.fit(x, y)


TRAIN = {"lightgbm": train_lightgbm, "xgboost": train_xgboost, "sklearn": train_sklearn}


def scorer(library, model, x, threads):
    if library == "lightgbm":
        return lambda: model.predict(x, num_threads=threads)
    if library == "xgboost":
        model.set_param({"nthread": threads})
        return lambda: model.inplace_predict(x)
    return lambda: model.predict_proba(x)


def work(given, x, y):
    import numpy as np

    if given.task == "train":
        return lambda: TRAIN[given.library](x, y, given.threads)
    if given.task == "score":
        model = TRAIN[given.library](x, y, given.threads)
        return scorer(given.library, model, np.concatenate([x] * (SCORED_ROWS // len(x))), given.threads)
    library = "lightgbm" if given.library == "shap" else given.library
    model = TRAIN[library](x, y, 2, EXPLAINED_TREES)
    rows = x[:EXPLAINED_ROWS]
    if given.library == "shap":
        import shap

        explainer = shap.TreeExplainer(model)
        return lambda: explain_shap(explainer, rows)
    if given.library == "lightgbm":
        return lambda: model.predict(rows, pred_contrib=True, num_threads=given.threads)
    import xgboost

    model.set_param({"nthread": given.threads})
    matrix = xgboost.DMatrix(rows, nthread=given.threads)
    return lambda: model.predict(matrix, pred_contribs=True)


def explain_shap(explainer, rows):
    """shap hands LightGBM's models back to LightGBM; its own compiled code is asked instead, as for any other model."""
    import numpy as np
    from shap import _cext

    x = rows.astype(np.float64)
    trees = explainer.model
    values = np.zeros((len(x), x.shape[1] + 1, trees.num_outputs))
    _cext.dense_tree_shap(
        trees.children_left, trees.children_right, trees.children_default, trees.features, trees.thresholds,
        trees.threshold_types, trees.values, trees.node_sample_weight, trees.max_depth, x, np.isnan(x), None, None,
        None, trees.values.shape[0], trees.base_offset, values, 1, 0, False,
    )
    return values


def main():
    given = arguments()
    os.environ["OMP_NUM_THREADS"] = str(given.threads)
    import numpy as np

    about = json.loads((given.folder / "table.json").read_text())
    x = np.fromfile(given.folder / "matrix.f32", np.float32).reshape(about["rows"], len(about["columns"]))
    y = np.fromfile(given.folder / "target.f64", np.float64)
    before = resident("VmRSS")
    started = perf_counter()
    step = work(given, x, y)
    print(json.dumps({
        "ready": True, "framework": given.library, "threads": given.threads, "parameters": 0, "batches": 0,
        "warmUpMilliseconds": (perf_counter() - started) * 1000, "bytesBefore": before,
    }), flush=True)
    for line in sys.stdin:
        milliseconds = []
        for _ in range(json.loads(line)["steps"]):
            begun = perf_counter()
            step()
            milliseconds.append((perf_counter() - begun) * 1000)
        print(json.dumps({"milliseconds": milliseconds, "losses": [], "peakBytes": resident("VmHWM")}), flush=True)


def resident(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field + ":"))


main()
