// Items taken out of everything that is learned from, so that a test may ask about what nobody has had.
import { layOut, viewOf } from '../../src/core/case-view.ts';
import { random } from '../../src/core/random.ts';
import type { NextItemCases, Sequences } from '../../src/core/sequences.ts';

/** 1 for a share of the items, drawn: [items] */
export function drawRemoved(items: number, share: number, seed: number): Uint8Array {
  const order = random(seed)
    .fork('removed')
    .shuffle(Int32Array.from({ length: items }, (_, item) => item));
  const removed = new Uint8Array(items);
  for (const item of order.subarray(0, Math.floor(share * items))) removed[item] = 1;
  return removed;
}

/** The sequences without the events of removed items. */
export function withoutItems(sequences: Sequences, removed: Uint8Array): Sequences {
  const { offsets, items, timesMs } = sequences;
  const kept: number[] = [];
  const ends = new Uint32Array(offsets.length);
  for (let row = 0; row + 1 < offsets.length; row++) {
    for (let event = offsets[row]; event < offsets[row + 1]; event++)
      if (removed[items[event]] !== 1) kept.push(event);
    ends[row + 1] = kept.length;
  }
  return {
    ...sequences,
    offsets: ends,
    items: Int32Array.from(kept, (event) => items[event]),
    ...(timesMs && { timesMs: Float64Array.from(kept, (event) => timesMs[event]) }),
  };
}

/** The cases that neither ask about a removed item nor tell of one. */
export function casesWithout({ before, targets }: NextItemCases, removed: Uint8Array): NextItemCases {
  const rows = Int32Array.from(targets.keys()).filter((row) => removed[targets[row]] !== 1);
  const kept = layOut(viewOf({ before, targets }), rows);
  return { before: withoutItems(kept.before, removed), targets: kept.targets };
}
