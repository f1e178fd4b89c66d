// Activations and squashing functions: each with the gradient that stays finite and costs the fewest passes over memory.

import { erf as erfOf } from '../../core/special.ts';
import { apart, between, onlyInputs, real } from '../checks/sample.ts';
import { type AnyOp, applyOne, type Emitter, type Op, type Tensor } from '../graph.ts';
import { add, mul, neg, sub, where } from './arithmetic.ts';
import { greater } from './comparison.ts';
import { erf, erfByQuadrature, exp, square } from './elementwise.ts';
import { unary } from './unary.ts';

const WIDE = onlyInputs([between(-4, 4, 3, 8)]);

// y′ = y(1 − y), as g·y − g·y·y: one pass fewer than with 1 − y
const sigmoidOp = unary({
  name: 'sigmoid',
  of: sigmoidOf,
  emit: 'Sigmoid',
  gradient: ({ y, g }) => {
    const scaled = mul(g, y);
    return sub(scaled, mul(scaled, y));
  },
  cases: WIDE,
});

// y′ = 1 − y²
const tanhOp = unary({
  name: 'tanh',
  of: Math.tanh,
  emit: 'Tanh',
  gradient: ({ y, g }) => sub(g, mul(mul(g, y), y)),
});

// ln(1 + eˣ)′ = sigmoid(x)
const softplusOp = unary({
  name: 'softplus',
  of: softplusOf,
  emit: (onnx, [x]) => softplusNodes(onnx, x as string),
  gradient: ({ x, g }) => mul(g, sigmoid(x)),
  cases: onlyInputs([between(-4, 4, 3, 8)], [between(-60, 60, 12)]),
});

// ln sigmoid(x) = −softplus(−x); its derivative is sigmoid(−x)
const logSigmoidOp = unary({
  name: 'logSigmoid',
  of: (x) => -softplusOf(-x),
  emit: (onnx, [x]) => {
    const [flipped] = onnx.node('Neg', [x as string]) as [string];
    return onnx.node('Neg', softplusNodes(onnx, flipped));
  },
  gradient: ({ x, g }) => mul(g, sigmoid(neg(x))),
  cases: onlyInputs([between(-4, 4, 3, 8)], [between(-60, 60, 12)]),
});

/*
 * 1 above zero, 0 elsewhere. HardSigmoid, min(max(slope·x, 0), 1), is one pass of onnxruntime where a comparison and a
 * cast are two: relu's gradient takes half the time of Greater and Where.
 */
const stepOp = unary({
  name: 'step',
  of: (x) => Number(x > 0),
  emit: (onnx, [x]) =>
    onnx.float === 'float'
      ? onnx.node('HardSigmoid', [x as string], { alpha: { float: 1e38 }, beta: { float: 0 } })
      : onnx.cast(onnx.node('Greater', [x as string, onnx.floats([0], [])])[0] as string, 'float'),
  cases: onlyInputs([apart(3, 5)], [{ ...real(3), values: [-1, 0, 1] }]),
});

type LineAttributes = { readonly slope: number; readonly shift: number };

const hardSigmoidOp = unary<LineAttributes>({
  name: 'hardSigmoid',
  of: (x, { slope, shift }) => Math.min(Math.max(slope * x + shift, 0), 1),
  emit: (onnx, [x], { attributes: { slope, shift } }) => {
    if (onnx.float === 'float')
      return onnx.node('HardSigmoid', [x as string], { alpha: { float: slope }, beta: { float: shift } });
    const [sloped] = onnx.node('Mul', [x as string, onnx.floats([slope], [])]) as [string];
    const [line] = onnx.node('Add', [sloped, onnx.floats([shift], [])]) as [string];
    return onnx.node('Clip', [line, onnx.floats([0], []), onnx.floats([1], [])]);
  },
  gradient: ({ y, g }, { slope }) => mul(mul(g, slope), mul(step(y), step(sub(1, y)))),
  cases: [{ inputs: [apart(3, 5)], attributes: { slope: 0.5, shift: 0.5 } }],
});

