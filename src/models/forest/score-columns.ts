// Rows of a frame through the kernels: slot by slot, on this thread and on helpers.
import type { Worker } from 'node:worker_threads';
import { pause } from '../../core/pause.ts';
import { type ForestKernels, SLOT_STATE, startHelper } from './kernels/forest-kernels.ts';
import { GROUP, MAX_HELPERS, type PackedForest, SLOT_HEAD } from './packing/packed-forest.ts';
import { copyValues, type InputColumn } from './read-inputs.ts';

/** Rows times trees a thread must have before it, or starting it takes longer than its part of the work. */
const WORTH_A_THREAD = 8_000_000;
/** A shop's server must answer others in between. */
const TURN_MS = 20;

export interface ScoreRun {
  readonly rows: number;
  readonly threads: number;
  readonly signal?: AbortSignal;
}

/** A slot as this thread sees it. */
interface Slot {
  readonly address: number;
  /** State and rows. */
  readonly head: Int32Array;
  readonly columns: readonly Float64Array[];
  readonly margins: readonly Float64Array[];
}

/** Margins [rows, outputs]. @param columns the inputs a tree cuts, in the order they are packed in */
export async function scoreColumns(
  packed: PackedForest,
  kernels: ForestKernels,
  columns: readonly InputColumn[],
  { rows, threads, signal }: ScoreRun,
): Promise<Float64Array> {
  const margins = new Float64Array(rows * packed.outputs);
  const worth = Math.floor((rows * packed.trees) / WORTH_A_THREAD);
  const own = slotAt(packed, 0);
  // the first row of what a slot holds
  const starts = new Map<Slot, number>();
  let next = 0;
  const fill = (slot: Slot): void => {
    const until = Math.min(rows, next + packed.slotRows);
    // kernels read whole groups, and a value left over from other columns could lead out of a set
    const behind = Math.ceil((until - next) / GROUP) * GROUP;
    columns.forEach((column, i) => {
      copyValues(column, next, until, slot.columns[i]);
      slot.columns[i].fill(Number.NaN, until - next, behind);
    });
    slot.head[1] = until - next;
    starts.set(slot, next);
    next = until;
  };
  const collect = (slot: Slot): void => {
    const from = starts.get(slot) ?? 0;
    const { outputs } = packed;
    slot.margins.forEach((values, output) => {
      for (let i = 0; i < slot.head[1]; i++) margins[(from + i) * outputs + output] = values[i];
    });
    starts.delete(slot);
  };
  /** Takes what a helper has done, and gives it more. */
  const attend = (helper: Helper): void => {
    for (const _ of helper.slots) {
      const slot = helper.slots[helper.turn];
      const state = Atomics.load(slot.head, 0);
      if (state === SLOT_STATE.filled) return;
      if (state === SLOT_STATE.done) collect(slot);
      const more = next < rows;
      if (more) fill(slot);
      Atomics.store(slot.head, 0, more ? SLOT_STATE.filled : SLOT_STATE.free);
      if (more) Atomics.notify(slot.head, 0);
      helper.turn = 1 - helper.turn;
    }
  };

  const team = startTeam(packed, Math.min(MAX_HELPERS, threads - 1, worth));
  try {
    let turn = performance.now();
    while (next < rows || starts.size > 0) {
      for (const helper of team.helpers) attend(helper);
      if (next < rows) {
        fill(own);
        kernels.score(packed.plan, own.address);
        collect(own);
      }
      if (performance.now() - turn > TURN_MS || next >= rows) {
        await pause(signal);
        team.check();
        turn = performance.now();
      }
    }
  } finally {
    await team.end();
  }
  return margins;
}

function slotAt({ memory, used, outputs, slot, slotBytes, slotRows, stride }: PackedForest, i: number): Slot {
  const address = slot + i * slotBytes;
  const column = (at: number) => new Float64Array(memory.buffer, address + SLOT_HEAD + at * stride, slotRows);
  return {
    address,
    head: new Int32Array(memory.buffer, address, 2),
    columns: Array.from(used, (_, input) => column(input)),
    margins: Array.from({ length: outputs }, (_, output) => column(used.length + output)),
  };
}

/** Fills of the two slots alternate, as the thread's own looks at them do: neither ever waits for the wrong one. */
interface Helper {
  readonly slots: readonly [Slot, Slot];
  turn: number;
  readonly worker: Worker;
}

/** `check` throws what a thread of the team died of. */
function startTeam(packed: PackedForest, count: number) {
  const helpers = Array.from({ length: Math.max(0, count) }, (_, i): Helper => {
    const slots = [slotAt(packed, 1 + 2 * i), slotAt(packed, 2 + 2 * i)] as const;
    for (const { head } of slots) head[0] = SLOT_STATE.free;
    return { slots, turn: 0, worker: startHelper(packed, slots[0].address) };
  });
  let failure: unknown;
  for (const { worker } of helpers) {
    worker.once('error', (error) => {
      failure = error;
    });
  }
  const check = (): void => {
    if (failure !== undefined) throw failure;
  };
  const end = async (): Promise<void> => {
    await Promise.all(helpers.map(({ worker }) => worker.terminate()));
  };
  return { helpers, check, end };
}
