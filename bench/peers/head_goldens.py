"""Probabilities of scikit-learn's multinomial logistic regression on made-up vectors, for src/models/heads.

    python bench/peers/head_goldens.py > src/models/heads/goldens.json
"""

import json

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

ROWS, WIDTH, CLASSES, PENALTY = 60, 5, 3, 2.0

rng = np.random.default_rng(5)
vectors = rng.normal(size=(ROWS, WIDTH))
labels = rng.integers(0, CLASSES, ROWS)
vectors[np.arange(ROWS), labels] += 1
vectors = vectors.round(3)
model = LogisticRegression(C=1 / PENALTY, tol=1e-10, max_iter=10_000).fit(vectors, labels)
print(
    json.dumps(
        {
            "source": "scikit-learn LogisticRegression, multinomial, on three clouds of made-up vectors",
            "command": "python bench/peers/head_goldens.py > src/models/heads/goldens.json",
            "version": sklearn.__version__,
            "width": WIDTH,
            "classes": CLASSES,
            "penalty": PENALTY,
            "vectors": vectors.ravel().tolist(),
            "labels": labels.tolist(),
            "probabilities": model.predict_proba(vectors).round(6).ravel().tolist(),
        }
    )
)