// at 0 the gradient is 0
const reluOp = unary({
  name: 'relu',
  of: (x) => Math.max(x, 0),
  emit: 'Relu',
  gradient: ({ y, g }) => mul(g, step(y)),
  cases: onlyInputs([apart(3, 5)]),
});

type LeakyAttributes = { readonly slope: number };

const leakyReluOp = unary<LeakyAttributes>({
  name: 'leakyRelu',
  of: (x, { slope }) => (x > 0 ? x : slope * x),
  emit: (onnx, inputs, { attributes: { slope } }) =>
    onnx.node('LeakyRelu', inputs, { alpha: { float: slope } }),
  gradient: ({ x, g }, { slope }) => where(greater(x, 0), g, mul(g, slope)),
  // 0.25 is the same number as the float32 an ONNX attribute is
  cases: [{ inputs: [apart(3, 5)], attributes: { slope: 0.25 } }],
});

// (x·s)′ = s + x·s·(1 − s) with s = sigmoid(x), that is s + y − y·s
const siluOp = unary({
  name: 'silu',
  of: (x) => x * sigmoidOf(x),
  emit: (onnx, [x]) => {
    const [gate] = onnx.node('Sigmoid', [x as string]) as [string];
    return onnx.node('Mul', [x as string, gate]);
  },
  gradient: ({ x, y, g }) => {
    const s = sigmoid(x);
    return mul(g, sub(add(s, y), mul(y, s)));
  },
  cases: WIDE,
});

// (x·Φ(x))′ = Φ(x) + x·φ(x), Φ and φ the normal distribution and its density
/** ln φ(0) */
const LOG_NORMAL_PEAK = -0.5 * Math.log(2 * Math.PI);

/** Φ(t√2) = ½ + ½·erf(t), in one pass: erf stays within ±1, where the hard sigmoid is straight. */
function normalShare(t: Tensor): Tensor {
  return hardSigmoid(erf(t), 0.5, 0.5);
}

const geluOp = unary({
  name: 'gelu',
  of: (x) => 0.5 * x * (1 + erfOf(x / Math.SQRT2)),
  // The order of these nodes is the one onnxruntime knows and runs as a single one.
  emit: (onnx, [x]) => {
    const [scaled] = onnx.node('Div', [x as string, onnx.floats([Math.SQRT2], [])]) as [string];
    const [e] = (onnx.float === 'double' ? erfByQuadrature(onnx, scaled) : onnx.node('Erf', [scaled])) as [
      string,
    ];
    const [shifted] = onnx.node('Add', [e, onnx.floats([1], [])]) as [string];
    const [twice] = onnx.node('Mul', [x as string, shifted]) as [string];
    return onnx.node('Mul', [twice, onnx.floats([0.5], [])]);
  },
  // Φ(x) + x·φ(x), in as few passes over memory as there are functions in it
  gradient: ({ x, g }) => {
    const t = mul(x, Math.SQRT1_2);
    const density = exp(sub(LOG_NORMAL_PEAK, square(t)));
    return mul(g, add(normalShare(t), mul(x, density)));
  },
  // x·Φ(x) once more: Φ is there for the gradient
  remake: (x) => mul(x, normalShare(mul(x, Math.SQRT1_2))),
  cases: WIDE,
});

const TANH_GELU = { scale: Math.sqrt(2 / Math.PI), cube: 0.044715 };

