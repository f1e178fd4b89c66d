// The catalogue commands from end to end on a small shop: indexed, searched, filtered, ordered by purchases, looked over.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { writeModel } from '../tensor/onnx/write.ts';
import { main } from './main.ts';

const root = mkdtempSync(join(tmpdir(), 'foresell-catalogue-cli-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
  process.exitCode = 0;
});

interface Told {
  readonly exit: number;
  readonly document: Record<string, unknown> & {
    readonly results?: readonly Readonly<Record<string, unknown>>[];
    readonly error?: { readonly code: string; readonly message: string };
  };
}

/** Runs one command with `--json`. */
async function run(...words: readonly string[]): Promise<Told> {
  const original = { stdout: process.stdout.write, stderr: process.stderr.write };
  let told = '';
  process.stdout.write = ((text: string) => {
    told += text;
    return true;
  }) as typeof process.stdout.write;
  process.stderr.write = (() => true) as typeof process.stderr.write;
  try {
    await main(['node', 'foresell', ...words, '--json', '--threads', '1']);
  } finally {
    Object.assign(process.stdout, { write: original.stdout });
    Object.assign(process.stderr, { write: original.stderr });
  }
  const exit = Number(process.exitCode ?? 0);
  process.exitCode = 0;
  return { exit, document: JSON.parse(told) };
}

const colours = ['red', 'blue', 'green', 'white', 'black'];
const kinds = [
  ['lamp', 'Lighting', 'desk lamp dimmable'],
  ['rug', 'Textiles', 'woven rug for the floor'],
  ['cup', 'Kitchen', 'coffee cup ceramic'],
] as const;
const rows = kinds.flatMap(([key, category, words], k) =>
  colours.flatMap((colour, c) => [
    [`${key}-${colour}`, `${colour} ${words}`, category, String(10 * (k + 1) + c)],
    [`${key}-${colour}-big`, `big ${colour} ${words} 2 kg`, category, String(20 * (k + 1) + c)],
  ]),
);
// Said twice, filed wrongly, and not filed.
rows.push(['cup-again', 'Ceramic COFFEE cup, red', 'Kitchen', '30']);
rows.push(['lamp-lost', 'dimmable desk lamp, silver', '', '12']);
rows.push(['rug-wrong', 'woven floor rug, grey', 'Kitchen', '12']);
const items = join(root, 'items.csv');
writeFileSync(
  items,
  ['sku,name,category,price', ...rows.map((row) => row.map((cell) => `"${cell}"`).join(','))].join('\n'),
);
const out = join(root, 'catalogue');

const ids = ({ document }: Told) => (document.results ?? []).map((row) => row.item_id);

