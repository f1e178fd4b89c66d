// LoRA: a frozen weight learns a change of low rank beside it, in any module.

import { AppError } from '../../core/errors.ts';
import { type Node, nodesBelow, type Tensor } from '../../tensor/graph.ts';
import { add, mul } from '../../tensor/ops/arithmetic.ts';
import { gather } from '../../tensor/ops/indexing.ts';
import { isParameter, leafName } from '../../tensor/ops/leaf.ts';
import { matmul } from '../../tensor/ops/matrix.ts';
import { l2Normalise } from '../../tensor/ops/reductions.ts';
import { rewriteGraph } from '../../tensor/rewrite.ts';
import { normal, zeros } from '../initialise.ts';
import { defineModule, type Module, type Scope } from '../module.ts';
import { tensorsIn, withTensors } from './output-tensors.ts';
import { byPattern, type NameTest } from './pattern.ts';

export interface LoraOptions {
  /** r: 4 to 16 do for most. */
  readonly rank: number;
  /** The change is scaled by alpha / rank; by default by 1. */
  readonly alpha?: number;
  /** Patterns of names of matrices: `**.query.weight`. */
  readonly match: string | readonly string[];
  /** Share of the input of the change dropped while training. */
  readonly dropout?: number;
  /**
   * Each of the r directions gets a strength of its own, `W.loraGate` [rank], which starts at 0; the directions themselves
   * have length one, so that strengths of all matrices compare and the weakest can be pruned away: ranks are then shared
   * out where they are needed (AdaLoRA, Zhang et al. 2023, arXiv:2303.10512, with strengths instead of sensitivities).
   */
  readonly gated?: boolean;
}

const GATE = 'loraGate';
/** Strengths of directions, for who prunes them. */
export const LORA_GATES = `**.${GATE}`;
const DOWN = 'loraDown';
const UP = 'loraUp';

/** Whether a parameter is one that LoRA added: what `compileTraining({ trainable })` wants. */
export const isLora: NameTest = byPattern([`**.${DOWN}`, `**.${UP}`, LORA_GATES]);

/**
 * The module with W replaced by W + A·B·alpha/rank for each matrix W that matches; A is `W.loraDown` [inputs, rank], B is
 * `W.loraUp` [rank, outputs] and starts at 0, so at first nothing changes. Where W is multiplied or rows of it are read,
 * the change runs beside it, (x·A)·B, and with W frozen no gradient of its size is ever made; elsewhere (the inner
 * matrices of a recurrent layer) the sum itself takes its place.
 *
 * Statistics of a batch norm inside go on being taken of what the layers below return unchanged.
 *
 * @throws AppError NOT_FOUND when no matrix matches
 * @see Hu et al. 2021, arXiv:2106.09685, §4.1
 */
export function withLora<Input, Output>(
  module: Module<Input, Output>,
  options: LoraOptions,
): Module<Input, Output> {
  const { rank, alpha = rank, match, dropout = 0, gated = false } = options;
  if (!Number.isInteger(rank) || rank < 1)
    throw new AppError('USAGE', `withLora: expected a whole rank of at least 1, got ${rank}`);
  return defineModule(module.kind, (scope, input) => {
    const output = module.build(scope, input);
    const change = lowRankChanges(scope, {
      rank,
      scale: alpha / rank,
      matches: byPattern(match),
      dropout,
      gated,
    });
    const before = tensorsIn(output);
    // what the input rests on is another's, even where it was built by this very module
    const given = new Set(nodesBelow(tensorsIn(input)));
    const after = rewriteGraph(before, (node, inputs) =>
      given.has(node) && !isParameter(node.outputs[0] as Tensor)
        ? node.outputs
        : change.rewrite(node, inputs),
    );
    if (change.count() === 0)
      throw new AppError('NOT_FOUND', `withLora: expected a matrix that fits ${String(match)}, got none`);
    const exchanged = new Map(before.map((tensor, i) => [tensor, after[i] as Tensor]));
    return withTensors(output, (tensor) => exchanged.get(tensor) as Tensor);
  });
}

interface Settings {
  readonly rank: number;
  readonly scale: number;
  readonly matches: NameTest;
  readonly dropout: number;
  readonly gated: boolean;
}

