// Reading rows by number, and adding rows back where they came from.

import { AppError } from '../../core/errors.ts';
import { indices as drawn, real } from '../checks/sample.ts';
import { type AnyOp, applyOne, type Op, type Tensor } from '../graph.ts';
import { pick, stridedOffsets } from '../strided.ts';
import { type Axis, axesOf, axisIndex, describeAxes, stridesOf, volume } from '../type.ts';
import { cast } from './arithmetic.ts';
import { equal } from './comparison.ts';
import { constant } from './leaf.ts';
import { reshape, transpose } from './structure.ts';

type AlongAxis = { readonly axis: number };

const gatherOp: Op<AlongAxis> = {
  name: 'gather',
  infer: ([table, at], { axis }) => {
    const rows = table as Tensor;
    const places = at as Tensor;
    if (rows.shape.length === 0 || !isWhole(places))
      throw new AppError(
        'SHAPE',
        `gather: expected rows and whole numbers, got ${describeAxes(rows.axes)} and ${places.dtype} ${describeAxes(places.axes)}`,
      );
    return [
      {
        dtype: rows.dtype,
        axes: [...rows.axes.slice(0, axis), ...places.axes, ...rows.axes.slice(axis + 1)],
      },
    ];
  },
  evaluate: ([table, at], { inputs, attributes: { axis } }) => {
    const { shape } = inputs[0] as Tensor;
    const count = shape[axis] as number;
    const outer = volume(shape.slice(0, axis));
    const width = volume(shape.slice(axis + 1));
    const places = at as Float64Array;
    const out = new Float64Array(outer * places.length * width);
    for (let o = 0; o < outer; o++)
      for (const [i, place] of places.entries()) {
        const from = (o * count + rowNumber('gather', place, count)) * width;
        out.set((table as Float64Array).subarray(from, from + width), (o * places.length + i) * width);
      }
    return [out];
  },
  // row i of the table receives what every place that read it receives
  gradient: ({ inputs: [table, at], attributes: { axis } }, [g]) => {
    const { axes, shape } = table as Tensor;
    const count = volume((at as Tensor).shape);
    const flatPlaces = reshape(at as Tensor, [count]);
    const values = reshape(g as Tensor, [...axes.slice(0, axis), { size: count }, ...axes.slice(axis + 1)]);
    if (axis === 0) return [{ indices: flatPlaces, values }, undefined];
    const toFront = [axis, ...axes.keys()].filter((from, i) => i === 0 || from !== axis);
    const added = scatterRows(flatPlaces, transpose(values, toFront), shape[axis] as number);
    const back = axes.map((_, to) => toFront.indexOf(to));
    return [transpose(added, back), undefined];
  },
  emit: (onnx, inputs, { attributes: { axis } }) => onnx.node('Gather', inputs, { axis: { int: axis } }),
  cases: [
    { inputs: [real(5, 3), drawn(5, 2, 4)], attributes: { axis: 0 } },
    { inputs: [real(4), drawn(4, 6)], attributes: { axis: 0 } },
    { inputs: [real(2, 4, 3), drawn(4, 5)], attributes: { axis: 1 } },
    { inputs: [real(2, 3), drawn(3, 2, 2)], attributes: { axis: 1 } },
  ],
};

/**
 * Rows of a table by number, an embedding: `[rows, …row] [… places] → [… places, …row]`; with `axis`, entries along
 * another axis. The gradient to a table's rows stays a list of rows until somebody needs it dense.
 *
 * Places lie in [0, rows). A session refuses one from `rows` on (BAD_DATA), but reads from the end for one in [-rows, 0);
 * the interpreter refuses both, and so does a training step for ids that come straight from the batch.
 */
export function gather(table: Tensor, places: Tensor, axis = 0): Tensor {
  return applyOne(gatherOp, [table, places], { axis: axisIndex('gather', axis, table.shape.length) });
}

