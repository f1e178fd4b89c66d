import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { offsetAt } from '../../core/time.ts';
import { type Cell, type Engine, openEngine, sqlText } from '../engine.ts';
import { majorSql, minorSql } from './money-sql.ts';
import { importZone, readTimeSql, utcSql } from './time-sql.ts';

const NOW_MS = Date.UTC(2025, 5, 1);
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
  await engine.run("SET TimeZone = 'UTC'");
});
afterAll(() => engine.close());

async function convert(texts: readonly string[], format: string, zone: string): Promise<Cell[]> {
  const reading = readTimeSql('cell', format);
  const rows = texts.map((text, index) => `(${index}, ${sqlText(text)})`).join(', ');
  const found = await engine.rows<{ ms: Cell }>(
    `SELECT ${utcSql('ms', 'local', reading, importZone(zone, NOW_MS))} AS ms
     FROM (SELECT i, ${reading.ms} AS ms, ${reading.isLocal} AS local FROM (VALUES ${rows}) t(i, cell)) ORDER BY i`,
  );
  return found.map(({ ms }) => ms);
}

const utc = (text: string): number => Date.parse(text);

describe('times', () => {
  test.each([
    ['2011-06-11 17:52:00', '2011-06-11T17:52:00Z'],
    ['2011-06-11T17:52:00Z', '2011-06-11T17:52:00Z'],
    ['2011-06-11T17:52:00.250+08:00', '2011-06-11T09:52:00.250Z'],
    ['2024-05-01 10:30:00 -0400', '2024-05-01T14:30:00Z'],
    ['2024-05-01 10:30:00+08', '2024-05-01T02:30:00Z'],
    ['2011/6/1 7:05', '2011-06-01T07:05:00Z'],
    ['2011-06-11', '2011-06-11T00:00:00Z'],
    ['20110611', '2011-06-11T00:00:00Z'],
    ['20110611175200', '2011-06-11T17:52:00Z'],
    ['2024年3月5日 08:09', '2024-03-05T08:09:00Z'],
    ['1511544070', '2017-11-24T17:21:10Z'],
    ['1511544070123', '2017-11-24T17:21:10.123Z'],
    ['1511544070123456', '2017-11-24T17:21:10.123Z'],
  ])('auto reads %s', async (text, expected) => {
    expect(await convert([text], 'auto', 'UTC')).toEqual([utc(expected)]);
  });

  test.each(['', 'soon', '2011-13-01', '31/12/2011 25:00', '2011-02-30', '12'.repeat(15)])(
    'auto does not make a time of "%s"',
    async (text) => {
      expect(await convert([text], 'auto', 'UTC')).toEqual([null]);
    },
  );

  test('a written format is taken literally', async () => {
    expect(await convert(['11/06/2011 17:52'], '%d/%m/%Y %H:%M', 'UTC')).toEqual([
      utc('2011-06-11T17:52:00Z'),
    ]);
    expect(await convert(['1.5e9', '1500000000'], 'unix_s', 'Asia/Shanghai')).toEqual([1.5e12, 1.5e12]);
  });

  test('an hour the clock skips moves forward, an hour it shows twice is the first of the two', async () => {
    const texts = [
      '2021-03-28 00:59:59',
      '2021-03-28 01:30:00',
      '2021-03-28 02:00:00',
      '2021-10-31 01:30:00',
      '2021-10-31 02:00:00',
    ];
    expect(await convert(texts, 'auto', 'Europe/London')).toEqual(
      [
        '2021-03-28T00:59:59Z',
        '2021-03-28T01:30:00Z',
        '2021-03-28T01:00:00Z',
        '2021-10-31T00:30:00Z',
        '2021-10-31T02:00:00Z',
      ].map(utc),
    );
  });

  test('a wall clock goes back to the moment it showed, in zones north, south and on the half hour', async () => {
    const zones = [
      'Europe/London',
      'America/New_York',
      'Asia/Shanghai',
      'Australia/Lord_Howe',
      'America/Sao_Paulo',
      'Asia/Kolkata',
    ];
    for (const zone of zones) {
      const table = importZone(zone, NOW_MS);
      const moments = fc
        .sample(fc.integer({ min: Date.UTC(1990, 1, 1) / 1000, max: NOW_MS / 1000 }), {
          numRuns: 300,
          seed: 7,
        })
        .map((seconds) => seconds * 1000)
        // The second showing of a repeated hour cannot be told from the first.
        .filter((ms) => offsetAt(table, ms) >= offsetAt(table, ms - 3_600_000));
      const clocks = moments.map((ms) =>
        new Date(ms + offsetAt(table, ms)).toISOString().slice(0, 19).replace('T', ' '),
      );
      expect(await convert(clocks, 'auto', zone)).toEqual(moments);
    }
  });
});

async function minor(texts: readonly string[], currency: string, decimal: '.' | ',' = '.'): Promise<Cell[]> {
  const rows = texts.map((text, index) => `(${index}, ${sqlText(text)})`).join(', ');
  const major = majorSql({ sql: 'cell', type: 'text' }, decimal);
  const found = await engine.rows<{ minor: Cell }>(
    `SELECT ${minorSql('major', undefined, { currency, exchange: {} })} AS minor
     FROM (SELECT i, ${major} AS major FROM (VALUES ${rows}) t(i, cell)) ORDER BY i`,
  );
  return found.map((row) => row.minor);
}

describe('money', () => {
  test('every price to the cent is exact', async () => {
    const cents = fc.sample(fc.integer({ min: -1e10, max: 1e10 }), { numRuns: 2000, seed: 3 });
    const texts = cents.map((value) => {
      const digits = String(Math.abs(value)).padStart(3, '0');
      return `${value < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
    });
    expect(await minor(texts, 'EUR')).toEqual(cents);
  });

  test.each([
    ['1.005', 'EUR', 101],
    ['0.285', 'EUR', 29],
    ['1234', 'JPY', 1234],
    ['1.2345', 'KWD', 1235],
    ['$1,234.56', 'USD', 123456],
    ['￥99', 'CNY', 9900],
    ['12.5元', 'CNY', 1250],
    ['12,50', 'EUR', null],
    ['abc', 'EUR', null],
    ['nan', 'EUR', null],
    ['1e300', 'EUR', null],
    ['99999999999', 'EUR', null],
  ])('%s %s is %s', async (text, currency, expected) => {
    expect(await minor([text], currency)).toEqual([expected]);
  });

  test('under a decimal comma the point separates thousands', async () => {
    expect(await minor(['12,50', '1.234,56', '-3,5', '7', '1.5'], 'EUR', ',')).toEqual([
      1250,
      123456,
      -350,
      700,
      null,
    ]);
  });
});
