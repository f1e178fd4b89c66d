// What compression costs and buys: scores, size and speed of several forms of one model, side by side.

import { AppError } from '../../core/errors.ts';
import type { Backend, RunArray, Session } from '../../tensor/session/session.ts';

export interface CompressedForm {
  readonly name: string;
  /** An ONNX file. */
  readonly model: Uint8Array;
}

type Arrays = Readonly<Record<string, RunArray>>;

export interface ComparisonOptions {
  readonly backend: Backend;
  /** What every form is asked; the same shapes throughout. */
  readonly batches: readonly Arrays[];
  /** Scores of one batch, by name; by default each output of one number. */
  readonly score?: (outputs: Arrays, batch: number) => Readonly<Record<string, number>>;
  /** How often every form answers all batches, in turn; 5 by default. */
  readonly rounds?: number;
  /** 1 by default. */
  readonly threads?: number;
  /** Compresses a file, to show what zeros are worth on a disk or a wire: gzip, say. */
  readonly pack?: (bytes: Uint8Array) => Uint8Array;
  /** Milliseconds. */
  readonly now?: () => number;
}

export interface CompressionRow {
  readonly name: string;
  /** Means over the batches. */
  readonly scores: Readonly<Record<string, number>>;
  /** Of the file. */
  readonly bytes: number;
  readonly packedBytes?: number;
  /** Median of a batch. */
  readonly milliseconds: number;
  /** Median over rounds of the first form's time divided by this one's. */
  readonly speedUp: number;
}

/**
 * Compares forms of a model with the first of them. They take turns, forwards and backwards, so that what slows the
 * machine for a while slows all of them; one is loaded at a time, because a session opened as the tenth runs slower
 * than one opened first (measured: 1.5 ×).
 *
 * @throws AppError USAGE without a form or a batch
 */
export async function compareForms(
  forms: readonly CompressedForm[],
  options: ComparisonOptions,
): Promise<readonly CompressionRow[]> {
  const { batches, rounds = 5, pack } = options;
  if (forms.length === 0 || batches.length === 0 || rounds < 1)
    throw new AppError('USAGE', 'compareForms: expected at least one form, one batch and one round');
  const scores: Record<string, number>[] = [];
  for (const form of forms) scores.push(await meanScores(form, options));
  // [form][round][batch]
  const times = forms.map((): (readonly number[])[] => []);
  for (let round = 0; round < rounds; round++) {
    const order = [...forms.entries()];
    if (round % 2 === 1) order.reverse();
    for (const [i, form] of order) (times[i] as (readonly number[])[]).push(await timed(form, options));
  }
  const first = times[0] as readonly (readonly number[])[];
  return forms.map(({ name, model }, i) => {
    const own = times[i] as readonly (readonly number[])[];
    return {
      name,
      scores: scores[i] as Record<string, number>,
      bytes: model.length,
      ...(pack === undefined ? {} : { packedBytes: pack(model).length }),
      milliseconds: median(own.flat()),
      speedUp: median(own.map((round, k) => median(first[k] as readonly number[]) / median(round))),
    };
  });
}

async function withSession<T>(
  { model }: CompressedForm,
  { backend, threads = 1 }: ComparisonOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await backend.open(model, { threads });
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

function meanScores(form: CompressedForm, options: ComparisonOptions): Promise<Record<string, number>> {
  const { batches, score = singleNumbers } = options;
  return withSession(form, options, async (session) => {
    const totals: Record<string, number> = {};
    for (const [i, batch] of batches.entries())
      for (const [name, value] of Object.entries(score(await session.run(batch), i)))
        totals[name] = (totals[name] ?? 0) + value / batches.length;
    return totals;
  });
}

/** Milliseconds of each batch, after one run that makes the session's memory. */
function timed(form: CompressedForm, options: ComparisonOptions): Promise<readonly number[]> {
  const { batches, now = () => performance.now() } = options;
  return withSession(form, options, async (session) => {
    const milliseconds: number[] = [];
    await session.run(batches[0] as Arrays);
    for (const batch of batches) {
      const startedMs = now();
      await session.run(batch);
      milliseconds.push(now() - startedMs);
    }
    return milliseconds;
  });
}

function singleNumbers(outputs: Arrays): Record<string, number> {
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([name, values]) =>
      values.length === 1 ? [[name, Number(values[0])]] : [],
    ),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}

/** The rows as text: a line a form, columns aligned. */
export function describeForms(rows: readonly CompressionRow[]): string {
  const scores = Object.keys(rows[0]?.scores ?? {});
  const packed = rows.some(({ packedBytes }) => packedBytes !== undefined);
  const kilobytes = (bytes: number | undefined): string =>
    bytes === undefined ? '' : (bytes / 1000).toFixed(0);
  const cells = [
    ['', ...scores, 'kB', ...(packed ? ['packed kB'] : []), 'ms', 'faster'],
    ...rows.map((row) => [
      row.name,
      ...scores.map((name) => row.scores[name]?.toFixed(4) ?? ''),
      kilobytes(row.bytes),
      ...(packed ? [kilobytes(row.packedBytes)] : []),
      row.milliseconds.toFixed(2),
      `${row.speedUp.toFixed(2)}×`,
    ]),
  ];
  const widths = (cells[0] as string[]).map((_, column) =>
    Math.max(...cells.map((line) => (line[column] as string).length)),
  );
  return cells
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
        )
        .join('  '),
    )
    .join('\n');
}
