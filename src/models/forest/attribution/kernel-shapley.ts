// Path-dependent contributions by the kernel: blocks of rows in turn, stripes of trees by whichever thread is free.
import { AppError } from '../../../core/errors.ts';
import { pause } from '../../../core/pause.ts';
import { type Forest, treesOf } from '../forest.ts';
import { type ExplainKernel, explainKernel, hasKernel, startHelper, WORK } from './kernels/explain-kernel.ts';
import { MOST_THREADS, type PackedWalk, packWalk } from './packed-walk.ts';
import type { Asked, Rows } from './walk-forest.ts';

/** The more rows go together, the fewer distinct patterns a row pays for, as long as tables stay in the cache. */
const BLOCK_ROWS = 1024;
/** Under this many the room for a whole block is not worth making. */
const FEW_ROWS = 16;
/** Rows times trees a thread must have before it, or starting it takes longer than its part of the work. */
const WORTH_A_THREAD = 100_000;

export interface KernelAsked extends Asked {
  /** 1 by default. Small work stays on this thread. */
  readonly threads?: number;
}

interface Prepared {
  readonly packed: PackedWalk;
  readonly kernel: ExplainKernel;
  /** Ends when the memory is free again: one call at a time. */
  turn: Promise<unknown>;
}

/** Forests are immutable, and packing one takes longer than explaining a row: by output and room. */
const prepared = new WeakMap<Forest, Map<string, Prepared>>();

/** Contributions [rows, inputs], or `undefined` where there is no kernel for the machine or no room for the forest. */
export async function kernelShapley(
  forest: Forest,
  table: Rows,
  asked: KernelAsked,
): Promise<Float64Array | undefined> {
  const ready = hasKernel()
    ? prepare(forest, asked.output, table.rows <= FEW_ROWS ? FEW_ROWS : BLOCK_ROWS)
    : undefined;
  if (!ready) return undefined;
  const run = ready.turn.then(() => explain(ready, table, forest.inputs.length, asked));
  ready.turn = run.catch(() => {});
  return run;
}

function prepare(forest: Forest, output: number, blockRows: number): Prepared | undefined {
  const known = prepared.get(forest) ?? new Map<string, Prepared>();
  prepared.set(forest, known);
  const key = `${output}/${blockRows}`;
  const found = known.get(key);
  if (found) return found;
  const packed = packWalk(forest, treesOf(forest, output), blockRows);
  const kernel = packed && explainKernel(packed.memory);
  if (!packed || !kernel) return undefined;
  const made = { packed, kernel, turn: Promise.resolve() };
  known.set(key, made);
  return made;
}

async function explain(
  { packed, kernel }: Prepared,
  { values, rows }: Rows,
  inputs: number,
  { threads = 1, signal }: KernelAsked,
): Promise<Float64Array> {
  const found = new Float64Array(rows * inputs);
  const { work, plan, desks, stripes, blockRows } = packed;
  const worth = Math.floor((rows * packed.trees) / WORTH_A_THREAD);
  work.fill(0);
  const helpers = Array.from({ length: Math.max(0, Math.min(MOST_THREADS, threads, worth) - 1) }, (_, i) =>
    startHelper({ memory: packed.memory, plan, desk: desks[i + 1], work: packed.workAt }),
  );
  let failure: unknown;
  for (const helper of helpers) {
    helper.once('error', (error) => {
      failure = error;
    });
  }
  try {
    for (let from = 0; from < rows; from += blockRows) {
      const count = Math.min(blockRows, rows - from);
      values.forEach((column, input) => {
        packed.columns[input].set(column.subarray(from, from + count));
      });
      packed.setRows(count);
      Atomics.store(work, WORK.done, 0);
      Atomics.store(work, WORK.stripes, stripes);
      // Last, since a helper still looking for stripes may take one as soon as there is one.
      Atomics.store(work, WORK.next, 0);
      Atomics.add(work, WORK.wave, 1);
      Atomics.notify(work, WORK.wave);
      for (let stripe = nextStripe(work); stripe < stripes; stripe = nextStripe(work)) {
        kernel.explain(plan, desks[0], stripe);
        Atomics.add(work, WORK.done, 1);
        await pause(signal);
      }
      while (Atomics.load(work, WORK.done) < stripes) {
        if (failure !== undefined)
          throw new AppError(
            'INTERRUPTED',
            'a thread of the explanation ended early; ask again',
            {},
            failure,
          );
        await pause(signal);
      }
      collect(packed, { found, from, count });
    }
  } finally {
    // Stripes still being worked on belong to nobody: the memory is free once their threads have ended.
    await Promise.all(helpers.map((helper) => helper.terminate()));
  }
  return found;
}

const nextStripe = (work: Int32Array): number => Atomics.add(work, WORK.next, 1);

/** Stripes are added in their order, whoever summed them. */
function collect(
  { sums }: PackedWalk,
  { found, from, count }: { found: Float64Array; from: number; count: number },
): void {
  for (const stripe of sums) {
    const inputs = stripe.length;
    stripe.forEach((column, input) => {
      for (let row = 0; row < count; row++) found[(from + row) * inputs + input] += column[row];
    });
  }
}
