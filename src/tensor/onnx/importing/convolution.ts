// Nodes that slide windows over places: convolution and pooling.

import type { Tensor } from '../../graph.ts';
import { max, mean } from '../../ops/reductions.ts';
import { pad } from '../../ops/structure.ts';
import { convolution } from '../../ops/windows/convolution.ts';
import { averagePool, maxPool } from '../../ops/windows/pooling.ts';
import type { Padding } from '../../ops/windows/window.ts';
import { type ImportedNode, type Importers, operand, refusal, text, whole, wholes } from './node.ts';

type Pads = readonly (readonly [number, number])[];

export const CONVOLUTION_IMPORTERS: Importers = {
  Conv: (node) => {
    const x = operand(node, 0);
    const weight = operand(node, 1);
    const window = windowOf(node, x, weight.shape.slice(2));
    return convolution(x, weight, node.inputs[2], {
      stride: window.strides,
      dilation: window.dilations,
      padding: window.pads,
      groups: whole(node, 'group') ?? 1,
    });
  },
  MaxPool: (node) => {
    const x = operand(node, 0);
    const { kernel, strides, pads } = poolOf(node, x);
    return maxPool(x, kernel, { stride: strides, padding: pads });
  },
  AveragePool: (node) => {
    const x = operand(node, 0);
    const { kernel, strides, pads } = poolOf(node, x);
    if (whole(node, 'count_include_pad') !== 1)
      return averagePool(x, kernel, { stride: strides, padding: pads });
    // Zeros that count are zeros like any others.
    const padded = pads.reduce((wider, [before, after], i) => pad(wider, i + 2, before, after), x);
    return averagePool(padded, kernel, { stride: strides });
  },
  GlobalAveragePool: (node) => {
    const x = operand(node, 0);
    return mean(x, places(x), { keep: true });
  },
  GlobalMaxPool: (node) => {
    const x = operand(node, 0);
    return max(x, places(x), { keep: true });
  },
};

function places(x: Tensor): readonly number[] {
  return x.shape.slice(2).map((_, i) => i + 2);
}

interface WindowNumbers {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: Pads & Padding;
}

function poolOf(node: ImportedNode, x: Tensor): WindowNumbers {
  const window = windowOf(node, x, wholes(node, 'kernel_shape') ?? []);
  if (window.dilations.some((step) => step !== 1)) throw refusal(node, 'dilated pooling is not supported');
  if (whole(node, 'ceil_mode') === 1) {
    const isExact = window.kernel.every((size, i) => {
      const [before, after] = window.pads[i] as readonly [number, number];
      return ((x.shape[i + 2] as number) + before + after - size) % (window.strides[i] as number) === 0;
    });
    if (!isExact) throw refusal(node, 'windows over the edge (ceil_mode) are not supported');
  }
  return window;
}

function windowOf(node: ImportedNode, x: Tensor, kernel: readonly number[]): WindowNumbers {
  const ones = kernel.map(() => 1);
  const strides = wholes(node, 'strides') ?? ones;
  const dilations = wholes(node, 'dilations') ?? ones;
  const listed = wholes(node, 'pads') ?? kernel.flatMap(() => [0, 0]);
  const mode = text(node, 'auto_pad') ?? 'NOTSET';
  const pads = kernel.map((size, i): readonly [number, number] => {
    if (mode === 'NOTSET') return [listed[i] as number, listed[i + kernel.length] as number];
    if (mode === 'VALID') return [0, 0];
    // SAME: as many windows as strides fit, the odd cell at the end (UPPER) or the start (LOWER)
    const length = x.shape[i + 2] as number;
    const stride = strides[i] as number;
    const reach = (dilations[i] as number) * (size - 1) + 1;
    const total = Math.max((Math.ceil(length / stride) - 1) * stride + reach - length, 0);
    const small = Math.floor(total / 2);
    return mode === 'SAME_LOWER' ? [total - small, small] : [small, total - small];
  });
  return { kernel, strides, dilations, pads };
}
