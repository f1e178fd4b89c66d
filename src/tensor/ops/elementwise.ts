// Functions of one number, applied to each: powers, logarithms, circles, and the error function.

import { gaussLegendre } from '../../core/quadrature.ts';
import { erf as erfOf } from '../../core/special.ts';
import { apart, between, onlyInputs } from '../checks/sample.ts';
import { type AnyOp, applyOne, type Emitter, type Op, type Tensor } from '../graph.ts';
import { stretched } from '../strided.ts';
import { broadcastAxes } from '../type.ts';
import { div, mul, neg, sub, where } from './arithmetic.ts';
import { and, greaterOrEqual, lessOrEqual } from './comparison.ts';
import { sumTo } from './structure.ts';
import { unary } from './unary.ts';

const POSITIVE = onlyInputs([between(0.3, 3, 3, 5)]);

// (eˣ)′ = eˣ
const expOp = unary({ name: 'exp', of: Math.exp, emit: 'Exp', gradient: ({ y, g }) => mul(g, y) });
const logOp = unary({
  name: 'log',
  of: Math.log,
  emit: 'Log',
  gradient: ({ x, g }) => div(g, x),
  cases: POSITIVE,
});
// (√x)′ = ½ / √x
const sqrtOp = unary({
  name: 'sqrt',
  of: Math.sqrt,
  emit: 'Sqrt',
  gradient: ({ y, g }) => div(mul(g, 0.5), y),
  cases: POSITIVE,
});
// (1/x)′ = −1/x²
const reciprocalOp = unary({
  name: 'reciprocal',
  of: (x) => 1 / x,
  emit: 'Reciprocal',
  gradient: ({ y, g }) => neg(mul(g, mul(y, y))),
  cases: onlyInputs([between(0.3, 3, 3, 5)], [between(-3, -0.3, 4)]),
});
const squareOp = unary({
  name: 'square',
  of: (x) => x * x,
  emit: (onnx, [x]) => onnx.node('Mul', [x as string, x as string]),
  gradient: ({ x, g }) => mul(g, mul(x, 2)),
});
const absOp = unary({
  name: 'abs',
  of: Math.abs,
  emit: 'Abs',
  gradient: ({ x, g }) => mul(g, sign(x)),
  cases: onlyInputs([apart(3, 5)]),
});
const signOp = unary({ name: 'sign', of: Math.sign, emit: 'Sign' });
const floorOp = unary({ name: 'floor', of: Math.floor, emit: 'Floor' });
const sinOp = unary({ name: 'sin', of: Math.sin, emit: 'Sin', gradient: ({ x, g }) => mul(g, cos(x)) });
const cosOp = unary({ name: 'cos', of: Math.cos, emit: 'Cos', gradient: ({ x, g }) => neg(mul(g, sin(x))) });

// erf′(x) = 2/√π · e^(−x²)
const erfOp = unary({
  name: 'erf',
  of: erfOf,
  emit: (onnx, [x]) =>
    onnx.float === 'double' ? erfByQuadrature(onnx, x as string) : onnx.node('Erf', [x as string]),
  gradient: ({ x, g }) => mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
  cases: onlyInputs([between(-4, 4, 3, 8)]),
});

/** erf(6) is 1 to the last bit of a double. */
const ERF_END = 6;

/**
 * erf(x) = 2x/√π · ∫₀¹ e^(−x²u²) du by 48 Gauss–Legendre nodes: error about 1e-15.
 * Only for checks: onnxruntime has no float64 kernel of Erf, and this needs 48 times the memory.
 */
export function erfByQuadrature(onnx: Emitter, x: string): readonly string[] {
  const { nodes, weights } = gaussLegendre(48);
  // from (−1, 1) to (0, 1)
  const squares = nodes.map((node) => -(((node + 1) / 2) ** 2));
  const end = onnx.floats([ERF_END], []);
  const [near] = onnx.node('Clip', [x, onnx.floats([-ERF_END], []), end]) as [string];
  const [square] = onnx.node('Mul', [near, near]) as [string];
  const [column] = onnx.node('Unsqueeze', [square, onnx.ints([-1])]) as [string];
  const [exponent] = onnx.node('Mul', [column, onnx.floats(squares, [squares.length])]) as [string];
  const [height] = onnx.node('Exp', [exponent]) as [string];
  const [weighted] = onnx.node('Mul', [
    height,
    onnx.floats(
      weights.map((weight) => weight / Math.sqrt(Math.PI)),
      [weights.length],
    ),
  ]) as [string];
  const [area] = onnx.node('ReduceSum', [weighted, onnx.ints([-1])], { keepdims: { int: 0 } }) as [string];
  return onnx.node('Mul', [near, area]);
}

type PowerAttributes = { readonly exponent: number };

// (xᵖ)′ = p·xᵖ⁻¹
const powerOp = unary<PowerAttributes>({
  name: 'power',
  of: (x, { exponent }) => x ** exponent,
  emit: (onnx, [x], { attributes: { exponent } }) =>
    onnx.node('Pow', [x as string, onnx.floats([exponent], [])]),
  gradient: ({ x, g }, { exponent }) => mul(g, mul(power(x, exponent - 1), exponent)),
  cases: [
    { inputs: [between(0.3, 3, 3, 5)], attributes: { exponent: 1.5 } },
    { inputs: [between(0.3, 3, 3, 5)], attributes: { exponent: -0.5 } },
    { inputs: [between(-2, 2, 3, 5)], attributes: { exponent: 3 } },
  ],
});

