// What a benchmark is: a function that measures and returns one JSON document with its targets beside what it got.
import { cpus, totalmem } from 'node:os';

/** One measured figure against what it should be. */
export interface Target {
  readonly name: string;
  readonly target: string;
  readonly got: number;
  readonly met: boolean;
  /** What stands beside it: a baseline, a spread, a reason. */
  readonly note?: string;
}

export interface BenchReport {
  readonly bench: string;
  readonly protocol: string;
  readonly targets: readonly Target[];
  /** Everything else worth keeping: tables, per-origin figures, times. */
  readonly figures: Readonly<Record<string, unknown>>;
}

export interface BenchOptions {
  readonly seed: number;
  readonly threads: number;
  /** Size or variant words after the benchmark's name. */
  readonly args: readonly string[];
  readonly log: (line: string) => void;
}

/** A file `bench/NAME.bench.ts` exports `bench`; `npm run bench -- NAME` runs it. */
export type Bench = (options: BenchOptions) => Promise<BenchReport>;

export const atMost = (name: string, got: number, limit: number, note?: string): Target => ({
  name,
  target: `<= ${limit}`,
  got,
  met: got <= limit,
  note,
});

export const atLeast = (name: string, got: number, limit: number, note?: string): Target => ({
  name,
  target: `>= ${limit}`,
  got,
  met: got >= limit,
  note,
});

export const within = (name: string, got: number, low: number, high: number, note?: string): Target => ({
  name,
  target: `${low} .. ${high}`,
  got,
  met: got >= low && got <= high,
  note,
});

export const machineShape = (): string =>
  `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;
