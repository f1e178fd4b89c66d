// Splits of sequences by hand: what is learned from never holds what is asked.
import { describe, expect, it } from 'vitest';
import { type CaseView, caseEntities, layOut, viewOf } from '../../core/case-view.ts';
import { random } from '../../core/random.ts';
import type { NextItemCases, Sequences } from '../../core/sequences.ts';
import { countSequences, repeatedTargets } from './count-sequences.ts';
import { holdOutLast } from './hold-out-last.ts';
import { leaveOneOut } from './leave-one-out.ts';
import { everyPrefix } from './prefixes.ts';
import { splitByTime } from './split-by-time.ts';

const itemIds = Array.from({ length: 10 }, (_, i) => `i${i}`);
function sequencesOf(lists: readonly (readonly number[])[], times?: readonly number[]): Sequences {
  const offsets = Uint32Array.from([0, ...lists.map((_, i) => lists.slice(0, i + 1).flat().length)]);
  return {
    entities: lists.map((_, i) => `u${i}`),
    offsets,
    items: Int32Array.from(lists.flat()),
    ...(times && { timesMs: Float64Array.from(times) }),
    itemIds,
  };
}
const listsOf = ({ offsets, items }: Sequences): number[][] =>
  Array.from({ length: offsets.length - 1 }, (_, i) =>
    Array.from(items.subarray(offsets[i], offsets[i + 1])),
  );
const laidOut = (cases: NextItemCases | CaseView): NextItemCases =>
  layOut(viewOf(cases), Array.from(cases.targets.keys()));
const asked = (cases: NextItemCases | CaseView): string[] => {
  const { before, targets } = laidOut(cases);
  return listsOf(before).map((list, i) => `${before.entities[i]}: ${list.join(' ')} > ${targets[i]}`);
};

describe('leave-one-out', () => {
  it('asks for the last item, chooses by the one before it, learns from the rest', () => {
    const { train, valid, test, tooShort } = leaveOneOut(
      sequencesOf([
        [1, 2, 3, 4],
        [5, 6],
        [7, 8, 9],
      ]),
    );
    expect(listsOf(train)).toEqual([[1, 2], [5, 6], [7]]);
    expect(asked(valid)).toEqual(['u0: 1 2 > 3', 'u2: 7 > 8']);
    expect(asked(test)).toEqual(['u0: 1 2 3 > 4', 'u2: 7 8 > 9']);
    expect(tooShort).toBe(1);
  });

  it('refuses sequences none of which is long enough', () =>
    expect(() => leaveOneOut(sequencesOf([[1, 2], [3]]))).toThrow(/none of 2 is that long/));
});

describe('every prefix', () => {
  it('is a case, moments and all', () => {
    const cases = everyPrefix(sequencesOf([[1, 2, 3], [4], [5, 6]], [10, 20, 30, 40, 50, 60]));
    expect(asked(cases)).toEqual(['u0: 1 > 2', 'u0: 1 2 > 3', 'u2: 5 > 6']);
    expect(Array.from(laidOut(cases).before.timesMs ?? [])).toEqual([10, 10, 20, 50]);
  });
});

describe('cases as places in sequences', () => {
  it('keep each history once, however often it is asked about', () => {
    const long = sequencesOf([Array.from({ length: 2000 }, (_, i) => i % 10)]);
    const cases = everyPrefix(long);
    expect(cases.targets.length).toBe(1999);
    expect(cases.sequences.items).toBe(long.items);
    const { before, targets } = layOut(cases, [1998, 0]);
    expect([...before.offsets]).toEqual([0, 1999, 2000]);
    expect([...targets]).toEqual([9, 1]);
  });

  it('are laid out in the order asked for, each with its entity', () => {
    const cases = everyPrefix(
      sequencesOf([
        [1, 2, 3],
        [4, 5],
      ]),
    );
    expect(caseEntities(cases)).toEqual(['u0', 'u0', 'u1']);
    expect(asked(layOut(cases, [2, 0]))).toEqual(['u1: 4 > 5', 'u0: 1 > 2']);
  });

  it('know which targets repeat what came before, and not what comes later', () => {
    const cases = everyPrefix(sequencesOf([[1, 2, 1, 2, 3]]));
    expect([...repeatedTargets(cases)]).toEqual([0, 1, 1, 0]);
  });
});

describe('a split by time', () => {
  it('learns before the moment and asks for every later event that has a history', () => {
    const { train, test, firsts } = splitByTime(
      sequencesOf(
        [
          [1, 2, 3, 4],
          [5, 6],
          [7, 8],
        ],
        [10, 20, 30, 40, 30, 31, 1, 2],
      ),
      30,
    );
    expect(listsOf(train)).toEqual([
      [1, 2],
      [7, 8],
    ]);
    expect(asked(test)).toEqual(['u0: 1 2 > 3', 'u0: 1 2 3 > 4', 'u1: 5 > 6']);
    expect(firsts).toBe(1);
    expect(Math.max(...(train.timesMs ?? []))).toBeLessThan(30);
  });

  it('refuses an empty side, and sequences without moments', () => {
    expect(() => splitByTime(sequencesOf([[1, 2]], [1, 2]), 5)).toThrow(
      /got 1 sequences before and 0 events/,
    );
    expect(() => splitByTime(sequencesOf([[1, 2]]), 5)).toThrow(/only the order is known/);
  });
});

describe('holding out last items', () => {
  const sequences = sequencesOf(Array.from({ length: 100 }, (_, i) => (i % 4 === 0 ? [1] : [1, 2, i % 10])));
  it('takes a tenth of the sequences that have two items, one item each', () => {
    const { train, valid } = holdOutLast(sequences, { random: random(3) });
    expect(valid?.targets.length).toBe(7);
    expect(train.items.length).toBe(sequences.items.length - 7);
    for (const line of asked(valid as NextItemCases)) expect(line).toMatch(/^u\d+: 1 2 > \d$/);
    expect(asked(holdOutLast(sequences, { random: random(3) }).valid as NextItemCases)).toEqual(
      asked(valid as NextItemCases),
    );
  });
  it('takes none where there are too few', () =>
    expect(holdOutLast(sequencesOf([[1, 2], [3]]), { random: random(1) }).valid).toBeUndefined());
});

it('counts what there is, and which targets repeat', () => {
  const sequences = sequencesOf([[1, 2, 1], [], [3]]);
  expect(countSequences(sequences)).toEqual({ entities: 2, items: 3, interactions: 4, longest: 3 });
  const cases = { before: sequences, targets: Int32Array.from([1, 1, 4]) };
  expect(Array.from(repeatedTargets(cases))).toEqual([1, 0, 0]);
});