describe('a catalogue by words', () => {
  it('is indexed, its columns known by their names', async () => {
    const { exit, document } = await run('catalogue', 'index', items, '--out', out);
    expect(exit).toBe(0);
    expect(document).toMatchObject({
      items: rows.length,
      fields: { title: 'name', category: 'category' },
      text_encoder: null,
      pictures: 0,
    });
  });

  it('is searched, plural or not, and filtered by what its columns say', async () => {
    expect(ids(await run('catalogue', 'search', out, 'green lamps', '--k', '1'))).toEqual(['lamp-green']);
    const cheap = await run(
      'catalogue',
      'search',
      out,
      'lamp',
      '--filter',
      "price < 12 and category = 'Lighting'",
    );
    expect(ids(cheap).toSorted()).toEqual(['lamp-blue', 'lamp-red']);
    expect(ids(await run('catalogue', 'search', out, 'zebra'))).toEqual([]);
  });

  it('puts what is bought first once it is told, and only this user’s scores count', async () => {
    const scores = join(root, 'scores.csv');
    writeFileSync(
      scores,
      'user_id,item_id,value\nu1,lamp-white,0.9\nu1,lamp-red,0.01\nu2,lamp-red,0.8\nu2,lamp-white,0.01\nu1,rug-red,0.02\nu2,rug-red,0.02\n',
    );
    const first = async (...more: string[]) =>
      ids(await run('catalogue', 'search', out, 'desk lamp', '--intent', scores, ...more))[0];
    expect(await first('--user', 'u1')).toBe('lamp-white');
    expect(await first('--user', 'u2')).toBe('lamp-red');
  });

  it('knows ids that are numbers as they are written, in scores and in searches', async () => {
    const [padded, scores, log] = ['padded.csv', 'padded-scores.csv', 'padded-log.csv'].map((file) =>
      join(root, file),
    );
    writeFileSync(padded, 'sku,name\n0041,red lamp\n0042,blue lamp\n0043,green lamp\n');
    const users = ['01', '02', '03'];
    const values = (user: string) => `${user},0041,.01\n${user},0042,.9\n${user},0043,.02`;
    writeFileSync(scores, ['user_id,item_id,value', ...users.map(values)].join('\n'));
    const catalogue = join(root, 'padded');
    await run('catalogue', 'index', padded, '--out', catalogue);
    const asked = ['catalogue', 'search', catalogue, 'lamp', '--intent', scores];
    expect(ids(await run(...asked))[0]).toBe('0042');
    expect(ids(await run(...asked, '--user', '02'))[0]).toBe('0042');
    const shown = (s: number) =>
      ['0041', '0042', '0043'].map((id) => `${s},lamp,${id},${Number(id === '0042')}`);
    writeFileSync(
      log,
      ['search_id,query,item_id,bought', ...Array.from({ length: 40 }, (_, s) => shown(s)).flat()].join('\n'),
    );
    const { document } = await run('catalogue', 'order', catalogue, log, '--intent', scores);
    expect(document).toMatchObject({ searches: 40, purchases: 40 });
  });

  it('is taught by searches and purchases what to put first', async () => {
    const scores = join(root, 'chances.csv');
    const lamps = colours.map((colour, c) => [`lamp-${colour}`, String(0.02 * (c + 1))]);
    writeFileSync(scores, ['item_id,value', ...lamps.map((row) => row.join(','))].join('\n'));
    // Whoever asks for lamps buys the black one, whose chance is the best.
    const searches = Array.from({ length: 60 }, (_, s) =>
      lamps.map(([id]) => `s${s},desk lamp,${id},${id === 'lamp-black' ? 1 : 0}`),
    ).flat();
    const log = join(root, 'searches.csv');
    writeFileSync(log, ['search_id,query,item_id,bought', ...searches].join('\n'));
    const { document } = await run('catalogue', 'order', out, log, '--intent', scores);
    const weights = document.weights as { purchase: number };
    expect(weights.purchase).toBeGreaterThan(1);
    expect(document.held_out).toMatchObject({ mrr: 1 });
    expect(ids(await run('catalogue', 'search', out, 'desk lamp', '--intent', scores))[0]).toBe('lamp-black');
    const empty = join(root, 'empty.csv');
    writeFileSync(empty, 'query,item_id,bought\nlamp,lamp-red,0\nlamp,lamp-blue,1\n');
    const few = await run('catalogue', 'order', out, empty, '--intent', scores);
    expect(few.document.error?.code).toBe('NOT_ENOUGH_DATA');
  });

  it('says what is the same thing twice, and what is not', async () => {
    const file = join(root, 'duplicates.csv');
    const { document } = await run('catalogue', 'duplicates', out, '--out', file);
    expect(document).toMatchObject({ groups: [{ item_ids: ['cup-red', 'cup-again'] }] });
    expect(existsSync(file)).toBe(true);
  });

  it('names a missing category and doubts a wrong one', async () => {
    const { document } = await run('catalogue', 'categories', out, '--doubt', '.3');
    expect(document).toMatchObject({
      categories: 3,
      missing: [{ item_id: 'lamp-lost', suggested: 'Lighting' }],
      doubtful: [{ item_id: 'rug-wrong', category: 'Kitchen', suggested: 'Textiles' }],
    });
  });

  it.each<[string, readonly string[], string, string]>([
    [
      'no such folder',
      ['catalogue', 'search', join(root, 'none'), 'x'],
      'NOT_FOUND',
      '"catalogue index" made',
    ],
    ['no question', ['catalogue', 'search', out], 'USAGE', 'a question in words, or a photograph'],
    [
      'meaning without an encoder',
      ['catalogue', 'search', out, 'x', '--by', 'meaning'],
      'USAGE',
      'index it again with --encoder',
    ],
    [
      'a column that is not there',
      ['catalogue', 'index', items, '--title', 'nope'],
      'USAGE',
      '--title: expected a column',
    ],
    [
      'pictures nobody can read',
      ['catalogue', 'index', items, '--images', root],
      'USAGE',
      '--images needs --image-encoder',
    ],
    ['a likeness over one', ['catalogue', 'duplicates', out, '--threshold', '2'], 'USAGE', '--threshold'],
  ])('refuses %s in words', async (_, words, code, part) => {
    const { exit, document } = await run(...words);
    expect(exit).toBe(1);
    expect(document.error?.code).toBe(code);
    expect(document.error?.message).toContain(part);
  });
});

