// Matrix products, alone and in batches.

import { AppError } from '../../core/errors.ts';
import { real } from '../checks/sample.ts';
import { type AnyOp, applyOne, type Op, type Tensor } from '../graph.ts';
import { broadcastStrides, stridedOffsets } from '../strided.ts';
import { type Axis, broadcastAxes, describeAxes, describeMismatch, volume } from '../type.ts';
import { add, mul } from './arithmetic.ts';
import { reshape, sum, sumTo } from './structure.ts';

export interface MatmulOptions {
  /** Reads the left operand with its last two axes swapped. */
  readonly transposeLeft?: boolean;
  /** Reads the right operand with its last two axes swapped. */
  readonly transposeRight?: boolean;
}

type MatmulAttributes = { readonly transposeLeft: boolean; readonly transposeRight: boolean };

const matmulOp: Op<MatmulAttributes> = {
  name: 'matmul',
  infer: ([a, b], attributes) => {
    const left = a as Tensor;
    const right = b as Tensor;
    if (left.dtype !== right.dtype)
      throw new AppError(
        'SHAPE',
        `matmul: expected two tensors of one type, got ${left.dtype} and ${right.dtype}; cast one`,
      );
    if (left.shape.length < 2 || right.shape.length < 2)
      throw new AppError(
        'SHAPE',
        `matmul: ${describeAxes(left.axes)} · ${describeAxes(right.axes)}: expected at least 2 axes on each side`,
      );
    const [rows, inner] = matrixAxes(left, attributes.transposeLeft);
    const [outer, columns] = matrixAxes(right, attributes.transposeRight);
    if (inner.size !== outer.size)
      throw new AppError(
        'SHAPE',
        `matmul: ${describeAxes(left.axes)} · ${describeAxes(right.axes)}: ${describeMismatch(inner, outer)}`,
      );
    const batch = broadcastAxes('matmul', left.axes.slice(0, -2), right.axes.slice(0, -2));
    return [{ dtype: left.dtype, axes: [...batch, rows, columns] }];
  },
  evaluate: ([a, b], { inputs, outputs, attributes }) => [
    product(
      a as Float64Array,
      b as Float64Array,
      inputs as readonly [Tensor, Tensor],
      outputs[0] as Tensor,
      attributes,
    ),
  ],
  // (AB)' = A'B + AB': dA = G·Bᵀ, dB = Aᵀ·G, each read transposed where its operand was
  gradient: ({ inputs: [a, b], needs, attributes: { transposeLeft, transposeRight } }, [g]) => {
    const left = a as Tensor;
    const right = b as Tensor;
    const upstream = g as Tensor;
    const toLeft = () =>
      transposeLeft
        ? matmul(right, upstream, { transposeLeft: transposeRight, transposeRight: true })
        : matmul(upstream, right, { transposeRight: !transposeRight });
    const toRight = () =>
      transposeRight
        ? matmul(upstream, left, { transposeLeft: true, transposeRight: transposeLeft })
        : matmul(left, upstream, { transposeLeft: !transposeLeft });
    return [
      needs[0] ? sumTo(toLeft(), left.axes) : undefined,
      needs[1]
        ? sumTo(
            isShared(left, right, transposeLeft) ? sharedGradient(left, upstream, transposeRight) : toRight(),
            right.axes,
          )
        : undefined,
    ];
  },
  emit: (onnx, [a, b], { inputs, outputs, attributes: { transposeLeft, transposeRight } }) => {
    const [left, right] = inputs as readonly [Tensor, Tensor];
    const names = [a as string, b as string];
    if (!transposeLeft && !transposeRight) return onnx.node('MatMul', names);
    if (left.shape.length === 2 && right.shape.length === 2)
      return writeGemm(onnx, names, transposeLeft, transposeRight);
    if (onnx.isPortable && !transposeLeft && right.shape.length === 2) {
      // [..., K] · [N, K]ᵀ as one flat product, which whoever reads the file knows as a layer
      const [flat] = onnx.node('Reshape', [a as string, onnx.ints([-1, left.shape.at(-1) as number])]);
      const [product] = writeGemm(onnx, [flat as string, b as string], false, true);
      return onnx.node('Reshape', [product as string, onnx.ints((outputs[0] as Tensor).shape)]);
    }
    return onnx.product(
      { name: a as string, rank: left.shape.length, transposed: transposeLeft },
      { name: b as string, rank: right.shape.length, transposed: transposeRight },
    );
  },
  cases: [
    { inputs: [real(3, 4), real(4, 2)], attributes: { transposeLeft: false, transposeRight: false } },
    { inputs: [real(4, 3), real(4, 2)], attributes: { transposeLeft: true, transposeRight: false } },
    { inputs: [real(3, 4), real(2, 4)], attributes: { transposeLeft: false, transposeRight: true } },
    { inputs: [real(4, 3), real(2, 4)], attributes: { transposeLeft: true, transposeRight: true } },
    { inputs: [real(2, 3, 4), real(4, 2)], attributes: { transposeLeft: false, transposeRight: false } },
    { inputs: [real(2, 3, 4), real(5, 4)], attributes: { transposeLeft: false, transposeRight: true } },
    { inputs: [real(2, 3, 4), real(2, 4, 2)], attributes: { transposeLeft: false, transposeRight: false } },
    { inputs: [real(2, 1, 4, 3), real(3, 2, 4)], attributes: { transposeLeft: true, transposeRight: true } },
    { inputs: [real(3, 4), real(2, 4, 2)], attributes: { transposeLeft: false, transposeRight: false } },
    {
      name: 'one matrix for many rows, whose gradient is cut',
      inputs: [real(2, 512, 1), real(1, 1)],
      attributes: { transposeLeft: false, transposeRight: false },
    },
    {
      name: 'the same read transposed',
      inputs: [real(2, 512, 1), real(2, 1)],
      attributes: { transposeLeft: false, transposeRight: true },
    },
  ],
};