// ½x(1 + tanh u), u = √(2/π)(x + 0.044715x³)
const geluTanhOp: Op<Record<never, never>> = unary({
  name: 'geluTanh',
  of: (x) => 0.5 * x * (1 + Math.tanh(TANH_GELU.scale * (x + TANH_GELU.cube * x ** 3))),
  emit: (onnx, [x]) => {
    const name = x as string;
    const [cubed] = onnx.node('Pow', [name, onnx.floats([3], [])]) as [string];
    const [small] = onnx.node('Mul', [cubed, onnx.floats([TANH_GELU.cube], [])]) as [string];
    const [inner] = onnx.node('Add', [name, small]) as [string];
    const [u] = onnx.node('Mul', [inner, onnx.floats([TANH_GELU.scale], [])]) as [string];
    const [squashed] = onnx.node('Tanh', [u]) as [string];
    const [shifted] = onnx.node('Add', [squashed, onnx.floats([1], [])]) as [string];
    const [half] = onnx.node('Mul', [name, onnx.floats([0.5], [])]) as [string];
    return onnx.node('Mul', [half, shifted]);
  },
  // ½(1 + t) + ½x(1 − t²)u′, u′ = √(2/π)(1 + 3·0.044715x²)
  gradient: ({ x, g }) => {
    const x2 = square(x);
    const t = tanh(mul(x, add(mul(x2, TANH_GELU.scale * TANH_GELU.cube), TANH_GELU.scale)));
    const slope = mul(x, add(mul(x2, 1.5 * TANH_GELU.scale * TANH_GELU.cube), 0.5 * TANH_GELU.scale));
    const half = add(mul(t, 0.5), 0.5);
    return mul(g, add(half, mul(slope, sub(1, square(t)))));
  },
  cases: WIDE,
});

export const ACTIVATION_OPS: readonly AnyOp[] = [
  sigmoidOp,
  tanhOp,
  softplusOp,
  logSigmoidOp,
  stepOp,
  hardSigmoidOp,
  reluOp,
  leakyReluOp,
  siluOp,
  geluOp,
  geluTanhOp,
];

/** 1 / (1 + e⁻ˣ). */
export function sigmoid(x: Tensor): Tensor {
  return applyOne(sigmoidOp, [x], {});
}

/** The hyperbolic tangent. */
export function tanh(x: Tensor): Tensor {
  return applyOne(tanhOp, [x], {});
}

/** ln(1 + eˣ), without overflow. */
export function softplus(x: Tensor): Tensor {
  return applyOne(softplusOp, [x], {});
}

/** ln sigmoid(x), exact where sigmoid is so small that its logarithm would be lost. */
export function logSigmoid(x: Tensor): Tensor {
  return applyOne(logSigmoidOp, [x], {});
}

/** 1 where x > 0, else 0, as floats; no gradient flows through it. */
export function step(x: Tensor): Tensor {
  return applyOne(stepOp, [x], {});
}

/** `slope · x + shift` cut to [0, 1]. */
export function hardSigmoid(x: Tensor, slope = 1 / 6, shift = 0.5): Tensor {
  return applyOne(hardSigmoidOp, [x], { slope, shift });
}

/** max(x, 0); its gradient at 0 is 0. */
export function relu(x: Tensor): Tensor {
  return applyOne(reluOp, [x], {});
}

/** `slope · x` below zero. */
export function leakyRelu(x: Tensor, slope = 0.01): Tensor {
  return applyOne(leakyReluOp, [x], { slope });
}

/** x · sigmoid(x), also called swish. @see Elfwing et al. 2017, arXiv:1702.03118 */
export function silu(x: Tensor): Tensor {
  return applyOne(siluOp, [x], {});
}

/**
 * x · Φ(x), Φ the normal distribution; `tanh` is the approximation GPT-2 was trained with.
 *
 * @see Hendrycks and Gimpel 2016, arXiv:1606.08415
 */
export function gelu(x: Tensor, form: 'erf' | 'tanh' = 'erf'): Tensor {
  return applyOne(form === 'erf' ? geluOp : geluTanhOp, [x], {});
}

function sigmoidOf(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

function softplusOf(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/**
 * max(x, 0) + ln(1 + e^−|x|). onnxruntime's own Softplus takes ten times as long (43 ms against 4 for 6,400 × 256 on one
 * core) and has no float64 kernel. The error is at most half a unit in the last place of 1.
 */
function softplusNodes(onnx: Emitter, x: string): readonly string[] {
  const [size] = onnx.node('Abs', [x]) as [string];
  const [opposite] = onnx.node('Neg', [size]) as [string];
  const [small] = onnx.node('Exp', [opposite]) as [string];
  const [shifted] = onnx.node('Add', [small, onnx.floats([1], [])]) as [string];
  const [rest] = onnx.node('Log', [shifted]) as [string];
  const [positive] = onnx.node('Relu', [x]) as [string];
  return onnx.node('Add', [positive, rest]);
}
