// Lists of what comes next for a shop and for a file, from fitting to filters: every row against asking by hand.
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { random } from '../src/core/random.ts';
import { loadSequence } from '../src/registry/sequence-bundle.ts';
import { foresell, succeed, testFolder } from './flow/command.ts';
import { madeUpVisits, VISITS_FROM_MS, VISITS_MAPPING } from './flow/made-up-visits.ts';
import { layPulledEncoder, PULLED } from './flow/pulled-encoder.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const on = (...args: string[]) => [...args, '--workspace', shop, '--lang', 'en', '--threads', '1'];

const CUSTOMERS = 80;
const ITEMS = 24;
const DAY = 86_400_000;
const FROM = Date.UTC(2024, 0, 1);
const CATEGORIES = ['mugs', 'cards', 'lamps'];
const categoryOf = (item: number): string => CATEGORIES[item % 3];

interface Deed {
  readonly who: string;
  readonly type: 'view' | 'purchase';
  readonly ms: number;
  readonly item: number;
  readonly country: string;
}

/** Customers who look at neighbours on a ring and buy some of what they saw; one half of them in each country, with tastes of their own. */
const deeds: readonly Deed[] = (() => {
  const draw = random(11);
  return Array.from({ length: CUSTOMERS }, (_, c) => {
    const country = c % 2 === 0 ? 'FR' : 'DE';
    let item = draw.integer(ITEMS / 2) + (c % 2 === 0 ? 0 : ITEMS / 2);
    return Array.from({ length: 6 + draw.integer(6) }, (_, k): Deed => {
      item = (item + 1 + draw.integer(2)) % ITEMS;
      const type = draw.uniform() < 0.4 ? 'purchase' : 'view';
      return { who: `c${c}`, type, ms: FROM + (k + 1) * 3 * DAY + c * 1000, item, country };
    });
  }).flat();
})();
const LAST = Math.max(...deeds.map(({ ms }) => ms));

/** "new" has never been sold; "old" is on offer no longer. */
const itemLines = [
  ...Array.from({ length: ITEMS }, (_, i) => `i${i},Thing no. ${i},${categoryOf(i)},`),
  'new,Brand new,cards,',
  `old,Gone,cards,${FROM + DAY}`,
];

interface Row {
  readonly [column: string]: string;
}
function rowsOf(path: string): Row[] {
  const [head, ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  const names = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i], cell])));
}
const itemNumber = (row: Row): number => Number(row.item_id.slice(1));

async function lists(...options: string[]): Promise<Map<string, Row[]>> {
  const out = join(dir, `lists${Math.random()}.csv`);
  await succeed(...on('predict', 'next-item', '--out', out, ...options));
  const found = new Map<string, Row[]>();
  for (const row of rowsOf(out)) found.set(row.user_id, [...(found.get(row.user_id) ?? []), row]);
  return found;
}

beforeAll(async () => {
  const events = [
    'event,type,when,user,item,country',
    ...deeds.map((own, e) => `e${e},${own.type},${own.ms},${own.who},i${own.item},${own.country}`),
    // Known only for having searched, in one country.
    `s1,search,${FROM + 20 * DAY},looker,,DE`,
  ];
  const mapping = (kind: string, columns: string) =>
    `kind: ${kind}\ntime: { zone: UTC, format: unix_ms }\ncolumns: { ${columns} }\n`;
  const load = async (kind: string, lines: readonly string[], columns: string) => {
    const file = write(`${kind}.csv`, `${lines.join('\n')}\n`);
    await succeed(
      ...on('import', file, '--kind', kind, '--map', write(`${kind}.yaml`, mapping(kind, columns))),
    );
  };
  await load(
    'events',
    events,
    'event_id: event, type: type, timestamp: when, user_id: user, item_id: item, country: country',
  );
  await load(
    'items',
    ['id,title,category,until', ...itemLines],
    'item_id: id, title: title, category: category, available_to: until',
  );
  await load('users', ['id,attributes', 'stranger,'], 'user_id: id');
  await succeed(...on('train', 'next-item', '--model', 'item-knn'));
}, 60_000);

