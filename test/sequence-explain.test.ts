// Why an item is suggested, from a saved model: the command names the events it came of, for any model, in both languages.
import { beforeAll, describe, expect, it } from 'vitest';
import { random } from '../src/core/random.ts';
import { foresell, succeed, testFolder } from './flow/command.ts';

const { dir, write } = testFolder();

/** A cup comes after its own tea, some while later: things between say nothing. */
function madeUpLines(users: number): string {
  const draws = random(3);
  return Array.from({ length: users }, () => {
    const tea = draws.integer(3);
    const things = Array.from({ length: 3 + draws.integer(3) }, () => `thing${draws.integer(6)}`);
    things[draws.integer(2)] = `tea${tea}`;
    // The last two are left out to test and to choose by: what follows a cup is nothing to learn.
    const after = Array.from({ length: 2 }, () => `thing${draws.integer(6)}`);
    return `${[...things, `cup${tea}`, ...after].join(' ')}\n`;
  }).join('');
}

interface Said {
  model: string;
  item_id: string;
  place: number;
  items: number;
  score: number;
  base?: number;
  unexplained?: number;
  method: string;
  events: number;
  unknown_events: number;
  words?: { en: string; zh: string };
  reasons: {
    event: number;
    item_id: string;
    contribution: number;
    attention?: number;
    place_without?: number;
    words: { en: string };
  }[];
}

const train = write('lines.txt', madeUpLines(400));
const said = async (...args: string[]): Promise<Said> =>
  JSON.parse((await succeed('sequence', 'explain', ...args, '--json', '--threads', '1')).stdout);
const fitted = (model: string) =>
  succeed(
    ...['sequence', 'fit', train, '--format', 'lines', '--model', model, '--out', `${dir}/${model}`],
    ...['--time-limit', '20s', '--threads', '1', '--seed', '2', '--exclude-seen', 'no'],
  );

describe('sequence explain', () => {
  beforeAll(async () => {
    await fitted('item-knn');
    await fitted('gru');
  }, 120_000);

  it('names the event an item came of by the slopes of a network', async () => {
    const { reasons, words, ...found } = await said(
      `${dir}/gru`,
      '--history',
      'tea1 thing2 thing4 thing0 nowhere',
    );
    expect(found).toMatchObject({ method: 'integrated-gradients', events: 4, unknown_events: 1, items: 12 });
    const cup = await said(`${dir}/gru`, '--history', 'tea1 thing2 thing4 thing0', '--item', 'cup1');
    expect(cup.item_id).toBe('cup1');
    const worth = cup.reasons.map(({ contribution }) => contribution);
    expect(worth).toEqual(worth.toSorted((one, other) => other - one));
    expect(cup.words?.en).toMatch(/^because of th.*: (tea|thing)\d \(raises its score by [\d.]+\)/);
    expect(cup.words?.zh).toMatch(/^因为这 \d 个行为：(tea|thing)\d（得分 \+[\d.]+）/);
    const all = await said(
      `${dir}/gru`,
      '--history',
      'tea1 thing2 thing4 thing0',
      '--item',
      'cup1',
      '--most',
      '9',
    );
    // Only what speaks for the item is told; the rest takes off.
    const told = all.reasons.reduce((sum, { contribution }) => sum + contribution, 0);
    expect((all.base ?? 0) + told).toBeGreaterThanOrEqual(all.score - Math.abs(all.unexplained ?? 0) - 1e-6);
    expect(reasons.length).toBeGreaterThan(0);
    expect(words).toBeDefined();
  });

  it('leaves events out of what any other model is asked', async () => {
    const cup = await said(`${dir}/item-knn`, '--history', 'tea2 thing1 thing3', '--item', 'cup2');
    expect(cup).toMatchObject({ method: 'left-out', events: 3 });
    expect(cup.reasons[0]).toMatchObject({ event: 1, item_id: 'tea2' });
    expect(cup.reasons[0].place_without).toBeGreaterThan(cup.place);
    expect(cup.words?.en).toMatch(/tea2 \(without it place \d+ instead of \d+\)/);
  });

  it.each(['item-knn:repeats', 'item-knn+sequential-rules'])(
    'leaves events out of what %s, made of others, is asked',
    async (model) => {
      await fitted(model);
      const cup = await said(`${dir}/${model}`, '--history', 'tea2 thing1 thing3', '--item', 'cup2');
      expect(cup).toMatchObject({ model, method: 'left-out', events: 3 });
      expect(cup.reasons[0]).toMatchObject({ event: 1, item_id: 'tea2' });
      expect(cup.reasons[0].contribution).toBeCloseTo(
        Math.log((cup.reasons[0].place_without as number) / cup.place),
        6,
      );
      expect(cup.reasons[0].place_without).toBeGreaterThan(cup.place);
    },
  );

  it('asks about the cases the model was saved with, and speaks to people', async () => {
    const { events, item_id } = await said(`${dir}/gru`, '--case', '1');
    expect(events).toBeGreaterThan(1);
    expect(item_id).toMatch(/^(cup|tea|thing)\d$/);
    const { stdout } = await succeed('sequence', 'explain', `${dir}/gru`, '--case', '1', '--lang', 'zh');
    expect(stdout).toMatch(/12 个商品中排第 \d+/);
  });

  it('says what it was not told right', async () => {
    const refusal = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await foresell('sequence', 'explain', `${dir}/gru`, ...args);
      expect(code).toBe(1);
      return stderr;
    };
    expect(await refusal()).toContain('--history');
    expect(await refusal('--history', 'tea1', '--case', '1')).toContain('one of the two');
    expect(await refusal('--history', 'nowhere')).toContain('knows none of these');
    expect(await refusal('--history', ' ')).toContain('at least one event');
    expect(await refusal('--history', 'tea1', '--item', 'nowhere')).toContain('an item the model knows');
    for (const number of ['0', '99999', 'twelve'])
      expect(await refusal('--case', number)).toMatch(
        new RegExp(`--case: expected a number from 1 to \\d+, .*, got "${number}"`),
      );
    expect(await refusal('--history', 'tea1', '--most', 'all')).toContain('--most');
    expect(await refusal('--history', 'tea1', '--exclude-seen', 'both')).toContain('yes or no');
  });
});