const scatterRowsOp: Op<{ readonly count: number }> = {
  name: 'scatterRows',
  infer: ([at, values], { count }) => {
    const places = at as Tensor;
    const rows = values as Tensor;
    if (places.shape.length !== 1 || rows.shape[0] !== places.shape[0])
      throw new AppError(
        'SHAPE',
        `scatterRows: expected one row a place, got ${describeAxes(rows.axes)} for ${describeAxes(places.axes)}`,
      );
    return [{ dtype: rows.dtype, axes: [...axesOf([count]), ...rows.axes.slice(1)] }];
  },
  evaluate: ([at, values], { inputs, outputs, attributes: { count } }) => {
    const width = volume((inputs[1] as Tensor).shape.slice(1));
    const out = new Float64Array(volume((outputs[0] as Tensor).shape));
    for (const [i, place] of (at as Float64Array).entries()) {
      const to = rowNumber('scatterRows', place, count) * width;
      for (let k = 0; k < width; k++)
        out[to + k] = (out[to + k] as number) + ((values as Float64Array)[i * width + k] as number);
    }
    return [out];
  },
  gradient: ({ inputs: [at] }, [g]) => [undefined, gather(g as Tensor, at as Tensor)],
  // ScatterElements, never ScatterND: with two threads ScatterND loses updates at repeated places.
  emit: (onnx, [at, values], { inputs, outputs }) => {
    const { shape } = inputs[1] as Tensor;
    const width = volume(shape.slice(1));
    const rows = shape[0] as number;
    const out = (outputs[0] as Tensor).shape;
    const [column] = onnx.node('Reshape', [at as string, onnx.ints([rows, 1])]);
    const [places] = onnx.node('Expand', [column as string, onnx.ints([rows, width])]);
    const [flat] = onnx.node('Reshape', [values as string, onnx.ints([rows, width])]);
    const [zeros] = onnx.node('Expand', [
      onnx.constant((outputs[0] as Tensor).dtype, [0], []),
      onnx.ints([out[0] as number, width]),
    ]);
    const [added] = onnx.node('ScatterElements', [zeros as string, places as string, flat as string], {
      axis: { int: 0 },
      reduction: { string: 'add' },
    });
    return onnx.node('Reshape', [added as string, onnx.ints(out)]);
  },
  cases: [
    { inputs: [drawn(4, 6), real(6, 3)], attributes: { count: 4 } },
    { inputs: [drawn(3, 5), real(5)], attributes: { count: 3 } },
    { name: 'whole numbers', inputs: [drawn(3, 5), drawn(9, 5)], attributes: { count: 3 } },
  ],
};

/** A table of `count` rows, zero but for `values[k]` added to row `places[k]`; places may repeat. */
export function scatterRows(places: Tensor, values: Tensor, count: number): Tensor {
  return applyOne(scatterRowsOp, [places, values], { count });
}

const gatherElementsOp: Op<AlongAxis> = {
  name: 'gatherElements',
  infer: ([x, at], { axis }) => {
    const source = x as Tensor;
    const places = at as Tensor;
    requireAligned('gatherElements', source.axes, places, axis);
    return [{ dtype: source.dtype, axes: places.axes }];
  },
  evaluate: ([x, at], { inputs: [source, places], attributes: { axis } }) => {
    const from = elementPlaces((source as Tensor).shape, places as Tensor, at as Float64Array, axis);
    return [pick(x as Float64Array, from)];
  },
  gradient: ({ inputs: [x, at], attributes: { axis } }, [g]) => [
    scatterElements(at as Tensor, g as Tensor, axis, (x as Tensor).shape[axis] as number),
    undefined,
  ],
  emit: (onnx, inputs, { attributes: { axis } }) =>
    onnx.node('GatherElements', inputs, { axis: { int: axis } }),
  cases: [
    { inputs: [real(3, 4), drawn(4, 3, 6)], attributes: { axis: 1 } },
    { inputs: [real(5, 2, 3), drawn(5, 4, 2, 3)], attributes: { axis: 0 } },
  ],
};

/** Along one axis, the entries that `places` names: `y[i, j] = x[i, places[i, j]]` for the last of two axes. */
export function gatherElements(x: Tensor, places: Tensor, axis = -1): Tensor {
  return applyOne(gatherElementsOp, [x, places], {
    axis: axisIndex('gatherElements', axis, x.shape.length),
  });
}

