// Nodes that move numbers: reshapes, slices, joins, stretches, reads by place.

import type { Tensor } from '../../graph.ts';
import { cast, where } from '../../ops/arithmetic.ts';
import { gather, gatherElements } from '../../ops/indexing.ts';
import { constant } from '../../ops/leaf.ts';
import { concat, expand, pad, reshape, slice, split, transpose } from '../../ops/structure.ts';
import { axesOf, broadcastAxes, sizesOf, stridesOf, volume } from '../../type.ts';
import {
  fromFirst,
  type ImportedNode,
  type Importers,
  listOf,
  numbers,
  operand,
  operands,
  refusal,
  singleNumber,
  text,
  whole,
  wholes,
} from './node.ts';
import { places } from './shapes.ts';

export const STRUCTURE_IMPORTERS: Importers = {
  Identity: (node) => operand(node, 0),
  Reshape: (node) => {
    const x = operand(node, 0);
    const keepsZero = whole(node, 'allowzero') === 1;
    const wanted = listOf(node, 'shape', 1) ?? [];
    return reshape(
      x,
      wanted.map((size, i) => (size === 0 && !keepsZero ? (x.shape[i] as number) : size)),
    );
  },
  Flatten: (node) => {
    const x = operand(node, 0);
    const axis = fromFirst(whole(node, 'axis') ?? 1, x.shape.length);
    return reshape(x, [volume(x.shape.slice(0, axis)), volume(x.shape.slice(axis))]);
  },
  Squeeze: (node) => {
    const x = operand(node, 0);
    const axes = listOf(node, 'axes', 1)?.map((axis) => fromFirst(axis, x.shape.length));
    return reshape(
      x,
      x.axes.filter((axis, i) => (axes === undefined ? axis.size !== 1 : !axes.includes(i))),
    );
  },
  Unsqueeze: (node) => {
    const x = operand(node, 0);
    const added = listOf(node, 'axes', 1) ?? [];
    const rank = x.shape.length + added.length;
    const at = new Set(added.map((axis) => fromFirst(axis, rank)));
    const old = x.axes[Symbol.iterator]();
    return reshape(
      x,
      Array.from({ length: rank }, (_, i) => (at.has(i) ? { size: 1 } : (old.next().value ?? { size: 1 }))),
    );
  },
  Transpose: (node) => {
    const x = operand(node, 0);
    const order = wholes(node, 'perm') ?? x.shape.map((_, i) => x.shape.length - 1 - i);
    return order.every((axis, i) => axis === i) ? x : transpose(x, order);
  },
  Expand: (node) => {
    const x = operand(node, 0);
    return expand(x, broadcastAxes('expand', x.axes, axesOf(numbers(node, 1) ?? [])));
  },
  Tile: (node) =>
    (numbers(node, 1) ?? []).reduce(
      (x, times, axis) => concat(new Array<Tensor>(times).fill(x), axis),
      operand(node, 0),
    ),
  Concat: (node) => concat(operands(node), whole(node, 'axis') ?? 0),
  Split: (node) => {
    const x = operand(node, 0);
    const axis = whole(node, 'axis') ?? 0;
    return split(x, axis, listOf(node, 'split', 1) ?? evenly(node, x.shape.at(axis) as number));
  },
  Slice: (node) => {
    const x = operand(node, 0);
    const starts = listOf(node, 'starts', 1) ?? [];
    const ends = listOf(node, 'ends', 2) ?? [];
    const axes = listOf(node, 'axes', 3) ?? starts.map((_, i) => i);
    const steps = numbers(node, 4) ?? starts.map(() => 1);
    return axes.reduce((part, axis, i) => {
      const [start, end, step] = [starts[i] as number, ends[i] as number, steps[i] as number];
      return strided(part, fromFirst(axis, x.shape.length), { start, end, step });
    }, x);
  },
  Pad: (node) => {
    const x = operand(node, 0);
    const mode = text(node, 'mode') ?? 'constant';
    if (mode !== 'constant') throw refusal(node, `expected padding by a constant, got by ${mode}`);
    const rank = x.shape.length;
    const ends = listOf(node, 'pads', 1) ?? [];
    const axes = numbers(node, 3)?.map((axis) => fromFirst(axis, rank)) ?? x.shape.map((_, i) => i);
    const value = singleNumber(node, 2) ?? 0;
    return axes.reduce((padded, axis, i) => {
      const [before, after] = [ends[i] as number, ends[i + axes.length] as number];
      const longer = pad(padded, axis, Math.max(before, 0), Math.max(after, 0), value);
      // A negative end cuts.
      return slice(longer, axis, Math.max(-before, 0), (longer.shape[axis] as number) - Math.max(-after, 0));
    }, x);
  },
  Gather: (node) => {
    const table = operand(node, 0);
    const axis = fromFirst(whole(node, 'axis') ?? 0, table.shape.length);
    return gather(table, rowNumbers(node, 1, table.shape[axis] as number), axis);
  },
  GatherElements: (node) => {
    const x = operand(node, 0);
    const axis = fromFirst(whole(node, 'axis') ?? 0, x.shape.length);
    const at = rowNumbers(node, 1, x.shape[axis] as number);
    // ONNX lets the places be fewer than the values on the other axes; those beyond are never read.
    const read = at.shape.reduce((part, size, i) => (i === axis ? part : slice(part, i, 0, size)), x);
    return gatherElements(read, at, axis);
  },
  GatherND: (node) => {
    if ((whole(node, 'batch_dims') ?? 0) !== 0) throw refusal(node, 'batch_dims is not supported');
    const x = operand(node, 0);
    const at = operand(node, 1);
    const depth = at.shape.at(-1) as number;
    const strides = stridesOf(x.shape.slice(0, depth));
    const parts = numbers(node, 1) ?? [];
    const flat = Array.from({ length: parts.length / depth }, (_, i) =>
      strides.reduce(
        (sum, stride, k) => sum + stride * fromFirst(parts[i * depth + k] as number, x.shape[k] as number),
        0,
      ),
    );
    const rows = reshape(x, [volume(x.shape.slice(0, depth)), ...x.shape.slice(depth)]);
    return gather(rows, places(flat, at.shape.slice(0, -1)));
  },
  Trilu: (node) => {
    const x = operand(node, 0);
    const upper = (whole(node, 'upper') ?? 1) === 1;
    const shift = singleNumber(node, 1) ?? 0;
    const [rows, columns] = x.shape.slice(-2) as [number, number];
    const kept = Float64Array.from({ length: rows * columns }, (_, i) => {
      const distance = (i % columns) - Math.floor(i / columns) - shift;
      return Number(upper ? distance >= 0 : distance <= 0);
    });
    return where(constant(kept, [rows, columns], 'bool'), x, 0);
  },
};

