import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { listFiles, sha256 } from '../disk.ts';
import { openEngine, sqlText } from '../engine.ts';
import type { Workspace } from '../workspace.ts';
import { type SampleShop, sampleShop } from './sample-shop.ts';

const shops: SampleShop[] = [];
const shop = (...args: Parameters<typeof sampleShop>): SampleShop => {
  const made = sampleShop(...args);
  shops.push(made);
  return made;
};
afterEach(() => {
  for (const made of shops.splice(0)) made.remove();
});

const ORDERS = `
kind: events
columns:
  type: { constant: purchase }
  timestamp: when
  user_id: who
  item_id: what
  quantity: pieces
  price: price
  currency: { constant: EUR }
`;

const HEADER = 'who,what,when,pieces,price';

/** Every file of a workspace with its digest and its time. */
const state = (workspace: Workspace) =>
  listFiles(workspace.dir)
    .filter((file) => !file.startsWith('locks/'))
    .map((file) => {
      const path = join(workspace.dir, file);
      return `${file} ${sha256(readFileSync(path))} ${statSync(path).mtimeMs}`;
    });

describe('formats', () => {
  const expected = [
    {
      user_id: 'ann',
      item_id: 'mug',
      timestamp: Date.UTC(2024, 0, 2, 3, 4, 5),
      quantity: 2,
      price_minor: 1250,
    },
    {
      user_id: 'bob',
      item_id: '茶杯',
      timestamp: Date.UTC(2024, 1, 3, 3, 4, 5),
      quantity: 1,
      price_minor: 999,
    },
  ];
  const csv = `${HEADER}\nann,mug,2024-01-02 03:04:05,2,12.50\nbob,茶杯,2024-02-03 03:04:05,1,9.99\n`;
  const columns = 'user_id, item_id, timestamp, quantity, price_minor';
  const gb18030 = (text: string) => execFileSync('iconv', ['-f', 'utf-8', '-t', 'gb18030'], { input: text });
  const hasIconv = (() => {
    try {
      return gb18030('茶').length === 2;
    } catch {
      return false;
    }
  })();
  const ndjson = `${[
    { who: 'ann', what: 'mug', when: '2024-01-02T03:04:05Z', pieces: 2, price: 12.5 },
    { who: 'bob', what: '茶杯', when: '2024-02-03T03:04:05Z', pieces: 1, price: 9.99 },
  ]
    .map((row) => JSON.stringify(row))
    .join('\n')}\n`;

  test.each<[string, string | Uint8Array]>([
    ['plain.csv', csv],
    ['bom.csv', `\ufeff${csv}`],
    ['windows.csv', csv.replaceAll('\n', '\r\n')],
    ['quoted.csv', csv.replace('mug', '"mug"').replace('12.50', '" 12.50 "')],
    ['semicolons.csv', csv.replaceAll(',', ';')],
    ['tabs.csv', csv.replaceAll(',', '\t')],
    ['packed.csv.gz', gzipSync(csv)],
    ['utf16.csv', Buffer.from(`\ufeff${csv}`, 'utf16le')],
    ['lines.ndjson', ndjson],
    ['lines.jsonl.gz', gzipSync(ndjson)],
  ])('%s gives the same rows', async (name, content) => {
    const { write, import: load, rows } = shop();
    const report = await load(write(name, content), ORDERS);
    expect(report).toMatchObject({ accepted: 2, duplicates: 0, quarantined: {}, currency: 'EUR' });
    expect(await rows('events', columns)).toEqual(expected);
  });

  test.skipIf(!hasIconv)('GB18030, plain and gzipped, gives the same rows (needs iconv)', async () => {
    for (const [name, content] of [
      ['chinese.csv', gb18030(csv)],
      ['chinese.csv.gz', gzipSync(gb18030(csv))],
    ] as const) {
      const { write, import: load, rows } = shop();
      await load(write(name, content), ORDERS);
      expect(await rows('events', columns)).toEqual(expected);
    }
  });

  test('Parquet with typed columns, plain and gzipped, gives the same rows', async () => {
    const { write, import: load, rows } = shop();
    const path = write('typed.parquet', '');
    const engine = await openEngine({ threads: 1 });
    await engine.run(
      `COPY (SELECT * FROM (VALUES ('ann', 'mug', TIMESTAMP '2024-01-02 03:04:05', 2, 12.50::DECIMAL(9, 2)), ('bob', '茶杯', TIMESTAMP '2024-02-03 03:04:05', 1, 9.99)) t(who, what, "when", pieces, price)) TO ${sqlText(path)} (FORMAT parquet)`,
    );
    engine.close();
    await load(path, ORDERS);
    expect(await rows('events', columns)).toEqual(expected);
    const packed = await load(write('packed.parquet.gz', gzipSync(readFileSync(path))), ORDERS);
    expect(packed).toMatchObject({ accepted: 0, duplicates: 2 });
  });

  test('columns of a header without regard to case, and a file without a header', async () => {
    const { write, import: load, rows } = shop();
    await load(write('upper.csv', csv.replace(HEADER, HEADER.toUpperCase())), ORDERS);
    const bare = `${ORDERS}file: { header: false, separator: spaces, columns: [who, what, when, pieces, price] }\n`;
    const spaced = '  cid   pen  20240304   1    3.00\n\n  dan pen 20240305 1 3.00 extra\n';
    const report = await load(write('bare.txt', spaced), bare);
    expect(report).toMatchObject({ accepted: 1, quarantined: { ragged_row: 1 } });
    expect((await rows('events', 'user_id')).map((row) => row.user_id)).toEqual(['ann', 'bob', 'cid']);
  });
});

