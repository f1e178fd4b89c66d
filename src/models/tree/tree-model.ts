// A fitted tree as a Model: margins from leaves, exact contributions, flat arrays at rest.
import { AppError } from '../../core/errors.ts';
import type { Frame } from '../../core/frame.ts';
import { fromMargin, type Link, type Model, type Question, type SavedModel } from '../estimator.ts';
import { attributeForest, forestOfTree } from '../forest/attribution/attribute-forest.ts';
import { cutsOf } from '../forest/cuts.ts';
import { readInputs } from '../forest/read-inputs.ts';
import { asJson, readArray, readState, type SavedState } from '../saved.ts';
import type { TreeInput } from './inputs.ts';
import { leafOf, type Tree, usedInputs } from './structure.ts';

const FORMAT = 1;

export interface TreeParts {
  readonly question: Question;
  readonly link: Link;
  readonly inputs: readonly TreeInput[];
  readonly tree: Tree;
}

interface TreeState extends SavedState {
  readonly link: Link;
  readonly inputs: readonly TreeInput[];
}

export function treeModel(estimator: string, given: TreeParts): Model {
  const { question, link } = given;
  const { inputs, tree } = onlyUsed(given);
  const forest = forestOfTree(inputs, tree);
  const margin = (frame: Frame) => {
    const values = readInputs(inputs, frame);
    return Float64Array.from({ length: frame.rows }, (_, row) => tree.value[leafOf(tree, values, row)]);
  };
  return {
    estimator,
    question,
    link,
    inputs: inputs.map((input) => input.name),
    predict: async (frame) => fromMargin(link, margin(frame)),
    margin: async (frame) => margin(frame),
    cuts: () => cutsOf(forest),
    forest: () => forest,
    attribute: (frame) => attributeForest(forest, frame),
    save: () => {
      const { sets, missingLeft, ...rest } = tree;
      return {
        estimator,
        format: FORMAT,
        state: asJson({ question, link, inputs }),
        arrays: { ...rest, sets, missingLeft },
      };
    },
  };
}

/** Drops inputs no node cuts, so that a model asks for no column it does not read. */
function onlyUsed({ inputs, tree }: TreeParts): { inputs: readonly TreeInput[]; tree: Tree } {
  const used = usedInputs(tree, inputs);
  const feature = tree.feature.map((at) => (at < 0 ? -1 : used.indexOf(inputs[at])));
  return { inputs: used, tree: { ...tree, feature } };
}

export function loadTreeModel(estimator: string, saved: SavedModel): Model {
  const state = readState<TreeState>(saved, estimator, FORMAT, ['link', 'inputs']);
  const value = readArray(saved, 'value');
  const nodes = value.length;
  const integers = (key: string): Int32Array => {
    const array = saved.arrays?.[key];
    if (array instanceof Int32Array && array.length === nodes) return array;
    throw new AppError(
      'BAD_FILE',
      `a saved "${estimator}" model needs ${nodes} integers in "${key}"; train it again`,
    );
  };
  const bytes = (key: string): Uint8Array => {
    const array = saved.arrays?.[key];
    if (array instanceof Uint8Array) return array;
    throw new AppError('BAD_FILE', `a saved "${estimator}" model needs bytes in "${key}"; train it again`);
  };
  return treeModel(estimator, {
    question: state.question,
    link: state.link,
    inputs: state.inputs,
    tree: {
      feature: integers('feature'),
      threshold: readArray(saved, 'threshold', nodes),
      setStart: integers('setStart'),
      missingLeft: bytes('missingLeft'),
      left: integers('left'),
      right: integers('right'),
      cover: readArray(saved, 'cover', nodes),
      value,
      sets: bytes('sets'),
    },
  });
}