function evenly(node: ImportedNode, size: number): readonly number[] {
  const count = whole(node, 'num_outputs') ?? node.source.outputs.length;
  const each = Math.ceil(size / count);
  return Array.from({ length: count }, (_, i) => Math.min(each, size - i * each));
}

interface Stride {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** ONNX's slice: ends beyond the axis mean the end, and a negative step walks backwards. */
function strided(x: Tensor, axis: number, { start, end, step }: Stride): Tensor {
  const size = x.shape[axis] as number;
  const [lowest, highest] = step > 0 ? [0, size] : [-1, size - 1];
  const within = (at: number): number => Math.min(Math.max(fromFirst(at, size), lowest), highest);
  const from = within(start);
  const to = within(end);
  if (step === 1) return slice(x, axis, from, Math.max(from, to));
  const count = Math.max(Math.ceil((to - from) / step), 0);
  return gather(
    x,
    places(
      Array.from({ length: count }, (_, i) => from + i * step),
      [count],
    ),
    axis,
  );
}

/**
 * Places as int32, the type row gradients carry. Those known beforehand are counted from the first; those fed must
 * not be negative.
 */
function rowNumbers(node: ImportedNode, at: number, count: number): Tensor {
  const tensor = operand(node, at);
  const list = node.known(tensor);
  if (list === undefined) return uncast(tensor);
  return places(
    Array.from(list as Iterable<number | bigint>, (place) => fromFirst(Number(place), count)),
    sizesOf(tensor.axes),
  );
}

/** int32 → int64 → int32 is where it began. */
function uncast(tensor: Tensor): Tensor {
  const [source] = tensor.node.inputs;
  return tensor.node.op.name === 'cast' && source?.dtype === 'int32' ? source : cast(tensor, 'int32');
}
