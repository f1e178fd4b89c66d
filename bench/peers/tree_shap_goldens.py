"""Golden numbers for src/models/forest/attribution: what shap's own TreeExplainer says of a small LightGBM model.

Run: python bench/peers/tree_shap_goldens.py > src/models/forest/attribution/goldens.json
"""

import json, sys
import lightgbm as lgb, numpy as np, shap
rng = np.random.default_rng(20)
n, f = 600, 6
X = np.round(rng.normal(size=(n, f)), 2); X[rng.random((n, f)) < 0.1] = np.nan
Z = np.nan_to_num(X)
y = np.round(Z[:, 0] * 2 + Z[:, 1] * Z[:, 2] + (Z[:, 3] > 0.3) - np.abs(Z[:, 4]), 2)
m = lgb.train(dict(objective='regression', num_leaves=9, learning_rate=0.3, min_data_in_leaf=10, verbose=-1, seed=1, deterministic=True, num_threads=1), lgb.Dataset(X, y), 4)
rows, back = X[:12], X[100:120]
nodes = {k: [] for k in ['feature', 'threshold', 'missingLeft', 'left', 'right', 'cover', 'value']}
start = [0]
for t in m.dump_model()['tree_info']:
    root = len(nodes['feature'])
    def put(node):
        at = len(nodes['feature'])
        leaf = 'split_feature' not in node
        if not leaf: assert node['missing_type'] == 'NaN' and node['decision_type'] == '<='
        for k, v in dict(feature=-1 if leaf else node['split_feature'], threshold=0 if leaf else node['threshold'], missingLeft=0 if leaf else int(node['default_left']), left=-1, right=-1, cover=node['leaf_count' if leaf else 'internal_count'], value=node['leaf_value'] if leaf else 0).items(): nodes[k].append(v)
        if not leaf:
            nodes['left'][at] = put(node['left_child']); nodes['right'][at] = put(node['right_child'])
        return at - root
    put(t['tree_structure']); start.append(len(nodes['feature']))
def own(e):
    e.model.model_type = 'other'  # shap's C extension instead of LightGBM's pred_contrib
    e.model.model_output = 'raw'
    return e
e = own(shap.TreeExplainer(m)); i = own(shap.TreeExplainer(m, back, feature_perturbation='interventional'))
clean = lambda a: [[None if isinstance(v, float) and np.isnan(v) else v for v in r] for r in np.asarray(a).tolist()]
out = dict(
    source='shap TreeExplainer over a LightGBM model of 4 trees, 9 leaves: shap_values (tree_path_dependent; interventional against `background`), shap_interaction_values; the C extension, not pred_contrib',
    command='python bench/peers/tree_shap_goldens.py > src/models/forest/attribution/goldens.json',
    version=f'shap {shap.__version__}, lightgbm {lgb.__version__}, numpy {np.__version__}, python {sys.version.split()[0]}',
    forest=dict(treeStart=start, **nodes), rows=clean(rows), background=clean(back),
    pathDependent=e.shap_values(rows, check_additivity=False).tolist(), expected=float(np.ravel(e.expected_value)[0]),
    interventional=i.shap_values(rows, check_additivity=False).tolist(), interventionalBase=float(np.ravel(i.expected_value)[0]),
    interactions=e.shap_interaction_values(rows)[:6].tolist())
print(json.dumps(out))
