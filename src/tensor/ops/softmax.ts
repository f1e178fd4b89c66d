// Softmax and its logarithm along any axis.

import { between, real } from '../checks/sample.ts';
import { type AnyOp, applyOne, type Op, type Tensor } from '../graph.ts';
import { eachLine } from '../strided.ts';
import { axisIndex } from '../type.ts';
import { mul, sub } from './arithmetic.ts';
import { exp } from './elementwise.ts';
import { sum } from './structure.ts';

type AlongAxis = { readonly axis: number };

const CASES: Op<AlongAxis>['cases'] = [
  { inputs: [real(3, 5)], attributes: { axis: 1 } },
  { inputs: [real(2, 3, 4)], attributes: { axis: 1 } },
  {
    name: 'numbers whose exponential overflows',
    inputs: [between(-200, 200, 3, 5)],
    attributes: { axis: 0 },
  },
];

const softmaxOp: Op<AlongAxis> = {
  name: 'softmax',
  infer: ([x]) => [x as Tensor],
  evaluate: ([x], { inputs, attributes: { axis } }) => [
    logSoftmaxOf(x as Float64Array, inputs[0] as Tensor, axis).map(Math.exp),
  ],
  // (softmax x)′: y·(g − Σ g·y)
  gradient: ({ outputs: [y], attributes: { axis } }, [g]) => {
    const scaled = mul(g as Tensor, y as Tensor);
    return [sub(scaled, mul(y as Tensor, sum(scaled, axis, { keep: true })))];
  },
  emit: (onnx, inputs, { attributes: { axis } }) => onnx.node('Softmax', inputs, { axis: { int: axis } }),
  cases: CASES,
};

const logSoftmaxOp: Op<AlongAxis> = {
  name: 'logSoftmax',
  infer: ([x]) => [x as Tensor],
  evaluate: ([x], { inputs, attributes: { axis } }) => [
    logSoftmaxOf(x as Float64Array, inputs[0] as Tensor, axis),
  ],
  // g − e^y · Σ g
  gradient: ({ outputs: [y], attributes: { axis } }, [g]) => [
    sub(g as Tensor, mul(exp(y as Tensor), sum(g as Tensor, axis, { keep: true }))),
  ],
  emit: (onnx, inputs, { attributes: { axis } }) => onnx.node('LogSoftmax', inputs, { axis: { int: axis } }),
  cases: CASES,
};

export const SOFTMAX_OPS: readonly AnyOp[] = [softmaxOp, logSoftmaxOp];

/** e^x / Σ e^x along an axis, without overflow. */
export function softmax(x: Tensor, axis = -1): Tensor {
  return applyOne(softmaxOp, [x], { axis: axisIndex('softmax', axis, x.shape.length) });
}

/** ln softmax(x) along an axis. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return applyOne(logSoftmaxOp, [x], { axis: axisIndex('logSoftmax', axis, x.shape.length) });
}

function logSoftmaxOf(x: Float64Array, { shape }: Tensor, axis: number): Float64Array {
  const out = new Float64Array(x.length);
  eachLine(shape, axis, (start, stride, size) => {
    let high = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < size; k++) high = Math.max(high, x[start + k * stride] as number);
    let total = 0;
    for (let k = 0; k < size; k++) total += Math.exp((x[start + k * stride] as number) - high);
    const shift = high + Math.log(total);
    for (let k = 0; k < size; k++) out[start + k * stride] = (x[start + k * stride] as number) - shift;
  });
  return out;
}