// (aᵇ)′ = b·aᵇ⁻¹·a′ + aᵇ·ln a·b′
const powOp: Op<Record<never, never>> = {
  name: 'pow',
  infer: ([a, b]) => [{ dtype: 'float', axes: broadcastAxes('pow', (a as Tensor).axes, (b as Tensor).axes) }],
  evaluate: ([a, b], { inputs, outputs }) => {
    const { shape } = outputs[0] as Tensor;
    const base = stretched(a as Float64Array, (inputs[0] as Tensor).shape, shape);
    const exponent = stretched(b as Float64Array, (inputs[1] as Tensor).shape, shape);
    return [base.map((value, i) => value ** (exponent[i] as number))];
  },
  gradient: ({ inputs, outputs, needs }, [g]) => {
    const [a, b] = inputs as readonly [Tensor, Tensor];
    const upstream = g as Tensor;
    return [
      needs[0] ? sumTo(mul(upstream, mul(b, pow(a, sub(b, 1)))), a.axes) : undefined,
      needs[1] ? sumTo(mul(upstream, mul(outputs[0] as Tensor, log(a))), b.axes) : undefined,
    ];
  },
  emit: 'Pow',
  cases: onlyInputs(
    [between(0.3, 2, 3, 4), between(-2, 2, 3, 4)],
    [between(0.3, 2, 3, 1), between(-2, 2, 4)],
  ),
};

type ClipAttributes = { readonly low: number; readonly high: number };

// inside the limits, and on them, the gradient passes
const clipOp = unary<ClipAttributes>({
  name: 'clip',
  of: (x, { low, high }) => Math.min(Math.max(x, low), high),
  emit: (onnx, [x], { attributes: { low, high } }) =>
    onnx.node('Clip', [x as string, limit(onnx, low), limit(onnx, high)]),
  gradient: ({ x, g }, { low, high }) => where(and(greaterOrEqual(x, low), lessOrEqual(x, high)), g, 0),
  cases: [
    { inputs: [apart(4, 5)], attributes: { low: -0.13, high: 0.17 } },
    { inputs: [apart(4, 5)], attributes: { low: 0.01, high: Number.POSITIVE_INFINITY } },
  ],
});

/** An absent limit is an empty name. */
function limit(onnx: Emitter, value: number): string {
  return Number.isFinite(value) ? onnx.floats([value], []) : '';
}

export const ELEMENTWISE_OPS: readonly AnyOp[] = [
  expOp,
  logOp,
  sqrtOp,
  reciprocalOp,
  squareOp,
  absOp,
  signOp,
  floorOp,
  sinOp,
  cosOp,
  erfOp,
  powerOp,
  powOp,
  clipOp,
];

/** eˣ. */
export function exp(x: Tensor): Tensor {
  return applyOne(expOp, [x], {});
}

/** Natural logarithm. */
export function log(x: Tensor): Tensor {
  return applyOne(logOp, [x], {});
}

/** √x, of numbers of at least 0. */
export function sqrt(x: Tensor): Tensor {
  return applyOne(sqrtOp, [x], {});
}

/** 1 / x. */
export function reciprocal(x: Tensor): Tensor {
  return applyOne(reciprocalOp, [x], {});
}

/** x². */
export function square(x: Tensor): Tensor {
  return applyOne(squareOp, [x], {});
}

/** |x|; its gradient at 0 is 0. */
export function abs(x: Tensor): Tensor {
  return applyOne(absOp, [x], {});
}

/** −1, 0 or 1; no gradient flows through it. */
export function sign(x: Tensor): Tensor {
  return applyOne(signOp, [x], {});
}

/** The largest whole number not above; no gradient flows through it. */
export function floor(x: Tensor): Tensor {
  return applyOne(floorOp, [x], {});
}

/** sin x, in radians. */
export function sin(x: Tensor): Tensor {
  return applyOne(sinOp, [x], {});
}

/** cos x, in radians. */
export function cos(x: Tensor): Tensor {
  return applyOne(cosOp, [x], {});
}

/** Error function, 2/√π ∫₀ˣ e^(−t²) dt. */
export function erf(x: Tensor): Tensor {
  return applyOne(erfOp, [x], {});
}

/** `x` to a power; a tensor of exponents needs positive `x` if their gradient is wanted. */
export function pow(x: Tensor, exponent: Tensor | number): Tensor {
  return typeof exponent === 'number' ? power(x, exponent) : applyOne(powOp, [x, exponent], {});
}

function power(x: Tensor, exponent: number): Tensor {
  return exponent === 1 ? x : applyOne(powerOp, [x], { exponent });
}

export interface Limits {
  readonly low?: number;
  readonly high?: number;
}

/** Numbers outside the limits become the limit, and pass no gradient. */
export function clip(
  x: Tensor,
  { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY }: Limits,
): Tensor {
  return applyOne(clipOp, [x], { low, high });
}
