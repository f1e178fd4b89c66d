// Batches of what is new with some of the old among them: the new in every epoch, of the old another draw each time.
import { AppError } from '../../../../core/errors.ts';
import { random } from '../../../../core/random.ts';
import { cutSequences, type Sequences, sequenceCount } from '../../../../core/sequences.ts';
import type { Batch } from '../../../../nn/step/training-step.ts';
import type { BatchSource } from '../../../../nn/trainer/batches/batch-source.ts';
import type { NewsOf } from '../../continuing.ts';
import { trainingBatches } from '../events/batches.ts';
import type { TokenPlan, Window } from '../events/tokens.ts';
import type { NetworkSettings } from '../settings.ts';

export interface ReplaySettings {
  /** Of the windows of an epoch, from 0 to below 1: how many are old ones. */
  readonly share: number;
  readonly seed: number;
}

export interface ReplayBatches extends BatchSource {
  readonly batchesPerEpoch: number;
  /** Windows of events read in an epoch, the old ones drawn among them. */
  readonly windows: number;
  readonly replayed: number;
  /** Questions asked in an epoch: each event that has one before it. */
  readonly asked: number;
  batches(epoch: number, from: number): Iterable<Batch>;
}

/**
 * A window with new events reaches as far back as a network looks, so that they are told by what came before them.
 *
 * @throws AppError NOT_ENOUGH_DATA where no new event has one before it
 */
export function replayBatches(
  plan: TokenPlan,
  { known, newFrom }: NewsOf,
  settings: NetworkSettings,
  { share, seed }: ReplaySettings,
): ReplayBatches {
  const most = settings.length + (plan.masked ? 0 : 1);
  const fresh = newWindows(known, newFrom, most);
  if (fresh.length === 0)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      'expected new events with another one before them, got none: there is nothing to continue with',
    );
  const old = oldWindows(known, newFrom, most);
  const wanted = share >= 1 ? old.length : Math.round((fresh.length * share) / (1 - share));
  const replayed = Math.min(old.length, wanted);
  const draws = random(seed).fork('replay');
  const epochOf = (epoch: number): Sequences => {
    const order = Int32Array.from(old.keys());
    const drawn = draws.fork(`epoch ${epoch}`).shuffle(order).subarray(0, replayed);
    return windowsAlone(known, [...fresh, ...Array.from(drawn, (at) => old[at])]);
  };
  const first = epochOf(0);
  const { batchesPerEpoch } = trainingBatches(plan, first, settings, seed);
  return {
    batchesPerEpoch,
    windows: fresh.length + replayed,
    replayed,
    asked: askedOf(first),
    *batches(epoch, from) {
      yield* trainingBatches(plan, epochOf(epoch), settings, seed).batches(epoch, from);
    },
  };
}

/** Questions a reading of the sequences asks: each event but a sequence's first. */
export const askedOf = (sequences: Sequences): number => {
  let asked = 0;
  for (let row = 0; row < sequenceCount(sequences); row++)
    asked += Math.max(0, sequences.offsets[row + 1] - sequences.offsets[row] - 1);
  return asked;
};

interface Part extends Window {
  readonly row: number;
}

/** From the end back, none without a new event to ask for. */
function newWindows({ offsets }: Sequences, newFrom: Uint32Array, most: number): Part[] {
  const parts: Part[] = [];
  newFrom.forEach((first, row) => {
    const [start, end] = [offsets[row], offsets[row + 1]];
    for (let to = end; to > Math.max(first, start + 1); to -= most - 1)
      parts.push({ row, from: Math.max(start, to - most), to, start });
  });
  return parts;
}

function oldWindows({ offsets }: Sequences, newFrom: Uint32Array, most: number): Part[] {
  const parts: Part[] = [];
  newFrom.forEach((end, row) => {
    const start = offsets[row];
    for (let to = end; to - start >= 2; to -= most - 1)
      parts.push({ row, from: Math.max(start, to - most), to, start });
  });
  return parts;
}

const windowsAlone = (known: Sequences, parts: readonly Part[]): Sequences =>
  cutSequences(
    known,
    parts.map(({ row }) => row),
    (_, i) => [parts[i].from, parts[i].to],
  );