describe('idempotency', () => {
  const csv = `${HEADER}\nann,mug,2024-01-02 03:04:05,2,12.50\nann,mug,2024-01-02 03:04:05,2,12.50\n,mug,2024-01-02 03:04:06,1,1\nbob,mug,soon,1,1\n`;

  test('the same file twice changes not one byte, and exact duplicate lines are one event', async () => {
    const { workspace, write, import: load } = shop();
    const path = write('orders.csv', csv);
    expect(await load(path, ORDERS)).toMatchObject({
      accepted: 2,
      duplicates: 1,
      anonymous: 1,
      quarantined: { bad_time: 1 },
      firstMs: Date.UTC(2024, 0, 2, 3, 4, 5),
      lastMs: Date.UTC(2024, 0, 2, 3, 4, 6),
    });
    const before = state(workspace);
    expect(await load(path, ORDERS)).toMatchObject({
      accepted: 0,
      duplicates: 3,
      quarantined: { bad_time: 1 },
    });
    expect(state(workspace)).toEqual(before);
  });

  test('an event id already in the lake is a duplicate in whatever row it comes, and the first of a file is kept', async () => {
    const mapping = `${ORDERS}  event_id: id\n`;
    const { write, import: load, rows } = shop();
    await load(
      write('a.csv', `id,${HEADER}\ne1,ann,mug,2024-01-02,1,1\ne1,bob,pen,2023-01-02,1,1\n`),
      mapping,
    );
    await load(
      write('b.csv', `id,${HEADER}\ne2,cid,mug,2024-01-02,1,1\ne1,dan,pen,2022-05-05,1,1\n`),
      mapping,
    );
    expect(await rows('events', 'event_id, user_id')).toEqual([
      { event_id: 'e1', user_id: 'ann' },
      { event_id: 'e2', user_id: 'cid' },
    ]);
  });

  test('items and users: the last write wins, and saying the same again changes nothing', async () => {
    const items =
      'kind: items\ncolumns: { item_id: id, title: name, price: price, currency: { constant: EUR }, attributes: [size] }\n';
    const { workspace, write, import: load, rows } = shop();
    await load(write('items.csv', 'id,name,price,size\na,old,1,S\nb,pen,2,\na,new,1.5,M\n'), items);
    await load(write('more.csv', 'id,name,price,size\nb,pencil,2,L\nc,cup,3,\n'), items);
    expect(await rows('items', 'item_id, title, price_minor, attributes')).toEqual([
      { item_id: 'a', title: 'new', price_minor: 150, attributes: '{"size":"M"}' },
      { item_id: 'b', title: 'pencil', price_minor: 200, attributes: '{"size":"L"}' },
      { item_id: 'c', title: 'cup', price_minor: 300, attributes: '{"size":null}' },
    ]);
    const before = state(workspace);
    await load(write('again.csv', 'id,name,price,size\nc,cup,3.00,\n'), items);
    expect(state(workspace)).toEqual(before);
  });
});

