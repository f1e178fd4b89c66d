"""The three boosting libraries behind one small interface: fit with early stopping on rows held out, predict, tune."""

import numpy as np

LIBRARIES = ("lightgbm", "xgboost", "sklearn")

# What is searched, the same shape for all: (low, high, log?, whole?) or a list of choices.
SPACE = {
    "learning_rate": (0.015, 0.15, True, False),
    "leaves": (7, 127, True, True),
    "min_rows": (5, 120, True, True),
    "ridge": (1e-3, 30.0, True, False),
    "column_share": (0.4, 1.0, False, False),
    "row_share": (0.5, 1.0, False, False),
}
DEFAULT = {
    "learning_rate": 0.05,
    "leaves": 31,
    "min_rows": 20,
    "ridge": 1.0,
    "column_share": 1.0,
    "row_share": 1.0,
}
MOST_TREES = 1500
PATIENCE = 40


def draw(rng):
    point = {}
    for name, (low, high, log, whole) in SPACE.items():
        u = rng.random()
        value = np.exp(np.log(low) + u * (np.log(high) - np.log(low))) if log else low + u * (high - low)
        point[name] = int(round(value)) if whole else float(value)
    return point


class Fitted:
    def __init__(self, predict, trees):
        self.predict = predict
        self.trees = trees


def fit(library, table, rows, settings, loss, threads, seed, watch=None, trees=None):
    """watch: rows held out for early stopping; trees: a fixed number instead."""
    if loss == "hurdle":
        return fit_hurdle(library, table, rows, settings, threads, seed, watch, trees)
    if loss == "tweedie":
        table = table.with_target(np.maximum(table.target, 0))
    return {"lightgbm": fit_lightgbm, "xgboost": fit_xgboost, "sklearn": fit_sklearn}[library](
        table, rows, settings, loss, threads, seed, watch, trees
    )


def fit_lightgbm(table, rows, settings, loss, threads, seed, watch, trees):
    import lightgbm

    objective = {"binary": "binary", "rmse": "regression", "mae": "regression_l1", "tweedie": "tweedie"}[loss]
    metric = {"binary": "binary_logloss", "rmse": "rmse", "mae": "mae", "tweedie": "tweedie"}[loss]
    parameters = {
        "objective": objective,
        "metric": metric,
        "learning_rate": settings["learning_rate"],
        "num_leaves": settings["leaves"],
        "min_data_in_leaf": settings["min_rows"],
        "lambda_l2": settings["ridge"],
        "feature_fraction": settings["column_share"],
        "bagging_fraction": settings["row_share"],
        "bagging_freq": 1 if settings["row_share"] < 1 else 0,
        "num_threads": threads,
        "seed": seed,
        "verbosity": -1,
        "deterministic": True,
    }
    data = lightgbm.Dataset(
        table.rows_of(rows), table.target[rows], categorical_feature=table.categories, params=parameters
    )
    callbacks, valid = [], []
    if watch is not None:
        valid = [lightgbm.Dataset(table.rows_of(watch), table.target[watch], reference=data)]
        callbacks = [lightgbm.early_stopping(PATIENCE, verbose=False)]
    model = lightgbm.train(parameters, data, trees or MOST_TREES, valid_sets=valid, callbacks=callbacks)
    best = model.best_iteration or trees
    return Fitted(lambda some: model.predict(table.rows_of(some), num_iteration=best, num_threads=threads), best)


def fit_xgboost(table, rows, settings, loss, threads, seed, watch, trees):
    import xgboost

    objective = {
        "binary": "binary:logistic",
        "rmse": "reg:squarederror",
        "mae": "reg:absoluteerror",
        "tweedie": "reg:tweedie",
    }[loss]
    metric = {"binary": "logloss", "rmse": "rmse", "mae": "mae", "tweedie": "tweedie-nloglik@1.5"}[loss]
    parameters = {
        "objective": objective,
        "eval_metric": metric,
        "learning_rate": settings["learning_rate"],
        "grow_policy": "lossguide",
        "max_leaves": settings["leaves"],
        "max_depth": 0,
        "min_child_weight": settings["min_rows"] * (0.1 if loss == "binary" else 1.0),
        "lambda": settings["ridge"],
        "colsample_bytree": settings["column_share"],
        "subsample": settings["row_share"],
        "tree_method": "hist",
        "nthread": threads,
        "seed": seed,
        "verbosity": 0,
    }

    def matrix(some, target=True):
        kinds = ["c" if at in table.categories else "q" for at in range(table.matrix.shape[1])]
        return xgboost.DMatrix(
            table.rows_of(some),
            table.target[some] if target else None,
            feature_types=kinds,
            enable_categorical=True,
            nthread=threads,
        )

    stop = {} if watch is None else {"evals": [(matrix(watch), "watch")], "early_stopping_rounds": PATIENCE}
    model = xgboost.train(parameters, matrix(rows), trees or MOST_TREES, verbose_eval=False, **stop)
    best = trees if watch is None else model.best_iteration + 1
    return Fitted(lambda some: model.predict(matrix(some, False), iteration_range=(0, best)), best)


