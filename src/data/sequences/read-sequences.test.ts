// Sequences from files as people have them: other line ends, marks, gzip, gaps, and mistakes named by their line.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { Sequences } from '../../core/sequences.ts';
import { openEngine } from '../engine.ts';
import { readCases } from './read-cases.ts';
import { readEventTable } from './read-event-table.ts';
import { readSequences, type TextFormat } from './read-sequences.ts';

const folder = mkdtempSync(join(tmpdir(), 'foresell-sequences-'));
const engine = await openEngine({ threads: 1 });
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
function written(content: string | Uint8Array, ending = 'txt'): string {
  const path = join(folder, `file-${++files}.${ending}`);
  writeFileSync(path, content);
  return path;
}

/** `a: x y z`, one a sequence. */
const shown = ({ entities, offsets, items, itemIds }: Sequences): string[] =>
  entities.map((entity, i) => {
    const own = Array.from(items.subarray(offsets[i], offsets[i + 1]), (code) => itemIds[code]);
    return `${entity}: ${own.join(' ')}`;
  });

const read = async (content: string | Uint8Array, format: TextFormat): Promise<string[]> =>
  shown((await readSequences(written(content), format)).sequences);

describe('sequences from text', () => {
  it('a line of two million items is read as it comes, its end and the next line in other parts', async () => {
    const line = 'ab '.repeat(2_000_000);
    const startedMs = performance.now();
    const { sequences } = await readSequences(written(gzipSync(`${line}\r\nc\r\n`)), 'lines');
    expect([...sequences.offsets]).toEqual([0, 2_000_000, 2_000_001]);
    // searched anew with each part of the file it took the square of this
    expect(performance.now() - startedMs).toBeLessThan(20_000);
  }, 60_000);

  it('one a line, named after their lines, empty lines passed over', async () =>
    expect(await read('a b a\n\n \nc\n', 'lines')).toEqual(['1: a b a', '4: c']));

  it('knows that earlier lines are earlier sessions, and that users live side by side', async () => {
    const orderOf = async (format: TextFormat) =>
      (await readSequences(written('a b\n\nc d\n'), format)).sequences.order;
    expect(await orderOf('lines')).toEqual(Float64Array.of(1, 3));
    expect(await orderOf('user-lines')).toBeUndefined();
  });

  it('a user, then the items', async () =>
    expect(await read('u2 x y\nu1 y\nu3\n', 'user-lines')).toEqual(['u2: x y', 'u1: y']));

  it('pairs of a user and an item, users mixed, in the order of the lines', async () =>
    expect(await read('1 a\n2 b\n1\tc\n2 a\n1 a', 'pairs')).toEqual(['1: a c a', '2: b a']));

  it('a mark at the beginning, CRLF, tabs and no line end at the end', async () =>
    expect(await read('\ufeffu1 a\tb \r\nu2 c', 'user-lines')).toEqual(['u1: a b', 'u2: c']));

  it('gzip by what the file is, not by its name', async () =>
    expect(await read(gzipSync('a b\nb a\n'), 'lines')).toEqual(['1: a b', '2: b a']));

  it('ids of any script, cut between two chunks', async () => {
    const line = `${'商品 '.repeat(60_000)}末`;
    const [sequence] = await read(`${line}\n`, 'lines');
    expect(sequence).toBe(`1: ${line}`);
  });

  it('ids are texts: 01 is not 1', async () => {
    const { sequences } = await readSequences(written('01 1 1.0\n'), 'lines');
    expect(sequences.itemIds).toEqual(['01', '1', '1.0']);
  });

  it.each<[string, string | Uint8Array, TextFormat, RegExp]>([
    ['a user twice', 'u1 a\nu2 b\n\nu1 c\n', 'user-lines', /line 4 begins with the user of line 1/],
    ['a pair of three', '1 a\n1 b 5\n', 'pairs', /line 2 has 3 words/],
    ['a pair of one', '1 a\n1\n', 'pairs', /line 2 has 1 word:/],
    ['no items at all', 'u1\nu2\n', 'user-lines', /its lines name none/],
    ['an empty file', '', 'lines', /the file is empty/],
    ['UTF-16', Buffer.from('\ufeff1 a\n', 'utf16le'), 'pairs', /expected UTF-8 text in "file-\d+\.txt"/],
    ['a gzip file cut off', gzipSync('a b c '.repeat(500)).subarray(0, 30), 'lines', /cut off or damaged/],
  ])('refuses %s', async (_, content, format, message) => {
    await expect(read(content, format)).rejects.toThrow(message);
  });

  it('refuses a file that is not there, and a folder', async () => {
    await expect(readSequences(join(folder, 'none'), 'lines')).rejects.toThrow(/found none/);
    await expect(readSequences(folder, 'lines')).rejects.toThrow(/is a folder/);
  });

  it('equal files have equal fingerprints, zipped or not they differ', async () => {
    const [plain, again, zipped] = await Promise.all(
      [written('a b'), written('a b'), written(gzipSync('a b'))].map((path) => readSequences(path, 'lines')),
    );
    expect(plain.fingerprint).toBe(again.fingerprint);
    expect(zipped.fingerprint).not.toBe(plain.fingerprint);
  });
});

