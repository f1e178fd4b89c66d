// Reading rows by number, and adding rows back where they came from.

import { AppError } from '../../core/errors.ts';
import { type AnyOp, applyOne, type Op, type Tensor } from '../graph.ts';
import { indices as drawn, real } from '../sample.ts';
import { type Axis, axesOf, describeAxes, volume } from '../type.ts';
import { reshape } from './structure.ts';

type NoAttributes = Record<never, never>;

const gatherOp: Op<NoAttributes> = {
  name: 'gather',
  infer: ([table, at]) => {
    const rows = table as Tensor;
    const places = at as Tensor;
    if (rows.shape.length === 0 || (places.dtype !== 'int32' && places.dtype !== 'int64'))
      throw new AppError(
        'SHAPE',
        `gather: expected rows and whole numbers, got ${describeAxes(rows.axes)} and ${places.dtype} ${describeAxes(places.axes)}`,
      );
    return [{ dtype: rows.dtype, axes: [...places.axes, ...rows.axes.slice(1)] }];
  },
  evaluate: ([table, at], { inputs }) => {
    const [count, ...row] = (inputs[0] as Tensor).shape;
    const width = volume(row);
    const out = new Float64Array((at as Float64Array).length * width);
    for (const [i, place] of (at as Float64Array).entries()) {
      const from = rowNumber('gather', place, count as number) * width;
      out.set((table as Float64Array).subarray(from, from + width), i * width);
    }
    return [out];
  },
  // row i of the table receives what every place that read it receives
  gradient: ({ inputs: [table, at] }, [g]) => {
    const row = (table as Tensor).axes.slice(1);
    const count: Axis = { size: volume((at as Tensor).shape) };
    return [
      { indices: reshape(at as Tensor, [count]), values: reshape(g as Tensor, [count, ...row]) },
      undefined,
    ];
  },
  emit: (onnx, inputs) => onnx.node('Gather', inputs, { axis: { int: 0 } }),
  cases: [{ inputs: [real(5, 3), drawn(5, 2, 4)] }, { inputs: [real(4), drawn(4, 6)] }],
};

/**
 * Rows of a table by number: `[rows, …row] [… places] → [… places, …row]`.
 * Its gradient to the table stays a list of rows until somebody needs it dense.
 */
export function gather(table: Tensor, places: Tensor): Tensor {
  return applyOne(gatherOp, [table, places], {});
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
    const [zeros] = onnx.node('Expand', [onnx.floats([0], []), onnx.ints([out[0] as number, width])]);
    const [added] = onnx.node('ScatterElements', [zeros as string, places as string, flat as string], {
      axis: { int: 0 },
      reduction: { string: 'add' },
    });
    return onnx.node('Reshape', [added as string, onnx.ints(out)]);
  },
  cases: [
    { inputs: [drawn(4, 6), real(6, 3)], attributes: { count: 4 } },
    { inputs: [drawn(3, 5), real(5)], attributes: { count: 3 } },
  ],
};

/** A table of `count` rows, zero but for `values[k]` added to row `places[k]`; places may repeat. */
export function scatterRows(places: Tensor, values: Tensor, count: number): Tensor {
  return applyOne(scatterRowsOp, [places, values], { count });
}

function rowNumber(op: string, place: number, count: number): number {
  if (place < 0 || place >= count)
    throw new AppError('SHAPE', `${op}: expected a row from 0 to ${count - 1}, got ${place}`);
  return place;
}

export const INDEXING_OPS: readonly AnyOp[] = [gatherOp, scatterRowsOp];
