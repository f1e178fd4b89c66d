// The kernels in plain TypeScript, rounding where the WebAssembly ones round: slower, and the same bits.
import type { AdamwBuffers, AdamwScalars, Kernels } from './kernels.ts';

// A single-precision sum, product, quotient or root is the double-precision one rounded once more: with 53 ≥ 2·24 + 2
// bits the second rounding never shows (Figueroa 1995, "When is double rounding innocuous?").
const f = Math.fround;

export function plainKernels(): Kernels {
  return {
    kind: 'plain',
    adamw: (buffers, scalars) => adamw(buffers, scalars),
    adamwAveraged(buffers, scalars) {
      adamw(buffers, scalars);
      follow(buffers.average, buffers.value, scalars.averageRate);
    },
    rowAdam({ value, m, v, width, rows, gradient, stepSizes, corrections }, scalars) {
      rows.forEach((row, i) => {
        const slice = (table: Float32Array, at: number) => table.subarray(at * width, (at + 1) * width);
        adamw(
          { value: slice(value, row), m: slice(m, row), v: slice(v, row), gradient: slice(gradient, i) },
          { ...scalars, stepSize: stepSizes[i], correction: corrections[i] },
        );
      });
    },
    sgd({ value, gradient, velocity }, scalars) {
      const scale = f(scalars.gradientScale);
      const decay = f(scalars.decay);
      const momentum = f(scalars.momentum);
      const rate = f(scalars.rate);
      for (let i = 0; i < value.length; i++) {
        const g = f(f(gradient[i] * scale) + f(decay * value[i]));
        const speed = f(f(momentum * velocity[i]) + g);
        const way = scalars.nesterov ? f(g + f(momentum * speed)) : speed;
        velocity[i] = speed;
        value[i] = f(value[i] - f(rate * way));
      }
    },
    adagrad({ value, gradient, squares }, scalars) {
      const scale = f(scalars.gradientScale);
      const decay = f(scalars.decay);
      const epsilon = f(scalars.epsilon);
      const rate = f(scalars.rate);
      for (let i = 0; i < value.length; i++) {
        const g = f(f(gradient[i] * scale) + f(decay * value[i]));
        const sum = f(squares[i] + f(g * g));
        squares[i] = sum;
        value[i] = f(value[i] - f(f(rate * g) / f(f(Math.sqrt(sum)) + epsilon)));
      }
    },
    accumulate(into, from) {
      for (let i = 0; i < into.length; i++) into[i] += from[i];
    },
    scale(values, factor) {
      const single = f(factor);
      for (let i = 0; i < values.length; i++) values[i] *= single;
    },
    fill: (values, value) => void values.fill(value),
    follow,
    addRows(table, indices, rows, width) {
      for (let i = 0; i < indices.length; i++) {
        const start = indices[i] * width;
        for (let j = 0; j < width; j++) table[start + j] += rows[i * width + j];
      }
    },
    sumOfSquares(values) {
      const sums = new Float64Array(8);
      for (let i = 0; i < values.length; i++) sums[i & 7] += values[i] * values[i];
      return sums[0] + sums[1] + (sums[2] + sums[3]) + (sums[4] + sums[5] + (sums[6] + sums[7]));
    },
    firstNonFinite(values) {
      for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
      return -1;
    },
  };
}

function adamw({ value, gradient, m, v }: AdamwBuffers, scalars: AdamwScalars): void {
  const scale = f(scalars.gradientScale);
  const beta1 = f(scalars.beta1);
  const rest1 = f(scalars.rest1);
  const beta2 = f(scalars.beta2);
  const rest2 = f(scalars.rest2);
  const epsilon = f(scalars.epsilon);
  const stepSize = f(scalars.stepSize);
  const correction = f(scalars.correction);
  const keep = f(scalars.keep);
  for (let i = 0; i < value.length; i++) {
    const g = f(gradient[i] * scale);
    const first = f(f(beta1 * m[i]) + f(rest1 * g));
    const second = f(f(beta2 * v[i]) + f(rest2 * f(g * g)));
    const spread = f(f(f(Math.sqrt(second)) * correction) + epsilon);
    m[i] = first;
    v[i] = second;
    value[i] = f(f(keep * value[i]) - f(f(stepSize * first) / spread));
  }
}

function follow(average: Float32Array, value: Float32Array, rate: number): void {
  const single = f(rate);
  for (let i = 0; i < average.length; i++) {
    average[i] = f(average[i] + f(single * f(value[i] - average[i])));
  }
}
