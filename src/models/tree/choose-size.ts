// How large a tree should be, and how far its leaves should lean on their parents: what predicts unseen customers best.
import { customerFolds, foldRows } from '../sample.ts';
import { type GrowData, type GrownTree, type GrowOptions, growTree, shrunkenValues } from './grow.ts';
import { childOf } from './structure.ts';

export interface TreeSize {
  readonly leaves: number;
  /** Examples the parent's opinion is worth. */
  readonly strength: number;
}

/** Unseen examples: values one array [rows] an input, outcome and weight [rows]. */
export interface UnseenRows {
  readonly values: readonly Float64Array[];
  readonly outcome: Float64Array;
  readonly weight: Float64Array;
  readonly rows: ArrayLike<number>;
}

export interface SizeSearch {
  readonly entities: readonly string[];
  readonly seed: number;
  readonly grow: GrowOptions;
  /** Loss of predicting `value` where `outcome` came. */
  readonly loss: (outcome: number, value: number) => number;
  /** The training rows themselves, as unseen by trees of other folds. */
  readonly own: UnseenRows;
  readonly valid?: UnseenRows;
  readonly onFold?: (done: number, total: number) => void;
}

const STRENGTHS = [40, 15, 5];
const FOLDS = 5;
/** With so many rows one fold alone already says it clearly. */
const MANY_ROWS = 40_000;

/** The size with the lowest mean loss on `valid`, or over folds of customers; the smaller one of equals. */
export async function chooseSize(data: GrowData, search: SizeSearch): Promise<TreeSize> {
  const losses = STRENGTHS.map(() => new Float64Array(search.grow.maxLeaves + 1));
  const judge = (grown: GrownTree, unseen: UnseenRows) => {
    STRENGTHS.forEach((strength, s) => {
      addLosses(losses[s], { grown, unseen, values: shrunkenValues(grown, strength), loss: search.loss });
    });
  };
  if (search.valid) {
    judge(await growTree(data, search.grow), search.valid);
    search.onFold?.(1, 1);
  } else {
    const folds = customerFolds(search.entities, FOLDS, search.seed);
    const judged = data.rows.length > MANY_ROWS ? 1 : FOLDS;
    for (let fold = 0; fold < judged; fold++) {
      const { inside, outside } = foldRows(folds, fold);
      if (inside.length === 0 || outside.length === 0) continue;
      const grown = await growTree({ ...data, rows: Int32Array.from(outside) }, search.grow);
      judge(grown, { ...search.own, rows: inside });
      search.onFold?.(fold + 1, judged);
    }
  }
  let best: TreeSize = { leaves: 1, strength: STRENGTHS[0] };
  let lowest = Number.POSITIVE_INFINITY;
  for (let leaves = 1; leaves <= search.grow.maxLeaves; leaves++) {
    STRENGTHS.forEach((strength, s) => {
      // A millionth of the loss is no reason for another leaf.
      if (losses[s][leaves] < lowest - 1e-6 * Math.abs(lowest === Number.POSITIVE_INFINITY ? 0 : lowest)) {
        lowest = losses[s][leaves];
        best = { leaves, strength };
      }
    });
  }
  return best;
}

interface Judged {
  readonly grown: GrownTree;
  readonly unseen: UnseenRows;
  readonly values: Float64Array;
  readonly loss: (outcome: number, value: number) => number;
}

/** Adds, for every number of leaves at once, what the tree of that size would lose on the unseen rows. */
function addLosses(into: Float64Array, { grown, unseen, values, loss }: Judged): void {
  const tree = { ...grown.shape, value: values };
  for (let i = 0; i < unseen.rows.length; i++) {
    const row = unseen.rows[i];
    let node = 0;
    let leaves = 1;
    while (leaves < into.length) {
      const feature = tree.feature[node];
      const child = feature < 0 ? -1 : childOf(tree, node, unseen.values[feature][row]);
      // The pair of children 2k − 1, 2k exists from k + 1 leaves on.
      const until = child < 0 ? into.length : Math.ceil(child / 2) + 1;
      const own = unseen.weight[row] * loss(unseen.outcome[row], values[node]);
      for (; leaves < until && leaves < into.length; leaves++) into[leaves] += own;
      if (child < 0) break;
      node = child;
    }
  }
}