describe('a catalogue with pictures', () => {
  // The mean colour of a picture: an encoder of one op.
  const folder = join(root, 'mean-colour');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'preprocessor_config.json'),
    JSON.stringify({
      size: { height: 4, width: 4 },
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.5, 0.5],
    }),
  );
  const dims = ['batch', 3, 4, 4];
  writeFileSync(
    join(folder, 'model.onnx'),
    writeModel({
      irVersion: 8,
      opsets: { '': 17 },
      producer: '',
      metadata: {},
      graph: {
        name: 'mean colour',
        nodes: [
          { opType: 'Identity', domain: '', name: 'same', inputs: ['x'], outputs: ['y'], attributes: {} },
        ],
        inputs: [{ name: 'x', elementType: 'float', dims }],
        outputs: [{ name: 'y', elementType: 'float', dims }],
        initializers: [],
      },
    }),
  );
  const photos = join(root, 'photos');
  mkdirSync(photos);
  const paint = (path: string, [r, g, b]: readonly number[]) =>
    sharp({ create: { width: 9, height: 9, channels: 3, background: { r, g, b } } })
      .png()
      .toFile(path);

  it('finds what looks like a photograph, and reads past a broken one', async () => {
    await paint(join(photos, 'cup-red.png'), [250, 10, 10]);
    await paint(join(photos, 'cup-blue.png'), [10, 10, 250]);
    await paint(join(photos, 'nobodys.png'), [0, 0, 0]);
    writeFileSync(join(photos, 'cup-green.png'), 'no picture');
    const seen = join(root, 'seen');
    const { document } = await run(
      'catalogue',
      'index',
      items,
      '--images',
      photos,
      '--image-encoder',
      folder,
      '--out',
      seen,
    );
    expect(document).toMatchObject({ pictures: 2, unreadable_pictures: [{ name: 'cup-green.png' }] });
    const asked = join(root, 'asked.png');
    await paint(asked, [20, 30, 220]);
    expect(ids(await run('catalogue', 'search', seen, '--photo', asked, '--k', '2'))).toEqual(['cup-blue']);
    const missing = await run('catalogue', 'search', out, '--photo', asked);
    expect(missing.document.error?.message).toContain('index it again with --image-encoder');
  });
});

const USE = '../shared/models/use-lite-en';
describe.skipIf(!existsSync(USE))(`a catalogue by meaning (needs ${USE})`, () => {
  it('finds what shares no word, and reads only new texts again', async () => {
    const meant = join(root, 'meant');
    const first = await run('catalogue', 'index', items, '--encoder', USE, '--out', meant);
    expect(first.document).toMatchObject({ text_encoder: 'use-lite-en', texts_reused: 0 });
    const again = await run('catalogue', 'index', items, '--encoder', USE, '--out', meant);
    expect(again.document).toMatchObject({ texts_reused: rows.length });
    const found = await run(
      'catalogue',
      'search',
      meant,
      'something to drink espresso from',
      '--by',
      'meaning',
      '--k',
      '5',
    );
    for (const id of ids(found)) expect(id).toMatch(/^cup/);
  });
});