describe('bad input', () => {
  const good = 'ann,mug,2024-01-02 03:04:05,2,12.50\n';

  test('every kind of bad row is kept apart with its reason and its line', async () => {
    const { write, import: load, quarantine } = shop();
    const lines = [
      HEADER,
      good.trim(),
      'bob,"two\nlines",2024-01-02 03:04:05,1,1',
      'short,row',
      'bob,mug,soon,1,1',
      '',
      'bob,mug,2035-01-01,1,1',
      'bob,mug,1985-01-01,1,1',
      'bob,mug,,1,1',
      'bob,mug,2024-01-01,two,1',
      'bob,mug,2024-01-01,1,-1',
      'bob,mug,2024-01-01,-1,1',
      'bob,mug,2024-01-01,1,1,6,7',
      'bob,mug,2024-01-01,1,cheap',
      'bob,mug,2024-01-05,1,1',
    ];
    const report = await load(write('messy.csv', `${lines.join('\n')}\n`), ORDERS);
    expect(report.accepted).toBe(3);
    expect(report.quarantined).toEqual({
      ragged_row: 2,
      bad_time: 1,
      future_date: 1,
      before_1990: 1,
      missing_time: 1,
      bad_number: 2,
      negative_price: 1,
      negative_quantity: 1,
    });
    const text = lines.join('\n').split('\n');
    for (const { line, raw, reason, file } of await quarantine()) {
      expect(file).toBe('messy.csv');
      const written = text[Number(line) - 1];
      if (reason === 'ragged_row') expect(raw).toBe(written);
      else expect(written).toBe(Object.values(JSON.parse(String(raw)) as object).length > 0 ? written : '');
      if (reason === 'bad_time') expect(written).toContain('soon');
      if (reason === 'negative_price') expect(written).toBe('bob,mug,2024-01-01,1,-1');
      if (reason === 'future_date') expect(written).toContain('2035');
    }
  });

  test('unknown types are rejected, named ones translated, others left out where the mapping says so', async () => {
    const mapping = (otherwise: string) =>
      `columns: { type: { column: kind, map: { pv: view }, otherwise: ${otherwise} }, timestamp: when, user_id: who }`;
    const csv =
      'kind,when,who\npv,2024-01-01,ann\nPurchase,2024-01-02,ann\nscroll,2024-01-03,ann\n,2024-01-03,ann\n';
    const strict = shop();
    expect(await strict.import(strict.write('t.csv', csv), mapping('keep'))).toMatchObject({
      accepted: 2,
      quarantined: { unknown_type: 1, missing_type: 1 },
    });
    const loose = shop();
    expect(await loose.import(loose.write('t.csv', csv), mapping('skip'))).toMatchObject({
      accepted: 2,
      skipped: 1,
      quarantined: { missing_type: 1 },
    });
    expect((await loose.rows('events', 'type')).map(({ type }) => type)).toEqual(['purchase', 'view']);
  });

  test('a text of one MiB in a cell is kept, a longer one is rejected, and the rest of the file is unharmed', async () => {
    const { write, import: load, rows } = shop();
    const mapping = 'columns: { type: { constant: review }, timestamp: when, user_id: who, text: words }';
    const csv = `who,when,words\nann,2024-01-01,${'x'.repeat(2 ** 20)}\nbob,2024-01-01,${'y'.repeat(2 ** 20 + 1)}\ncid,2024-01-01,"${'z\n'.repeat(2 ** 18)}"\n`;
    expect(await load(write('long.csv', csv), mapping)).toMatchObject({
      accepted: 2,
      quarantined: { text_too_long: 1 },
    });
    expect(await rows('events', 'user_id, length(text) AS size')).toEqual([
      { user_id: 'ann', size: 2 ** 20 },
      { user_id: 'cid', size: 2 ** 19 },
    ]);
  });

  test('bytes that are not UTF-8 are found wherever they stand', async () => {
    const { write, import: load } = shop();
    const bytes = Buffer.concat([
      Buffer.from(`${HEADER}\n${good}`),
      Buffer.from([0x62, 0xff, 0xfe]),
      Buffer.from(`,mug,2024-01-02,1,1\n${good.replace('ann', 'cid')}`),
    ]);
    expect(await load(write('broken.csv', bytes), `${ORDERS}file: { encoding: utf-8 }\n`)).toMatchObject({
      accepted: 2,
      quarantined: { wrong_encoding: 1 },
    });
  });

  test('an encoding that shows only late in a file is found, and then the whole file is read in it', async () => {
    const early = `${HEADER}\n${'ann,mug,2024-01-02 03:04:05,1,1\n'.repeat(12_000)}`;
    const late = (bytes: readonly number[]) =>
      Buffer.concat([Buffer.from(`${early}bob,`), Buffer.from(bytes), Buffer.from(',2024-01-03,1,1\n')]);
    for (const [bytes, expected] of [
      [[0xb2, 0xe8, 0xb1, 0xad], '茶杯'],
      [[0x63, 0x61, 0x66, 0xe9], 'café'],
    ] as const) {
      const { write, import: load, rows } = shop();
      expect(await load(write('late.csv', late(bytes)), ORDERS)).toMatchObject({
        accepted: 2,
        quarantined: {},
      });
      expect((await rows('events', 'user_id, item_id')).at(-1)).toEqual({
        user_id: 'bob',
        item_id: expected,
      });
    }
  });

  test('a file that is not what it seems is refused without a word of what stands in it', async () => {
    const { write, import: load } = shop();
    const broken = gzipSync(`${HEADER}\n${good.repeat(50_000)}`).subarray(0, 2000);
    const fault = await load(write('cut.csv.gz', broken), ORDERS).catch((error: Error) => error);
    expect(fault).toMatchObject({ code: 'BAD_FILE' });
    expect(String(fault)).not.toContain('mug');
  });

  test('lines of NDJSON that are no object are rejected with their line', async () => {
    const { write, import: load, quarantine } = shop();
    const ndjson = '{"who":"ann","when":"2024-01-01"}\n\n{"who":\n[1]\n{"who":"bob","when":"2024-01-01"}\n';
    const mapping = 'columns: { type: { constant: view }, timestamp: when, user_id: who }';
    expect(await load(write('l.ndjson', ndjson), mapping)).toMatchObject({
      accepted: 2,
      quarantined: { bad_json: 2 },
    });
    expect((await quarantine()).map(({ line }) => line)).toEqual([3, 4]);
  });

  test.each<[string, string | Uint8Array, string, RegExp]>([
    ['an empty file', '', ORDERS, /the file is empty/],
    ['an empty gzip file', gzipSync(''), ORDERS, /the file is empty/],
    ['a file of blanks', ' \n\n', ORDERS, /the file is empty/],
    [
      'a missing column',
      'who,what,day,pieces,price\na,b,c,1,1\n',
      ORDERS,
      /expected a column "when".*who, what, day/,
    ],
    [
      'money without a currency',
      `${HEADER}\n${good}`,
      ORDERS.replace(/ {2}currency.*\n/, ''),
      /expected a currency/,
    ],
    [
      'a misspelt setting',
      `${HEADER}\n${good}`,
      `${ORDERS}timezone: UTC\n`,
      /expected one of kind.*"timezone"/s,
    ],
    [
      'a wrong type',
      `${HEADER}\n${good}`,
      ORDERS.replace('purchase', 'bought'),
      /expected event types.*"bought"/,
    ],
    ['an unknown zone', `${HEADER}\n${good}`, `${ORDERS}time: { zone: Mars }\n`, /IANA time zone/],
  ])('%s is refused in words', async (name, content, mapping, message) => {
    const { write, import: load, workspace } = shop();
    const path = write(name.includes('gzip') ? 'f.csv.gz' : 'f.csv', content);
    await expect(load(path, mapping)).rejects.toThrow(message);
    expect(listFiles(workspace.dir)).toEqual(['foresell.yaml']);
  });

  test('several currencies need rates, and with rates become one exactly', async () => {
    const mixed = `${HEADER},cur\nann,mug,2024-01-02,1,10.00,EUR\nann,mug,2024-01-03,1,10.01,USD\nann,mug,2024-01-04,1,1000,JPY\n`;
    const mapping = ORDERS.replace('{ constant: EUR }', 'cur');
    const refused = shop();
    await expect(refused.import(refused.write('m.csv', mixed), mapping)).rejects.toThrow(
      /expected one currency, the file has EUR, JPY, USD.*money\.exchange/,
    );
    const { write, import: load, rows } = shop();
    const rates = `${mapping}money: { exchange: { USD: 0.915, JPY: 0.00615 } }\n`;
    expect((await load(write('m.csv', mixed), rates)).currency).toBe('EUR');
    expect(await rows('events', 'timestamp, price_minor, currency')).toEqual([
      { timestamp: Date.UTC(2024, 0, 2), price_minor: 1000, currency: 'EUR' },
      // 10.01 × .915 = 9.15915
      { timestamp: Date.UTC(2024, 0, 3), price_minor: 916, currency: 'EUR' },
      { timestamp: Date.UTC(2024, 0, 4), price_minor: 615, currency: 'EUR' },
    ]);
    await expect(load(write('gbp.csv', mixed), ORDERS.replace('EUR', 'GBP'))).rejects.toThrow(
      /expected money in EUR, the file has GBP/,
    );
  });

  test('an amount for several pieces is divided where it divides, else kept whole as one piece', async () => {
    const { write, import: load, rows } = shop();
    const csv = `${HEADER}\na,mug,2024-01-01,2,10.00\nb,mug,2024-01-01,2,10.01\n`;
    await load(write('a.csv', csv), ORDERS.replace('price: price', 'amount: price'));
    expect(await rows('events', 'user_id, quantity, price_minor')).toEqual([
      { user_id: 'a', quantity: 2, price_minor: 500 },
      { user_id: 'b', quantity: 1, price_minor: 1001 },
    ]);
  });
});