def fit_sklearn(table, rows, settings, loss, threads, seed, watch, trees):
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    shared = {
        "learning_rate": settings["learning_rate"],
        "max_leaf_nodes": settings["leaves"],
        "min_samples_leaf": settings["min_rows"],
        "l2_regularization": settings["ridge"],
        "max_features": settings["column_share"],
        "max_iter": trees or MOST_TREES,
        "categorical_features": table.categories_of_at_most(255) or None,
        "early_stopping": watch is not None,
        "n_iter_no_change": PATIENCE,
        "random_state": seed,
    }
    if loss == "binary":
        model = HistGradientBoostingClassifier(**shared)
    else:
        # sklearn has no Tweedie; Poisson is its nearest
        named = {"rmse": "squared_error", "mae": "absolute_error", "tweedie": "poisson"}[loss]
        model = HistGradientBoostingRegressor(loss=named, **shared)
    target = table.target
    seen = {} if watch is None else {"X_val": table.matrix[watch], "y_val": target[watch]}
    model.fit(table.matrix[rows], target[rows], **seen)
    predict = (lambda some: model.predict_proba(table.matrix[some])[:, 1]) if loss == "binary" else (
        lambda some: model.predict(table.matrix[some])
    )
    return Fitted(predict, model.n_iter_ if watch is None else max(1, model.n_iter_ - PATIENCE))


def fit_hurdle(library, table, rows, settings, threads, seed, watch, trees):
    """The chance of any amount times the mean amount where there is one."""
    bought = table.with_target((table.target > 0).astype(np.float64))
    spent = rows[table.target[rows] > 0]
    watched = None if watch is None else watch[table.target[watch] > 0]
    chance = fit(library, bought, rows, settings, "binary", threads, seed, watch, trees)
    amount = fit(library, table, spent, settings, "tweedie", threads, seed, watched, trees)
    return Fitted(lambda some: chance.predict(some) * amount.predict(some), max(chance.trees, amount.trees))


def loss_of(kind, actual, predicted):
    if kind == "binary":
        p = np.clip(predicted, 1e-9, 1 - 1e-9)
        return float(-np.mean(actual * np.log(p) + (1 - actual) * np.log(1 - p)))
    if kind == "rmse":
        return float(np.mean((actual - predicted) ** 2))
    if kind in ("tweedie", "hurdle"):
        p, y = np.maximum(predicted, 1e-9), np.maximum(actual, 0)
        return float(np.mean(2 * (y / np.sqrt(p) + np.sqrt(p))))
    return float(np.mean(np.abs(actual - predicted)))


def inner_folds(table, rows, folds, seed):
    """Inside the training rows: whole groups together, or the last fifth in time where the table has an order."""
    if table.order is not None:
        moments = np.unique(table.order[rows])
        cut = moments[int(len(moments) * 0.8)]
        return [(rows[table.order[rows] < cut], rows[table.order[rows] >= cut])]
    groups, own = np.unique(table.groups[rows], return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(groups)) % (5 if folds == 1 else folds)
    return [(rows[fold[own] != k], rows[fold[own] == k]) for k in range(folds)]


def tune(library, table, rows, loss, threads, seed, tries, folds):
    """Random search by inner folds, the default first; the best settings and the median of their trees."""
    rng = np.random.default_rng(seed)
    points = [DEFAULT] + [draw(rng) for _ in range(tries - 1)]
    cuts = inner_folds(table, rows, folds, seed)
    best = None
    for point in points:
        losses, trees = [], []
        for seen, held in cuts:
            model = fit(library, table, seen, point, loss, threads, seed, watch=held)
            losses.append(loss_of(loss, table.target[held], model.predict(held)))
            trees.append(model.trees)
        mean = float(np.mean(losses))
        if best is None or mean < best[0]:
            best = (mean, point, trees)
    mean, point, trees = best
    share = len(cuts[0][0]) / len(rows)
    return point, max(1, int(round(np.median(trees) * min(1.25, 1 + (1 - share) / 2)))), mean
