// What one part of the engine bench returns: targets met or not, and figures worth keeping.
import type { BenchOptions, Target } from '../bench.ts';

export interface Part {
  readonly targets: readonly Target[];
  readonly figures: unknown;
}

export type MeasurePart = (options: BenchOptions) => Promise<Part>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** `1.83 (1.71–1.94)`: a median and its spread. */
export function spread(values: readonly number[], digits = 2): string {
  return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;
}