describe('sequences from a table', () => {
  const columns = { user: 'user', item: 'item', time: 'time', scratch: folder };

  it('in order of time, equal moments in the order of the rows', async () => {
    const csv = 'time,item,user,extra\n20,b,u2,1\n10,c,u1,1\n5,z,u1,1\n10,a,u1,1\n,,,\n7,,u1,1\n';
    const { sequences, passedOver } = await readEventTable(engine, written(csv, 'csv'), columns);
    expect(shown(sequences)).toEqual(['u1: z c a', 'u2: b']);
    expect(Array.from(sequences.timesMs ?? [])).toEqual([5000, 10_000, 10_000, 20_000]);
    expect(passedOver).toBe(2);
  });

  it('dates, and seconds with a fraction, are moments', async () => {
    const dates = 'user;item;time\n1;a;2024-01-02 10:00:00\n1;b;2024-01-01T10:00:00Z\n';
    const read = await readEventTable(engine, written(dates, 'csv'), columns);
    expect(shown(read.sequences)).toEqual(['1: b a']);
    expect(read.sequences.timesMs?.[0]).toBe(Date.UTC(2024, 0, 1, 10));
    const unix = 'user\titem\ttime\n1\ta\t1396860669.277\n1\tb\t1396860669.276\n';
    const fine = await readEventTable(engine, written(gzipSync(unix), 'txt.gz'), columns);
    expect(shown(fine.sequences)).toEqual(['1: b a']);
    expect(fine.sequences.timesMs?.[1]).toBe(1396860669277);
  });

  it('without a time the rows are in order; kinds of events are kept', async () => {
    const csv = 'user,item,what\n1,a,view\n1,b,buy\n1,a,view\n';
    const path = written(csv, 'csv');
    const { sequences } = await readEventTable(engine, path, {
      user: 'user',
      item: 'item',
      type: 'what',
      scratch: folder,
    });
    expect(shown(sequences)).toEqual(['1: a b a']);
    expect(sequences.timesMs).toBeUndefined();
    expect(Array.from(sequences.types ?? [], (type) => sequences.typeLevels?.[type])).toEqual([
      'view',
      'buy',
      'view',
    ]);
  });

  it('refuses a column that is not there, naming those that are, and a moment that is none, naming its row', async () => {
    const path = written('user,item,time\n1,a,5\n1,b,soon\n', 'csv');
    await expect(readEventTable(engine, path, { ...columns, item: 'sku' })).rejects.toThrow(
      /expected a column "sku" in .*it has "user", "item", "time"/,
    );
    await expect(readEventTable(engine, path, columns)).rejects.toThrow(/1 of 2 rows .*the first is row 2/);
  });
});

describe('test files', () => {
  it('know the catalogue; what it lacks is left out before, and −1 as a target', async () => {
    const path = written('a b\tc\na zz\tb\r\n\ta\n\nb\tnew\n');
    const { cases, unknownBefore, unknownTargets } = await readCases(path, ['a', 'b', 'c']);
    expect(Array.from(cases.targets)).toEqual([2, 1, 0, -1]);
    expect(Array.from(cases.before.offsets)).toEqual([0, 2, 3, 3, 4]);
    expect(Array.from(cases.before.items)).toEqual([0, 1, 0, 1]);
    expect([unknownBefore, unknownTargets]).toEqual([1, 1]);
  });

  it('prefixes of one session, rising or falling, are one entity', async () => {
    const path = written('a b c\td\na b\tc\na\tb\nx\ty\nx y\tz\n');
    const { cases } = await readCases(path, ['a']);
    expect(cases.before.entities).toEqual(['1', '1', '1', '2', '2']);
  });

  it.each([
    ['no tab', 'a b\tc\na b c\n', /line 2 is another/],
    ['two targets', 'a\tb c\n', /line 1 is another/],
    ['no target', 'a\t\n', /line 1 is another/],
    ['nothing', '\n\n', /its lines are empty/],
  ])('refuse %s', async (_, content, message) => {
    await expect(readCases(written(content), ['a'])).rejects.toThrow(message);
  });
});

const real = join(import.meta.dirname, '../../../../shared/data/amazon_seq/s3rec_Beauty.txt.gz');
it.skipIf(!existsSync(real))('reads the Beauty sequences whole (needs ../shared)', async () => {
  const { sequences } = await readSequences(real, 'user-lines');
  expect([sequences.entities.length, sequences.itemIds.length, sequences.items.length]).toEqual([
    22363, 12101, 198502,
  ]);
});