const scatterElementsOp: Op<AlongAxis & { readonly size: number }> = {
  name: 'scatterElements',
  infer: ([at, values], { axis, size }) => {
    const { dtype, axes } = values as Tensor;
    const all = axes.map((old, i) => (i === axis ? { ...old, size } : old));
    requireAligned('scatterElements', all, at as Tensor, axis);
    if ((at as Tensor).shape[axis] !== axes[axis]?.size)
      throw new AppError(
        'SHAPE',
        `scatterElements: expected one value a place, got ${describeAxes(axes)} for ${describeAxes((at as Tensor).axes)}`,
      );
    return [{ dtype, axes: all }];
  },
  evaluate: ([at, values], { inputs: [places], outputs: [y], attributes: { axis } }) => {
    const { shape } = y as Tensor;
    const out = new Float64Array(volume(shape));
    const to = elementPlaces(shape, places as Tensor, at as Float64Array, axis);
    for (const [i, place] of to.entries())
      out[place] = (out[place] as number) + ((values as Float64Array)[i] as number);
    return [out];
  },
  gradient: ({ inputs: [at], attributes: { axis } }, [g]) => [
    undefined,
    gatherElements(g as Tensor, at as Tensor, axis),
  ],
  emit: (onnx, [at, values], { outputs: [y], attributes: { axis } }) => {
    const [zeros] = onnx.node('Expand', [
      onnx.constant((y as Tensor).dtype, [0], []),
      onnx.ints((y as Tensor).shape),
    ]);
    return onnx.node('ScatterElements', [zeros as string, at as string, values as string], {
      axis: { int: axis },
      reduction: { string: 'add' },
    });
  },
  cases: [
    { inputs: [drawn(3, 2, 7), real(2, 7)], attributes: { axis: 1, size: 3 } },
    { inputs: [drawn(4, 6, 2), real(6, 2)], attributes: { axis: 0, size: 4 } },
    { name: 'whole numbers', inputs: [drawn(3, 2, 7), drawn(9, 2, 7)], attributes: { axis: 1, size: 3 } },
  ],
};

/** Zeros, `size` along `axis`, with each value added where `places` says; places may repeat. */
export function scatterElements(places: Tensor, values: Tensor, axis: number, size: number): Tensor {
  return applyOne(scatterElementsOp, [places, values], {
    axis: axisIndex('scatterElements', axis, values.shape.length),
    size,
  });
}

/** 1 where a place is named and 0 elsewhere: `[… places] → [… places, count]`; a place outside gives zeros only. */
export function oneHot(places: Tensor, count: number): Tensor {
  const all = constant(
    Float64Array.from({ length: count }, (_, i) => i),
    [count],
    places.dtype,
  );
  return cast(equal(reshape(places, [...places.axes, { size: 1 }]), all), 'float');
}

function requireAligned(op: string, source: readonly Axis[], places: Tensor, axis: number): void {
  if (
    !isWhole(places) ||
    places.axes.length !== source.length ||
    places.axes.some(({ size }, i) => i !== axis && size !== source[i]?.size)
  )
    throw new AppError(
      'SHAPE',
      `${op}: expected whole numbers of the shape ${describeAxes(source)} but for axis ${axis}, got ${places.dtype} ${describeAxes(places.axes)}`,
    );
}

/** Where in an array of `shape` each element of `places` points. */
function elementPlaces(shape: readonly number[], places: Tensor, at: Float64Array, axis: number): Int32Array {
  const strides = stridesOf(shape);
  const along = strides[axis] as number;
  const starts = stridedOffsets(
    places.shape,
    strides.map((stride, i) => (i === axis ? 0 : stride)),
  );
  return starts.map(
    (start, i) => start + rowNumber('elements by number', at[i] as number, shape[axis] as number) * along,
  );
}

function isWhole({ dtype }: Tensor): boolean {
  return dtype === 'int32' || dtype === 'int64';
}

function rowNumber(op: string, place: number, count: number): number {
  if (place < 0 || place >= count)
    throw new AppError('SHAPE', `${op}: expected a row from 0 to ${count - 1}, got ${place}`);
  return place;
}

export const INDEXING_OPS: readonly AnyOp[] = [gatherOp, scatterRowsOp, gatherElementsOp, scatterElementsOp];
