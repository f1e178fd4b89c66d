// For tests and the benchmark: streams of features that stand still, each in its own way, and can be made to shift.
import type { Random } from '../../src/core/random.ts';
import { DAY_MS } from '../../src/core/time.ts';

export const STREAM_KINDS = ['normal', 'mixed', 'seasonal', 'clustered'] as const;

/**
 * - `normal`: independent standard normal values
 * - `mixed`: normal, log-normal, counts, mostly zero, yes or no, a tenth missing, in turn
 * - `seasonal`: normal, the mean swings by half a standard deviation over the day and a quarter over the week
 * - `clustered`: a customer's 20 events of a day come in one visit and share most of their value
 */
export type StreamKind = (typeof STREAM_KINDS)[number];

export interface FeatureStream {
  /** Fills one row. `shift` is added in standard deviations of the underlying normal, [features]. */
  fill(row: Float64Array, atMs: number, shift: Float64Array): void;
}

const VISIT_EVENTS = 20;

export function featureStream(kind: StreamKind, features: number, chance: Random): FeatureStream {
  const visitor = new Float64Array(features);
  let visit = 0;
  const cycle = (atMs: number): number => {
    const days = atMs / DAY_MS;
    return 0.5 * Math.sin(2 * Math.PI * days) + 0.25 * Math.sin((2 * Math.PI * days) / 7);
  };
  return {
    fill(row, atMs, shift) {
      if (kind === 'clustered' && visit-- === 0) {
        visit = VISIT_EVENTS - 1;
        for (let i = 0; i < features; i++) visitor[i] = chance.normal();
      }
      const level = kind === 'seasonal' ? cycle(atMs) : 0;
      for (let i = 0; i < features; i++) {
        const z = chance.normal();
        if (kind === 'clustered') row[i] = 0.9 * visitor[i] + Math.sqrt(1 - 0.81) * z + shift[i];
        else if (kind === 'mixed') row[i] = shaped(i % 6, z + shift[i], chance);
        else row[i] = z + level + shift[i];
      }
    },
  };
}

function shaped(shape: number, z: number, chance: Random): number {
  switch (shape) {
    case 1:
      return Math.exp(1.5 * z);
    case 2:
      return Math.max(0, Math.floor(2 + 1.5 * z));
    case 3:
      return Math.max(0, z - 0.5);
    case 4:
      return z > 1 ? 1 : 0;
    case 5:
      return chance.uniform() < 0.1 ? Number.NaN : z;
    default:
      return z;
  }
}
