// A trunk goes on: words it knew stay, what is new is learned, and it serves fine-tuning as one learned from nothing does.
import { describe, expect, it } from 'vitest';
import { makeFrame } from '../../../core/frame.ts';
import { silent } from '../../../core/progress.ts';
import { random } from '../../../core/random.ts';
import { DAY_MS, HOUR_MS } from '../../../core/time.ts';
import { eventColumnsOf, type MadeUpEvent } from '../../made-up-events.ts';
import { CONTINUE_DEFAULTS } from '../../sequence/continuing.ts';
import { learnVocabulary, type Vocabulary } from '../histories.ts';
import { pastHistories } from '../past-histories.ts';
import { pretrainTrunk } from '../pretrain.ts';
import { readTrunk, savedTrunk } from '../saved-trunk.ts';
import { behaviourSettings, trunkSettings } from '../settings.ts';
import { continueTrunk, firstNewer, takePast } from './continue-trunk.ts';
import { growVocabulary } from './grown-vocabulary.ts';

const RUN = { seed: 3, threads: 1, progress: silent };
const AS_OF = Date.UTC(2024, 0, 1);
const MONTH_MS = 30 * DAY_MS;
const SETTINGS = trunkSettings(behaviourSettings('trunk', { width: 8, blocks: 1, length: 8, heads: 1 }));

/** Walks over six items of two shelves, of which a month ago the last two and their shelf were unheard of. */
function walks(customers: number, asOf: number) {
  const draws = random(2);
  const histories = Array.from({ length: customers }, (_, customer): MadeUpEvent[] => {
    const start = AS_OF - (customer % 2 === 0 ? 50 : 20) * DAY_MS;
    const items = customer % 2 === 0 ? 4 : 6;
    let item = draws.integer(items);
    return Array.from({ length: 7 }, (_, at) => {
      item = (item + 1) % items;
      const category = `shelf ${Math.floor(item / 2)}`;
      const timeMs = start + at * HOUR_MS;
      return {
        type: at % 3 === 2 ? 'purchase' : 'view',
        item: `item ${item}`,
        category,
        timeMs,
        priceMinor: 500,
      };
    }).filter(({ timeMs }) => timeMs <= asOf);
  });
  return makeFrame(eventColumnsOf(histories, new Float64Array(customers).fill(asOf)));
}

const read = (asOf: number, words: (found: Vocabulary) => Vocabulary = (found) => found) => {
  const frame = walks(80, asOf);
  const vocabulary = words(learnVocabulary(frame));
  const rows = Int32Array.from({ length: 80 }, (_, row) => row);
  return { vocabulary, past: pastHistories(frame, vocabulary, { rows, most: 32 }) };
};

describe('a trunk that goes on', () => {
  const then = read(AS_OF - MONTH_MS);
  const learned = pretrainTrunk(then.past.histories, {
    ...{ id: 'trunk', vocabulary: then.vocabulary, settings: SETTINGS, steps: 60, epochs: 60, run: RUN },
    agesMs: then.past.agesMs,
  });
  const goOn = async (epochs: number) => {
    const { trunk } = await learned;
    const { vocabulary, past } = read(AS_OF, (found) => growVocabulary(trunk.vocabulary, found));
    const how = { ...CONTINUE_DEFAULTS, epochs };
    return continueTrunk(trunk, past, { id: 'trunk', vocabulary, newForMs: MONTH_MS, how, run: RUN });
  };

  it('keeps the places of its words and puts what is new behind them', async () => {
    const { trunk } = await learned;
    const { trunk: later } = await goOn(1);
    const { vocabulary } = trunk;
    expect(vocabulary.itemIds.length).toBe(4);
    expect(later.vocabulary.itemIds.slice(0, 4)).toEqual(vocabulary.itemIds);
    expect(new Set(later.vocabulary.itemIds.slice(4))).toEqual(new Set(['item 4', 'item 5']));
    expect(later.vocabulary.categories).toEqual([...vocabulary.categories, 'shelf 2']);
    expect(later.values['trunk.item.weight'].length).toBe(7 * 8);
    expect(Object.keys(later.values).sort()).toEqual(Object.keys(trunk.values).sort());
    expect(later.outlook?.length).toBe(trunk.outlook?.length);
  });

  it('learns what is new and reads old histories among it, and is saved like any other', async () => {
    const { trunk, effort, losses } = await goOn(20);
    expect(effort).toMatchObject({ windows: 53, replayed: 13 });
    expect(losses.length).toBe(effort.steps);
    // A batch of a single moment may be far off: the middle of twenty tells.
    const middle = (some: readonly number[]) => some.toSorted((one, other) => one - other)[some.length >> 1];
    expect(middle(losses.slice(-20))).toBeLessThan(0.85 * middle(losses.slice(0, 20)));
    expect(readTrunk(savedTrunk(trunk))).toEqual(trunk);
  });

  it('learns its outlook anew where kinds of events were unheard of', async () => {
    const { trunk } = await learned;
    const { vocabulary, past } = read(AS_OF, (found) => growVocabulary(trunk.vocabulary, found));
    const { histories } = past;
    const typeLevels = [...vocabulary.typeLevels, 'review'];
    const types = histories.types?.map((type, event) => (event % 5 === 0 ? typeLevels.length - 1 : type));
    const heard = { ...past, histories: { ...histories, typeLevels, types } };
    const task = { id: 'trunk', vocabulary: { ...vocabulary, typeLevels }, newForMs: MONTH_MS, run: RUN };
    const { trunk: later } = await continueTrunk(trunk, heard, {
      ...task,
      how: { ...CONTINUE_DEFAULTS, epochs: 1 },
    });
    expect(later.plan.typeLevels).toEqual(typeLevels);
    expect(later.values['trunk.types'].length).toBe((1 + typeLevels.length) * 8);
    expect(later.outlook?.length).toBeGreaterThan(trunk.outlook?.length ?? 0);
  });

  it('finds what is new by how long ago it was', () => {
    const { past } = read(AS_OF);
    const { offsets } = past.histories;
    const first = firstNewer(past, MONTH_MS);
    for (let row = 0; row < 80; row++)
      expect(first[row]).toBe(row % 2 === 0 ? offsets[row + 1] : offsets[row]);
    const some = takePast(past, [3, 2]);
    expect([...firstNewer(some, MONTH_MS)]).toEqual([0, 14]);
    expect(some.agesMs.slice(0, 7)).toEqual(past.agesMs.slice(offsets[3], offsets[4]));
  });

  it('refuses a trunk without weights', async () => {
    const { trunk } = await learned;
    const { vocabulary, past } = read(AS_OF, (found) => growVocabulary(trunk.vocabulary, found));
    const task = { id: 'trunk', vocabulary, newForMs: MONTH_MS, how: CONTINUE_DEFAULTS, run: RUN };
    await expect(continueTrunk({ ...trunk, values: {} }, past, task)).rejects.toThrow(/without weights/);
  });
});
