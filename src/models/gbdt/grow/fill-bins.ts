// The table as bins: one byte a row and column, blocks of columns row after row.
import type { Frame } from '../../../core/frame.ts';
import { pause } from '../../../core/pause.ts';
import { binsOfCodes, columnOf } from './binned-inputs.ts';
import type { BinnedInput } from './grower.ts';
import { binPosition, type GrowContext } from './node-work.ts';

export interface BinSource {
  readonly frame: Frame;
  readonly inputs: readonly BinnedInput[];
  readonly signal?: AbortSignal;
}

/** @throws AppError SHAPE when an input has no column of its kind, INTERRUPTED */
export async function fillBins(context: GrowContext, { frame, inputs, signal }: BinSource): Promise<void> {
  const { layout, kernels, f64, u8 } = context;
  // Values pass through memory that is not in use yet.
  const staging = layout.ordered;
  const edgesAt = layout.scratch;
  for (const [i, input] of inputs.entries()) {
    const { address, stride } = binPosition(layout, i);
    const column = columnOf(frame, input);
    if (column.kind === 'number' && input.kind === 'number') {
      f64.set(column.values, staging >> 3);
      f64.fill(Number.POSITIVE_INFINITY, edgesAt >> 3, (edgesAt >> 3) + 255);
      f64.set(input.edges, edgesAt >> 3);
      kernels.bin(staging, frame.rows, edgesAt, input.edges.length, address, stride);
      f64.fill(0, edgesAt >> 3, (edgesAt >> 3) + 255);
    } else if (column.kind === 'category' && input.kind === 'category') {
      const bins = binsOfCodes(input, column.levels);
      const missing = input.levels.length + 1;
      for (let row = 0; row < frame.rows; row++) {
        const code = column.codes[row];
        u8[address + row * stride] = code < 0 ? missing : bins[code];
      }
    }
    await pause(signal);
  }
}