/**
 * Matrix product over the last two axes; leading axes are batches and stretch to fit.
 *
 * @throws AppError SHAPE naming the axes that do not fit
 */
export function matmul(
  left: Tensor,
  right: Tensor,
  { transposeLeft = false, transposeRight = false }: MatmulOptions = {},
): Tensor {
  return applyOne(matmulOp, [left, right], { transposeLeft, transposeRight });
}

export interface GemmOptions extends MatmulOptions {
  /** Times the product, 1 by default. */
  readonly alpha?: number;
  /** Times what is added, 1 by default. */
  readonly beta?: number;
}

/** alpha · A·B + beta · C, as BLAS has it; onnxruntime runs it as one node where both factors are 1. */
export function gemm(
  left: Tensor,
  right: Tensor,
  addend: Tensor,
  { alpha = 1, beta = 1, ...transposed }: GemmOptions = {},
): Tensor {
  const product = matmul(left, right, transposed);
  return add(alpha === 1 ? product : mul(product, alpha), beta === 1 ? addend : mul(addend, beta));
}

/** One matrix applied to a whole batch of rows: its gradient is one flat product, not a sum over the batch. */
function isShared(left: Tensor, right: Tensor, transposeLeft: boolean): boolean {
  return right.shape.length === 2 && left.shape.length > 2 && !transposeLeft;
}

/**
 * Σ over rows of leftᵀ·upstream. Many rows are cut into eight products and these added up: onnxruntime shares one such
 * product badly among threads, and its inner loop is longer than its caches (a quarter faster at 6,400 rows of 64 with
 * two threads; an eighth at 4,096 rows of 256 by 1,024 with one).
 */
function sharedGradient(left: Tensor, upstream: Tensor, transposeRight: boolean): Tensor {
  const [width, columns] = [left.shape.at(-1) as number, upstream.shape.at(-1) as number];
  const count = volume(left.shape) / width;
  const pieces = count >= LONG && count % PIECES === 0 ? PIECES : 1;
  const cut = (x: Tensor, size: number): Tensor =>
    reshape(x, pieces === 1 ? [count, size] : [pieces, count / pieces, size]);
  const [rows, flat] = [cut(left, width), cut(upstream, columns)];
  const product = transposeRight
    ? matmul(flat, rows, { transposeLeft: true })
    : matmul(rows, flat, { transposeLeft: true });
  return pieces === 1 ? product : sum(product, 0);
}

/** From how many rows on their sum is cut, and into how many pieces. */
const LONG = 1024;
const PIECES = 8;

function matrixAxes(x: Tensor, swapped: boolean): readonly [Axis, Axis] {
  const [rows, columns] = x.axes.slice(-2) as unknown as readonly [Axis, Axis];
  return swapped ? [columns, rows] : [rows, columns];
}

function writeGemm(
  onnx: Parameters<Exclude<Op['emit'], string>>[0],
  names: readonly string[],
  left: boolean,
  right: boolean,
): readonly string[] {
  return onnx.node('Gemm', names, { transA: { int: Number(left) }, transB: { int: Number(right) } });
}

function product(
  a: Float64Array,
  b: Float64Array,
  [left, right]: readonly [Tensor, Tensor],
  out: Tensor,
  { transposeLeft, transposeRight }: MatmulAttributes,
): Float64Array {
  const rows = out.shape.at(-2) as number;
  const columns = out.shape.at(-1) as number;
  const inner = left.shape.at(transposeLeft ? -2 : -1) as number;
  const batch = out.shape.slice(0, -2);
  const starts = [left, right].map(({ shape }) =>
    stridedOffsets(batch, broadcastStrides(shape.slice(0, -2), batch)),
  );
  const result = new Float64Array(volume(out.shape));
  for (let k = 0; k < volume(batch); k++) {
    const fromLeft = ((starts[0] as Int32Array)[k] as number) * rows * inner;
    const fromRight = ((starts[1] as Int32Array)[k] as number) * inner * columns;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let total = 0;
        for (let m = 0; m < inner; m++) {
          const x = a[fromLeft + (transposeLeft ? m * rows + i : i * inner + m)] as number;
          total += x * (b[fromRight + (transposeRight ? j * inner + m : m * columns + j)] as number);
        }
        result[(k * rows + i) * columns + j] = total;
      }
    }
  }
  return result;
}

export const MATRIX_OPS: readonly AnyOp[] = [matmulOp];
