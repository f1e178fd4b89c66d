// Two judges of an item's category, a logistic head on its vectors and the nearest items, learned from the same items.
import { type Frame, takeRows, type VectorColumn } from '../../core/frame.ts';
import type { Backend } from '../../tensor/session/session.ts';
import { fromMargin } from '../estimator.ts';
import { headLogits, type LogisticHead, openHeadFitting } from '../heads/logistic-head.ts';
import { fitVectorScaling, scaleVectors } from '../heads/vector-scaling.ts';
import { openVectorSearch, vectorTable } from './vector-search.ts';

export interface JudgeRun {
  readonly backend: Backend;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** Strongest first. */
const PENALTIES = [300, 100, 30, 10];
export const USUAL_PENALTY = 100;
const TOLERANCE = 3e-5;
const NEIGHBOURS = 12;

/** What is learned from. */
export interface CategoryTask {
  readonly frame: Frame;
  readonly labels: Int32Array;
  readonly classes: number;
  readonly run: JudgeRun;
}

/** Probabilities of an item's categories, as each part has them. */
export interface Judged {
  /** [items, classes] each */
  readonly head: Float64Array;
  readonly near: Float64Array;
}

export interface CategoryJudge {
  readonly penalty: number;
  say(items: readonly number[]): Promise<Judged>;
  close(): Promise<void>;
}

/** Learns from `items`; the penalty is given, or chosen by the log loss of items held out. */
export async function learnCategories(
  { frame, labels, classes, run }: CategoryTask,
  items: readonly number[],
  penalty: number | { readonly held: readonly number[] },
): Promise<CategoryJudge> {
  const own = takeRows(frame, items);
  const weight = new Float64Array(items.length).fill(1);
  const scalings = own.columns
    .filter((column): column is VectorColumn => column.kind === 'vector')
    .map((column) => fitVectorScaling(column, weight));
  const rows = scaleVectors(own, scalings);
  const classOf = Int32Array.from(items, (item) => labels[item]);
  const fitting = await openHeadFitting(
    { ...rows, labels: classOf, weight, classes },
    {
      backend: run.backend,
      threads: run.threads ?? 1,
      tolerance: TOLERANCE,
      ...(run.signal && { signal: run.signal }),
    },
  );
  let head: LogisticHead | undefined;
  let chosen = typeof penalty === 'number' ? penalty : USUAL_PENALTY;
  try {
    if (typeof penalty === 'number') head = await fitting.fit(penalty, undefined);
    else {
      const held = scaleVectors(takeRows(frame, penalty.held), scalings);
      let least = Number.POSITIVE_INFINITY;
      let last: LogisticHead | undefined;
      for (const size of PENALTIES) {
        last = await fitting.fit(size, last);
        const p = fromMargin('softmax', headLogits(last, held), classes);
        const loss = -penalty.held.reduce(
          (sum, item, i) => sum + Math.log(Math.max(1e-15, p[i * classes + labels[item]])),
          0,
        );
        if (loss > least) break;
        [least, chosen, head] = [loss, size, last];
      }
    }
  } finally {
    await fitting.release();
  }
  const fitted = head as LogisticHead;
  const search = await openVectorSearch(vectorTable(sideBySide(own), widthOf(own)), {
    backend: run.backend,
    threads: run.threads ?? 1,
  });
  const prior = new Float64Array(classes);
  for (const label of classOf) prior[label] += 1 / classOf.length;
  return {
    penalty: chosen,
    async say(asked) {
      const frameAsked = takeRows(frame, asked);
      const p = fromMargin('softmax', headLogits(fitted, scaleVectors(frameAsked, scalings)), classes);
      const { places, likeness } = await search.nearest(sideBySide(frameAsked), {
        most: NEIGHBOURS,
        ...(run.signal && { signal: run.signal }),
      });
      const near = new Float64Array(asked.length * classes);
      asked.forEach((_, i) => {
        const row = near.subarray(i * classes, (i + 1) * classes);
        // Half a neighbour's worth of what is usual, so that no class is ruled out.
        for (let k = 0; k < classes; k++) row[k] = 0.5 * prior[k] + 1e-4 / classes;
        for (let n = i * NEIGHBOURS; n < (i + 1) * NEIGHBOURS; n++)
          if (places[n] >= 0) row[classOf[places[n]]] += Math.max(0, likeness[n]) ** 4;
        const total = row.reduce((a, b) => a + b, 0);
        for (let k = 0; k < classes; k++) row[k] /= total;
      });
      return { head: p, near };
    },
    close: () => search.close(),
  };
}

const widthOf = ({ columns }: Frame): number =>
  columns.reduce((sum, column) => sum + (column.kind === 'vector' ? column.width : 0), 0);

/** Every column's vector at length one, side by side: none outweighs another by being longer. */
function sideBySide(frame: Frame): Float32Array {
  const width = widthOf(frame);
  const all = new Float32Array(frame.rows * width);
  let at = 0;
  for (const column of frame.columns) {
    if (column.kind !== 'vector') continue;
    const { vectors } = vectorTable(column.values, column.width);
    for (let row = 0; row < frame.rows; row++)
      all.set(vectors.subarray(row * column.width, (row + 1) * column.width), row * width + at);
    at += column.width;
  }
  return all;
}