describe('pseudonyms', () => {
  test('no id of a person is anywhere in the workspace, and the lake has their HMAC', async () => {
    const { workspace, write, import: load, rows } = shop({ pseudonyms: true });
    const csv = `${HEADER}\nann@shop.example,mug,2024-01-02,1,1\nbob@shop.example,mug,soon,1,1\nragged@shop.example\n`;
    await load(write('p.csv', csv), ORDERS);
    const { createHmac } = await import('node:crypto');
    const key = Buffer.from(readFileSync(join(workspace.dir, 'keys', 'pseudonym.key'), 'utf8'), 'hex');
    expect(statSync(join(workspace.dir, 'keys', 'pseudonym.key')).mode & 0o777).toBe(0o600);
    expect((await rows('events', 'user_id'))[0].user_id).toBe(
      createHmac('sha256', key).update('ann@shop.example').digest('hex'),
    );
    const engine = await openEngine({ threads: 1 });
    for (const file of listFiles(workspace.dir).filter((name) => name.endsWith('.parquet'))) {
      const found = await engine.rows(
        `SELECT 1 AS hit FROM read_parquet(${sqlText(join(workspace.dir, file))}, hive_partitioning = false) t WHERE contains(CAST(t AS VARCHAR), 'shop.example')`,
      );
      expect(found, file).toEqual([]);
    }
    engine.close();
  });
});
