// Row gradients of which nine in ten fall on a row that others fall on too: what loses updates where adding is careless.

import { random } from '../../core/random.ts';
import { arenaBytes, createArena } from '../arena.ts';
import { denseGradient, gradients } from '../gradient.ts';
import type { Emitter, Op, Tensor } from '../graph.ts';
import { applyOne } from '../graph.ts';
import { createKernels } from '../kernels/create.ts';
import { emitModel } from '../onnx/emit.ts';
import { mul } from '../ops/arithmetic.ts';
import { gather } from '../ops/indexing.ts';
import { input, parameter } from '../ops/leaf.ts';
import { sum } from '../ops/structure.ts';
import type { RunArray, Session, SessionOptions } from '../session/session.ts';
import { nodeBackend } from '../session/session-node.ts';

/** The size of a batch of 128 histories of 50 items out of 12,000. */
const PLACES = 6_400;
const ROWS = 12_000;
const WIDTH = 64;
const DISTINCT = PLACES / 10;

export interface Duplicates {
  /** [PLACES], DISTINCT different ones, the popular ones far more often */
  readonly indices: Int32Array;
  /** [PLACES, WIDTH], of very different sizes, so that the order of adding shows in the last bits */
  readonly upstream: Float32Array;
}

export function drawDuplicates(seed: number): Duplicates {
  const draws = random(seed).fork('duplicates');
  const rows = draws.shuffle(Int32Array.from({ length: ROWS }, (_, i) => i)).slice(0, DISTINCT);
  // Each row once, then by popularity: the square of a uniform draw.
  const indices = draws.shuffle(
    Int32Array.from(
      { length: PLACES },
      (_, i) => rows[i < DISTINCT ? i : Math.floor(draws.uniform() ** 2 * DISTINCT)] as number,
    ),
  );
  const upstream = Float32Array.from(
    { length: PLACES * WIDTH },
    () => draws.normal() * 10 ** (6 * draws.uniform() - 3),
  );
  return { indices, upstream };
}

/** The table's gradient added in order, each sum rounded to float32. */
export function addInOrder({ indices, upstream }: Duplicates): Float32Array {
  const table = new Float32Array(ROWS * WIDTH);
  for (const [i, row] of indices.entries())
    for (let k = 0; k < WIDTH; k++)
      table[row * WIDTH + k] = (table[row * WIDTH + k] as number) + (upstream[i * WIDTH + k] as number);
  return table;
}

/** Ways to the gradient of an embedding table: `kernel` and `graph` are the engine's, `scatterNd` the one it must not use. */
export type Way = 'kernel' | 'graph' | 'scatterNd';

/** One way, opened once and computed again and again. */
export interface Scatter {
  compute(duplicates: Duplicates): Promise<Float32Array>;
  close(): Promise<void>;
}

export async function openScatter(way: Way, options: SessionOptions): Promise<Scatter> {
  const table = parameter('table', [ROWS, WIDTH]);
  const indices = input('indices', 'int32', [PLACES]);
  const upstream = input('upstream', 'float', [PLACES, WIDTH]);
  const [gradient] = gradients(sum(mul(gather(table, indices), upstream)), [table]);
  if (gradient === undefined) throw new Error('a gather without a gradient');
  if (way === 'kernel') {
    const values = gradient.rows[0]?.values as Tensor;
    return byKernel(await nodeBackend.open(emitModel({ values }), options));
  }
  const dense =
    way === 'graph'
      ? (denseGradient(table, gradient) as Tensor)
      : applyOne(scatterNdOp, [indices, gradient.rows[0]?.values as Tensor], {});
  const session = await nodeBackend.open(emitModel({ dense }), options);
  return {
    compute: async (fed) => (await session.run(feeds(fed))).dense as Float32Array,
    close: () => session.release(),
  };
}

/** Row gradients leave the session, and the optimiser's kernel adds them. */
function byKernel(session: Session): Scatter {
  const arena = createArena(arenaBytes([ROWS * WIDTH, PLACES * WIDTH, PLACES]));
  const kernels = createKernels(arena);
  const table = arena.floats(ROWS * WIDTH);
  const rows = arena.floats(PLACES * WIDTH);
  const places = arena.ints(PLACES);
  return {
    compute: async (fed) => {
      rows.set((await session.run(feeds(fed))).values as Float32Array);
      places.set(fed.indices);
      kernels.fill(table, 0);
      kernels.addRows(table, places, rows, WIDTH);
      return table;
    },
    close: () => session.release(),
  };
}

function feeds({ indices, upstream }: Duplicates): Readonly<Record<string, RunArray>> {
  return { indices, upstream };
}

/** Not in the op table: with more than one thread onnxruntime loses updates at repeated places. */
const scatterNdOp: Op<Record<never, never>> = {
  name: 'scatterNd',
  infer: () => [{ dtype: 'float', axes: [{ size: ROWS }, { size: WIDTH }] }],
  evaluate: () => [],
  emit: (onnx: Emitter, [places, values]) => {
    const [wide] = onnx.cast(places as string, 'int64');
    const [column] = onnx.node('Reshape', [wide as string, onnx.ints([PLACES, 1])]);
    const [zeros] = onnx.node('Expand', [onnx.floats([0], []), onnx.ints([ROWS, WIDTH])]);
    return onnx.node('ScatterND', [zeros as string, column as string, values as string], {
      reduction: { string: 'add' },
    });
  },
  cases: [],
};

/** How many of `runs` differ from the sum in order by any bit. */
export async function countWrongRuns(
  way: Way,
  { threads, runs, seed }: { readonly threads: number; readonly runs: number; readonly seed: number },
): Promise<number> {
  const scatter = await openScatter(way, { threads });
  const { indices, upstream } = drawDuplicates(seed);
  const draws = random(seed).fork('runs');
  let wrong = 0;
  for (let run = 0; run < runs; run++) {
    const duplicates = { indices: draws.shuffle(indices.slice()), upstream };
    if (!sameBits(await scatter.compute(duplicates), addInOrder(duplicates))) wrong++;
  }
  await scatter.close();
  return wrong;
}

function sameBits(left: Float32Array, right: Float32Array): boolean {
  const a = new Int32Array(left.buffer, left.byteOffset, left.length);
  const b = new Int32Array(right.buffer, right.byteOffset, right.length);
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