describe('predict next-item', () => {
  test('lists items for everybody known, with their titles and by what they came', async () => {
    const all = await lists('--top', '4');
    expect(all.size).toBe(CUSTOMERS + 2);
    for (const own of all.values()) {
      expect(own.map(({ rank }) => rank)).toEqual(['1', '2', '3', '4']);
      expect(own.every((row) => row.task === 'next-item' && row.entity_type === 'user')).toBe(true);
      for (const row of own)
        if (row.item_id.startsWith('i')) expect(row.title).toBe(`Thing no. ${itemNumber(row)}`);
    }
    expect(all.get('c0')?.every((row) => ['history', 'attributes'].includes(row.made_by))).toBe(true);
    expect(all.get('looker')?.map((row) => row.made_by)).toEqual(['trend', 'trend', 'trend', 'trend']);
    expect(all.get('stranger')?.map((row) => row.item_id)).toEqual(
      all.get('looker')?.map((row) => row.item_id),
    );
  });

  test('ranks by the scores of the saved model, what is left after the filters', async () => {
    const all = await lists('--filter', "category != 'mugs'", '--exclude-seen', 'yes', '--top', '5');
    const { model } = loadSequence(join(shop, 'models'));
    for (const who of ['c0', 'c7', 'c41']) {
      const own = deeds.filter((deed) => deed.who === who).sort((a, b) => a.ms - b.ms);
      const items = Int32Array.from(own, ({ item }) => model.itemIds.indexOf(`i${item}`));
      const before = {
        ...{ entities: [who], offsets: Uint32Array.of(0, items.length), items, itemIds: model.itemIds },
        timesMs: Float64Array.from(own, ({ ms }) => ms),
      };
      const scores = await model.score(before);
      const left = [...model.itemIds.keys()].filter(
        (code) =>
          categoryOf(Number(model.itemIds[code].slice(1))) !== 'mugs' &&
          !own.some(({ item }) => `i${item}` === model.itemIds[code]),
      );
      const wanted = left.sort((a, b) => scores[b] - scores[a] || a - b).map((code) => model.itemIds[code]);
      const found = (all.get(who) ?? []).filter((row) => row.made_by === 'history').map((row) => row.item_id);
      expect(found.length).toBeGreaterThan(3);
      expect(found).toEqual(wanted.slice(0, found.length));
    }
  });

  test('leaves out what they bought, and nothing they only saw', async () => {
    const all = await lists('--exclude-seen', 'bought', '--top', '30');
    for (const [who, own] of all) {
      const bought = new Set(
        deeds.filter((deed) => deed.who === who && deed.type === 'purchase').map(({ item }) => item),
      );
      const listed = new Set(own.filter((row) => row.item_id.startsWith('i')).map(itemNumber));
      for (let item = 0; item < ITEMS; item++) expect(listed.has(item)).toBe(!bought.has(item));
    }
  });

  test('offers what was never sold by its category, and nothing that is off sale', async () => {
    const all = await lists('--top', '30');
    for (const [who, own] of all) {
      const fresh = own.filter((row) => row.item_id === 'new');
      if (['stranger', 'looker'].includes(who)) expect(fresh).toEqual([]);
      else expect(fresh).toMatchObject([{ made_by: 'attributes', title: 'Brand new' }]);
      expect(own.some((row) => row.item_id === 'old')).toBe(false);
    }
  });

  test('gives who has no history what is popular where they are', async () => {
    const all = await lists('--top', '3', '--segment-by', 'country');
    expect(all.get('looker')?.map((row) => row.made_by)).toEqual(['segment', 'segment', 'segment']);
    expect(all.get('stranger')?.map((row) => row.made_by)).toEqual(['trend', 'trend', 'trend']);
  });

  test('stands at the moment it is told: what came later is not known', async () => {
    const asOf = new Date(FROM + 10 * DAY).toISOString();
    const all = await lists('--top', '30', '--as-of', asOf, '--exclude-seen', 'yes');
    const own = all.get('c0') ?? [];
    const had = deeds.filter(({ who, ms }) => who === 'c0' && ms <= FROM + 10 * DAY).map(({ item }) => item);
    const later = deeds.filter(({ who, ms }) => who === 'c0' && ms > FROM + 10 * DAY).map(({ item }) => item);
    const listed = own.filter((row) => row.item_id.startsWith('i')).map(itemNumber);
    expect(listed.filter((item) => had.includes(item))).toEqual([]);
    expect(later.filter((item) => !had.includes(item)).every((item) => listed.includes(item))).toBe(true);
    expect(LAST).toBeGreaterThan(FROM + 10 * DAY);
  });

  test('takes columns from a table beside the catalogue, candidates and exclusions from files', async () => {
    const items = write(
      'stock.csv',
      `id,stock\n${itemLines.map((line, i) => `${line.split(',')[0]},${i % 4}`).join('\n')}\n`,
    );
    const only = write('only.txt', Array.from({ length: 12 }, (_, i) => `i${i}`).join('\n'));
    const never = write('never.txt', 'i1\ni3\n');
    const all = await lists(
      ...['--items', items, '--filter', "stock > 0 and category in ('cards', 'lamps')"],
      ...['--candidates', only, '--exclude', never, '--exclude-seen', 'no'],
    );
    const wanted = Array.from({ length: 12 }, (_, i) => i).filter(
      (i) => i % 4 > 0 && i % 3 !== 0 && i !== 1 && i !== 3,
    );
    for (const own of all.values()) {
      expect(own.map(itemNumber).sort((a, b) => a - b)).toEqual(wanted);
    }
  });

  test('a diverse list holds more categories than the best one', async () => {
    const kinds = (all: Map<string, Row[]>) =>
      [...all.values()].reduce(
        (sum, own) =>
          sum +
          new Set(own.map((row) => (row.item_id === 'new' ? 'cards' : categoryOf(itemNumber(row))))).size,
        0,
      );
    const [best, mixed] = [await lists('--top', '3'), await lists('--top', '3', '--diversity', '0.9')];
    expect(kinds(mixed)).toBeGreaterThan(kinds(best));
    expect([...mixed].map(([who, own]) => [who, own[0].item_id])).toEqual(
      [...best].map(([who, own]) => [who, own[0].item_id]),
    );
  });

  test.each([
    [['--filter', "categry = 'mugs'"], 'expected a column of the items (category'],
    [['--filter', "category = 'mug'"], 'there are mugs, '],
    [['--diversity', '2'], '--diversity: expected a number from 0 to 1'],
    [['--long-tail', 'much'], '--long-tail: expected a number from 0 to 1'],
    [['--long-tail', '0.5'], 'scores of "item-knn" are no logarithms of likelihoods'],
    [['--exclude-seen', 'maybe'], '--exclude-seen: expected yes, bought, no'],
    [['--segment', 'value > 0'], '--segment: not an option of "next-item"'],
  ])('refuses %j in words', async (options, words) => {
    const { code, stderr } = await foresell(...on('predict', 'next-item', '--out', 'x.csv', ...options));
    expect(code).toBe(1);
    expect(stderr).toContain(words);
  });

  test('options of lists are refused where a number is predicted', async () => {
    const { stderr } = await foresell(
      ...on('predict', 'purchase', '--out', 'x.csv', '--diverse-by', 'histories'),
    );
    expect(stderr).toContain('--diverse-by is for "next-item"');
  });
});