function lowRankChanges(scope: Scope, { rank, scale, matches, dropout, gated }: Settings) {
  const found = new Set<string>();
  const below = scope.path === '' ? '' : `${scope.path}.`;
  const isMeant = (tensor: Tensor): boolean =>
    isParameter(tensor) &&
    tensor.shape.length === 2 &&
    isBelow(leafName(tensor)) &&
    matches(leafName(tensor));
  const isBelow = (name: string): boolean => name.startsWith(below) && !isLora(name);
  const factors = (weight: Tensor): { down: Tensor; up: Tensor; gate: Tensor | undefined } => {
    const [inputs, outputs] = weight.shape as readonly [number, number];
    const name = leafName(weight).slice(below.length);
    found.add(name);
    const down = scope.parameter(`${name}.${DOWN}`, { inputs, rank }, normal(1 / Math.sqrt(inputs)));
    if (!gated)
      return { down, up: scope.parameter(`${name}.${UP}`, { rank, outputs }, zeros), gate: undefined };
    const up = scope.parameter(`${name}.${UP}`, { rank, outputs }, normal(1 / Math.sqrt(outputs)));
    return {
      // columns of the one and rows of the other have length one
      down: l2Normalise(down, 0),
      up: l2Normalise(up),
      gate: scope.parameter(`${name}.${GATE}`, { rank }, zeros),
    };
  };
  const strong = (narrow: Tensor, gate: Tensor | undefined): Tensor => (gate ? mul(narrow, gate) : narrow);

  const multiplied = (x: Tensor, weight: Tensor, node: Node): Tensor => {
    const { down, up, gate } = factors(weight);
    const { transposeLeft = false, transposeRight = false } = node.attributes as Record<string, boolean>;
    const dropped = scope.dropout(x, dropout);
    const narrow = matmul(dropped, transposeRight ? up : down, { transposeLeft, transposeRight });
    const wide = matmul(strong(narrow, gate), transposeRight ? down : up, { transposeRight });
    return add(matmul(x, weight, { transposeLeft, transposeRight }), scaled(wide));
  };
  const scaled = (x: Tensor): Tensor => (scale === 1 ? x : mul(x, scale));

  const rewrite = (node: Node, inputs: readonly Tensor[]): readonly Tensor[] | undefined => {
    const [first, second] = node.inputs;
    const output = node.outputs[0] as Tensor;
    if (node.op.name === 'matmul' && isMeant(second as Tensor))
      return [multiplied(inputs[0] as Tensor, second as Tensor, node)];
    if (node.op.name === 'gather' && isMeant(first as Tensor) && (node.attributes.axis ?? 0) === 0) {
      const { down, up, gate } = factors(first as Tensor);
      const places = inputs[1] as Tensor;
      return [add(gather(first as Tensor, places), scaled(matmul(strong(gather(down, places), gate), up)))];
    }
    if (isMeant(output)) {
      const { down, up, gate } = factors(output);
      return [add(output, scaled(matmul(strong(down, gate), up)))];
    }
    return undefined;
  };
  return { rewrite, count: () => found.size };
}

export interface MergeOptions {
  readonly rank: number;
  readonly alpha?: number;
}

/**
 * Base weights with the changes added in, and the changes gone: the plain module with these answers as the adapted one.
 *
 * @param weights values by name, of every parameter of the adapted module
 * @throws AppError USAGE when it was not adapted at this rank
 */
export function mergeLora(
  weights: Readonly<Record<string, Float32Array>>,
  { rank, alpha = rank }: MergeOptions,
): Record<string, Float32Array> {
  const merged: Record<string, Float32Array> = {};
  for (const [name, values] of Object.entries(weights)) {
    if (isLora(name)) continue;
    const [down, up] = [weights[`${name}.${DOWN}`], weights[`${name}.${UP}`]];
    if (down && up && values.length * rank * rank !== down.length * up.length)
      throw new AppError(
        'USAGE',
        `mergeLora: expected the rank "${name}" was adapted at, ${Math.sqrt((down.length * up.length) / values.length)}, got ${rank}`,
      );
    const gate = weights[`${name}.${GATE}`];
    merged[name] =
      down && up
        ? plusProduct(values, gate ? gatedColumns(down, gate) : down, gate ? unitRows(up, rank) : up, {
            rank,
            scale: alpha / rank,
          })
        : values;
  }
  return merged;
}

/** base + down·up·scale */
function plusProduct(
  base: Float32Array,
  down: Float32Array,
  up: Float32Array,
  { rank, scale }: { readonly rank: number; readonly scale: number },
): Float32Array {
  const outputs = up.length / rank;
  return base.map((value, i) => {
    const [row, column] = [Math.floor(i / outputs), i % outputs];
    let change = 0;
    for (let k = 0; k < rank; k++)
      change += (down[row * rank + k] as number) * (up[k * outputs + column] as number);
    return value + scale * change;
  });
}

/** Columns of length one, each times its strength; [inputs, rank]. */
function gatedColumns(down: Float32Array, gate: Float32Array): Float32Array {
  const rank = gate.length;
  const squares = new Float64Array(rank);
  down.forEach((value, i) => {
    squares[i % rank] = (squares[i % rank] as number) + value * value;
  });
  return down.map(
    (value, i) => (value / Math.sqrt(squares[i % rank] as number)) * (gate[i % rank] as number),
  );
}

/** Rows of length one, [rank, outputs]. */
function unitRows(up: Float32Array, rank: number): Float32Array {
  const outputs = up.length / rank;
  const lengths = Float64Array.from({ length: rank }, (_, k) =>
    Math.sqrt(up.subarray(k * outputs, (k + 1) * outputs).reduce((sum, value) => sum + value * value, 0)),
  );
  return up.map((value, i) => value / (lengths[Math.floor(i / outputs)] as number));
}
