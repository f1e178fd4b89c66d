// The WebAssembly kernels, called with arrays instead of addresses.
import { invariant } from '../../core/errors.ts';
import { type LinearMemory, webAssembly } from '../web-assembly.ts';
import { KERNEL_BASE64 } from './bytes.ts';
import type { Kernels } from './kernels.ts';

type Exported = Readonly<Record<keyof Omit<Kernels, 'kind'>, (...numbers: readonly number[]) => number>>;

/** Kernels over this memory; `undefined` where WebAssembly SIMD is missing. */
export function simdKernels(memory: LinearMemory): Kernels | undefined {
  const wasm = instantiate(memory);
  if (!wasm) return undefined;
  /** Address of the first element, after a look that the array is ours and as long as it must be. */
  const at = (values: Float32Array | Int32Array, length = values.length): number => {
    invariant(values.buffer === memory.buffer, 'a kernel was called with an array outside its arena');
    invariant(values.length === length, `a kernel was called with ${values.length} elements for ${length}`);
    return values.byteOffset;
  };
  return {
    kind: 'simd',
    adamw({ value, gradient, m, v }, s) {
      const n = value.length;
      wasm.adamw(
        ...[at(value), at(gradient, n), at(m, n), at(v, n), n],
        ...[s.gradientScale, s.beta1, s.rest1, s.beta2, s.rest2, s.epsilon, s.stepSize, s.correction, s.keep],
      );
    },
    adamwAveraged({ value, gradient, m, v, average }, s) {
      const n = value.length;
      wasm.adamwAveraged(
        ...[at(value), at(gradient, n), at(m, n), at(v, n), at(average, n), n],
        ...[s.gradientScale, s.beta1, s.rest1, s.beta2, s.rest2, s.epsilon, s.stepSize, s.correction, s.keep],
        s.averageRate,
      );
    },
    rowAdam({ value, m, v, width, rows, gradient, stepSizes, corrections }, s) {
      const n = rows.length;
      wasm.rowAdam(
        ...[at(value), at(m, value.length), at(v, value.length), width],
        ...[at(rows), at(gradient, n * width), at(stepSizes, n), at(corrections, n), s.keep, n],
        ...[s.gradientScale, s.beta1, s.rest1, s.beta2, s.rest2, s.epsilon],
      );
    },
    sgd({ value, gradient, velocity }, s) {
      const n = value.length;
      wasm.sgd(
        ...[at(value), at(gradient, n), at(velocity, n), n],
        ...[s.gradientScale, s.decay, s.momentum, s.rate, s.nesterov ? 1 : 0],
      );
    },
    adagrad({ value, gradient, squares }, s) {
      const n = value.length;
      wasm.adagrad(
        ...[at(value), at(gradient, n), at(squares, n), n],
        ...[s.gradientScale, s.decay, s.epsilon, s.rate],
      );
    },
    accumulate: (into, from) => void wasm.accumulate(at(into), at(from, into.length), into.length),
    scale: (values, factor) => void wasm.scale(at(values), values.length, factor),
    fill: (values, value) => void wasm.fill(at(values), values.length, value),
    follow: (average, value, rate) =>
      void wasm.follow(at(average), at(value, average.length), average.length, rate),
    addRows(table, indices, rows, width) {
      const n = indices.length;
      wasm.addRows(at(table), at(indices), at(rows, n * width), n, width);
    },
    sumOfSquares: (values) => wasm.sumOfSquares(at(values), values.length),
    firstNonFinite: (values) => wasm.firstNonFinite(at(values), values.length),
  };
}

function instantiate(memory: LinearMemory): Exported | undefined {
  const bytes = Uint8Array.from(atob(KERNEL_BASE64), (character) => character.charCodeAt(0));
  if (!webAssembly.validate(bytes)) return undefined;
  const instance = new webAssembly.Instance(new webAssembly.Module(bytes), { env: { memory } });
  return instance.exports as unknown as Exported;
}