describe('a model that knows items by what is written of them', () => {
  const place = join(dir, 'written');
  const there = (...args: string[]) => [...args, '--workspace', place, '--lang', 'en', '--threads', '1'];
  test('is trained anew with the encoder it was trained with', async () => {
    cpSync(shop, place, { recursive: true });
    const folder = await layPulledEncoder(place);
    await succeed(...there('train', 'next-item', '--model', 'content-knn', '--encoder', PULLED));
    const later = deeds.map(
      ({ who, ms, item }, e) => `l${e},view,${ms + 60 * DAY},${who},i${(item + 3) % ITEMS}`,
    );
    const file = write('later.csv', ['event,type,when,user,item', ...later, ''].join('\n'));
    const map = `kind: events
time: { zone: UTC, format: unix_ms }
columns: { event_id: event, type: type, timestamp: when, user_id: user, item_id: item }
`;
    await succeed(...there('import', file, '--map', write('later.yaml', map)));
    const made = JSON.parse(
      (await succeed(...there('retrain', 'next-item', '--no-promote', '--json'))).stdout,
    );
    expect(made.said).toMatch(/^ndcg@10 [\d.]+ against [\d.]+, difference/);
    const { encoders, version } = loadSequence(join(place, 'models'), { reference: made.version });
    expect(version.settings).toMatchObject({ chosen: 'content-knn' });
    expect(encoders?.text.folder).toBe(folder);
  });
});

