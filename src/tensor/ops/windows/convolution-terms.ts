// The sum a convolution is, product by product: the reference of the forward pass and of both gradients.

import type { Tensor } from '../../graph.ts';
import { type Geometry, rowsAndColumns } from './window.ts';

/**
 * Every product the sum of a convolution has, as positions in input, weight and output.
 * One axis is read as two, the first of size 1.
 */
export function eachTerm(
  x: Tensor,
  weight: Tensor,
  y: Tensor,
  geometry: Geometry,
  visit: (input: number, kernel: number, output: number) => void,
): void {
  const [batch, channels, height, width] = planes(x.shape);
  const [filters, perGroup, kernelHeight, kernelWidth] = planes(weight.shape);
  const [, , rows, columns] = planes(y.shape);
  const [down, right] = rowsAndColumns(geometry.strides, 1);
  const [below, beside] = rowsAndColumns(geometry.dilations, 1);
  const [top, left] = rowsAndColumns(geometry.pads.slice(0, x.shape.length - 2), 0);
  const filtersPerGroup = filters / geometry.groups;
  for (let n = 0; n < batch; n++)
    for (let m = 0; m < filters; m++)
      for (let c = 0; c < perGroup; c++) {
        const channel = Math.floor(m / filtersPerGroup) * perGroup + c;
        for (let kr = 0; kr < kernelHeight; kr++)
          for (let kc = 0; kc < kernelWidth; kc++)
            for (let r = 0; r < rows; r++) {
              const i = r * down + kr * below - top;
              if (i < 0 || i >= height) continue;
              for (let s = 0; s < columns; s++) {
                const j = s * right + kc * beside - left;
                if (j < 0 || j >= width) continue;
                visit(
                  ((n * channels + channel) * height + i) * width + j,
                  ((m * perGroup + c) * kernelHeight + kr) * kernelWidth + kc,
                  ((n * filters + m) * rows + r) * columns + s,
                );
              }
            }
      }
}

type Four = readonly [number, number, number, number];

function planes(shape: readonly number[]): Four {
  return (shape.length === 3 ? [shape[0], shape[1], 1, shape[2]] : shape) as unknown as Four;
}
