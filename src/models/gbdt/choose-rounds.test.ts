// When boosting stops, and on whom that is judged.
import { describe, expect, it } from 'vitest';
import { judgedFolds, playRounds } from './choose-rounds.ts';

/** Plays along a given course of losses; the first is that of no round. */
async function roundsOf(
  losses: readonly number[],
  patience: number,
): Promise<{ best: number; played: number }> {
  let played = 0;
  const play = async () => {
    played++;
    return played < losses.length;
  };
  const best = await playRounds(play, () => losses[played], { rounds: losses.length + 5, patience });
  return { best, played };
}

describe('playing rounds', () => {
  it('ends some rounds after the least loss and answers with that round', async () => {
    expect(await roundsOf([9, 5, 4, 3, 3.5, 4, 5, 6, 7], 3)).toEqual({ best: 3, played: 6 });
  });

  it('answers none where the first round already loses more', async () => {
    expect((await roundsOf([1, 2, 3, 4, 5], 2)).best).toBe(0);
  });

  it('does not take a gain nobody would notice for one', async () => {
    expect((await roundsOf([1, 0.5, 0.4999999, 0.4999998, 0.4999997, 0.4999996], 3)).best).toBe(1);
  });

  it('adds gains up: a slow fall is a fall', async () => {
    const slow = Array.from({ length: 200 }, (_, round) => 1 - 4e-6 * round);
    expect((await roundsOf(slow, 5)).best).toBeGreaterThan(190);
  });

  it('plays all rounds with patience 0, or until no tree finds a cut', async () => {
    expect(await roundsOf([1, 2, 3, 4], 0)).toEqual({ best: 3, played: 4 });
  });
});

describe('the folds rounds are judged on', () => {
  const entities = Array.from({ length: 400 }, (_, row) => `customer ${Math.floor(row / 4)}`);

  it('keep customers whole and leave each row out once', () => {
    const folds = judgedFolds(atOnce(entities), 1);
    expect(folds.flatMap(({ inside }) => [...inside]).sort((a, b) => a - b)).toEqual([...entities.keys()]);
    for (const { inside, outside } of folds) {
      const seen = new Set(Array.from(outside, (row) => entities[row]));
      expect(Array.from(inside).some((row) => seen.has(entities[row]))).toBe(false);
      expect(inside.length + outside.length).toBe(400);
    }
  });

  it('are blocks of neighbouring rows where customers are too few', () => {
    const folds = judgedFolds(atOnce(new Array(50).fill('the shop')), 1);
    expect(folds.map(({ inside }) => [inside[0], inside.length])).toEqual(
      [0, 10, 20, 30, 40].map((from) => [from, 10]),
    );
  });

  it('are fewer for many rows, and none for one', () => {
    expect(judgedFolds(atOnce(['a']), 1)).toEqual([]);
    const many = Array.from({ length: 21_000 }, (_, row) => `c${row}`);
    expect(judgedFolds(atOnce(many), 1)).toHaveLength(1);
    expect(judgedFolds(atOnce(many.slice(0, 5000)), 1)).toHaveLength(3);
  });
});

it('judge the latest moments by what was learned before them, where there are moments enough', () => {
  const asOf = Float64Array.from({ length: 100 }, (_, row) => row % 10);
  const folds = judgedFolds({ entities: Array.from(asOf, (_, row) => `c${row % 7}`), asOf }, 1);
  const momentsOf = (rows: Int32Array) => [...new Set(Array.from(rows, (row) => asOf[row]))].sort();
  expect(folds.map(({ outside }) => momentsOf(outside))).toEqual([
    [0, 1, 2, 3, 4, 5],
    [0, 1, 2, 3, 4, 5, 6, 7],
  ]);
  expect(folds.map(({ inside }) => momentsOf(inside))).toEqual([
    [6, 7],
    [8, 9],
  ]);
  const few = { entities: Array.from(asOf, (_, row) => `c${row}`), asOf: asOf.map((m) => m % 4) };
  expect(judgedFolds(few, 1)).toHaveLength(5);
});

/** Examples of one moment. */
function atOnce(entities: readonly string[]) {
  return { entities, asOf: new Float64Array(entities.length) };
}
