"""Tunes and fits one boosting library on every split of a table written by bench/tables/exchange.ts, and writes what it
says about the rows of each test: `python table_predictions.py FOLDER --library lightgbm --loss binary`."""

import argparse
import copy
import json
import pathlib
import time

import numpy as np
import scipy.sparse

import table_models

MANY_COLUMNS = 500


class Table:
    def __init__(self, folder):
        self.folder = folder
        self.about = json.loads((folder / "table.json").read_text())
        rows = self.about["rows"]
        columns = self.about["columns"]
        self.matrix = np.fromfile(folder / "matrix.f32", np.float32).reshape(rows, len(columns))
        # counts of words are zeros mostly: the libraries that can are spared those
        self.sparse = scipy.sparse.csr_matrix(self.matrix) if len(columns) >= MANY_COLUMNS else None
        self.target = np.fromfile(folder / "target.f64", np.float64)
        self.groups = np.fromfile(folder / "groups.i32", np.int32)
        order = folder / "order.f64"
        self.order = np.fromfile(order, np.float64) if order.exists() else None
        self.categories = [at for at, column in enumerate(columns) if column["kind"] == "category"]

    def rows_of(self, rows):
        return (self.matrix if self.sparse is None else self.sparse)[rows]

    def with_target(self, target):
        other = copy.copy(self)
        other.target = target
        return other

    def categories_of_at_most(self, most):
        return [at for at in self.categories if self.about["columns"][at]["levels"] <= most]

    def splits(self):
        for at in range(self.about["splits"]):
            yield tuple(np.fromfile(self.folder / f"split-{at}.{part}.i32", np.int32) for part in ("train", "test"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--library", choices=table_models.LIBRARIES, required=True)
    parser.add_argument("--loss", choices=("binary", "rmse", "mae", "tweedie", "hurdle"), required=True)
    parser.add_argument("--tries", type=int, default=12)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    table = Table(given.folder)
    said, chosen = [], []
    started = time.time()
    for at, (train, test) in enumerate(table.splits()):
        settings, trees, loss = table_models.tune(
            given.library, table, train, given.loss, given.threads, given.seed + at, given.tries, given.folds
        )
        model = table_models.fit(
            given.library, table, train, settings, given.loss, given.threads, given.seed, trees=trees
        )
        said.append(np.asarray(model.predict(test), np.float64))
        chosen.append({**settings, "trees": trees, "inner_loss": loss})
        print(json.dumps({"split": at, "seconds": round(time.time() - started, 1)}), flush=True)
    name = f"{given.library}-{given.loss}"
    np.concatenate(said).tofile(given.folder / f"{name}.f64")
    (given.folder / f"{name}.json").write_text(json.dumps({"settings": chosen, "seconds": time.time() - started}))


main()