describe('a model of visits', () => {
  test('lists for the visits open at the moment, one each', async () => {
    const visits = ['--workspace', join(dir, 'visits'), '--lang', 'en', '--threads', '1'];
    const text = madeUpVisits({ customers: 60, days: 14 });
    const mapping = write('visits.yaml', VISITS_MAPPING);
    await succeed('import', write('visits.csv', text), '--map', mapping, ...visits);
    const how = ['--model', 'item-knn', '--by', 'session', '--events', 'view,add_to_cart'];
    await succeed('train', 'next-item', ...how, ...visits);
    const at = VISITS_FROM_MS + 10 * DAY;
    const out = join(dir, 'visits-lists.csv');
    const ask = ['predict', 'next-item', '--top', '3', '--out', out, '--json', ...visits];
    const { stdout } = await succeed(...ask, '--as-of', new Date(at).toISOString());
    const last = new Map<string, number>();
    for (const line of text.trim().split('\n').slice(1)) {
      const [, type, when, who] = line.split(',');
      if (type !== 'purchase' && Number(when) <= at) last.set(who, Number(when));
    }
    const open = [...last].filter(([, ms]) => ms > at - 1_800_000).map(([who]) => who);
    expect(open.length).toBeGreaterThan(0);
    expect(JSON.parse(stdout)).toMatchObject({ asked: open.length, rows: 3 * open.length });
    const rows = rowsOf(out);
    expect(new Set(rows.map((row) => row.user_id))).toEqual(new Set(open));
    expect(rows.every((row) => row.entity_type === 'session' && row.session_id !== '')).toBe(true);
    const { code, stderr } = await foresell(...ask, '--as-of', '2023-01-01');
    expect(code).toBe(1);
    expect(stderr).toContain('expected visits open at that moment, there are none');
  });
});

describe('models of the shop', () => {
  test('says which commands are about lists, and those it names answer', async () => {
    const { code, stderr } = await foresell(...on('explain', 'next-item', '--entity', 'c1'));
    expect(code).toBe(1);
    expect(stderr).toContain('for "sequence evaluate" and "sequence explain"');
    const models = join(shop, 'models');
    const { stdout } = await succeed(
      'sequence',
      'explain',
      models,
      '--case',
      '1',
      '--json',
      '--threads',
      '1',
    );
    expect(JSON.parse(stdout)).toMatchObject({ model: 'item-knn', method: 'left-out' });
  });

  test('lists the next-item model as the one that answers', async () => {
    const { stdout } = await succeed(...on('models', 'list', '--json'));
    expect(JSON.parse(stdout).models).toMatchObject([{ task: 'next-item', promoted: true }]);
  });
});

describe('sequence predict', () => {
  test('lists what comes next for a file of histories, new items among them', async () => {
    const histories = Array.from({ length: 40 }, (_, u) => {
      const start = (5 * u) % ITEMS;
      return `u${u} ${[0, 1, 2, 3].map((step) => `i${(start + step) % ITEMS}`).join(' ')}`;
    });
    const file = write('users.txt', `${histories.join('\n')}\n`);
    const items = write(
      'items-file.csv',
      `item_id,title,category\n${itemLines.map((line) => line.split(',').slice(0, 3).join(',')).join('\n')}\n`,
    );
    const folder = join(dir, 'ring');
    const fit = ['sequence', 'fit', file, '--format', 'user-lines', '--items', items, '--model', 'item-knn'];
    await succeed(...fit, '--out', folder, '--threads', '1');
    const out = join(dir, 'ring.ndjson');
    const { stdout } = await succeed(
      ...['sequence', 'predict', folder, file, '--format', 'user-lines', '--items', items, '--out', out],
      ...['--top', '6', '--exclude-seen', 'yes', '--json', '--threads', '1'],
    );
    const rows = readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { user_id: string; item_id: string; title: string });
    expect(JSON.parse(stdout)).toMatchObject({ asked: 40, rows: 240, new_items: 2 });
    for (const { user_id, item_id } of rows)
      expect(histories[Number(user_id.slice(1))].split(' ')).not.toContain(item_id);
    expect(rows.find(({ item_id }) => item_id === 'i7')?.title).toBe('Thing no. 7');
    // Without the table rules speak of what the model was told.
    const told = join(dir, 'told.csv');
    await succeed(
      ...['sequence', 'predict', folder, file, '--format', 'user-lines', '--filter', "category = 'lamps'"],
      ...['--out', told, '--threads', '1'],
    );
    expect(rowsOf(told).every((row) => categoryOf(itemNumber(row)) === 'lamps')).toBe(true);
    // Items that nothing is known of make empty lists, and that is said.
    const strange = write('strange.csv', 'item_id,category\nz1,ships\nz2,ships\n');
    const empty = await succeed(
      ...['sequence', 'predict', folder, file, '--format', 'user-lines', '--items', strange],
      ...['--filter', "category = 'ships'", '--out', told, '--threads', '1'],
    );
    expect(empty.stdout).toContain('the lists are empty');
    expect(empty.stdout).toContain('0 rows in');
  });
});
