// Numbers read right in both languages and in currencies with no, two and three decimals.
import { describe, expect, test } from 'vitest';
import { formatDifference, formatMetric, isBetter } from './metric-words.ts';
import { speech } from './speech.ts';

const en = speech('en', 'GBP');
const zh = speech('zh', 'CNY');

describe('speech', () => {
  test.each([
    [en.money(123_456), '£1,235'],
    [en.money(1234), '£12.34'],
    [en.money(0), '£0'],
    [en.money(-1234), '−£12.34'],
    [zh.money(123_456), '¥1,235'],
    [speech('en', 'JPY').money(98), '¥98'],
    [speech('en', 'KWD').money(1234).replace(/\s/g, ' '), 'KWD 1.234'],
    [speech('en', 'gold').money(150), '1.50 gold'],
    [en.count(1_234_567), '1,234,567'],
    [en.share(0.1234), '12.3%'],
    [en.tick(12_000, 'count'), '12k'],
    [zh.tick(12_000, 'count'), '1.2万'],
    [en.seconds(0.0003), '0.3 ms'],
    [en.seconds(0.012), '12 ms'],
    [en.seconds(1.24), '1.2 s'],
    [en.seconds(150), '2.5 min'],
    [zh.seconds(1.24), '1.2 秒'],
    [en.seconds(0.00001), '< 0.1 ms'],
    [en.moment('2011-08-10'), '2011-08-10'],
    [en.moment('2011-08-09T23:00:00Z'), '2011-08-09 23:00'],
    [speech('en', 'GBP', 'Europe/London').moment('2011-08-09T23:00:00Z'), '2011-08-10'],
    [speech('zh', 'CNY', 'Asia/Shanghai').moment('2011-08-09T17:30:15.123Z'), '2011-08-10 01:30'],
    [speech('en', 'GBP', 'Europe/London').moment('2011-08-10'), '2011-08-10'],
    [speech('en', 'GBP', 'Atlantis').moment('2011-08-10'), '2011-08-10'],
    [en.moment('some day'), 'some day'],
    [en.range('0.1', '0.2'), '0.1–0.2'],
    [en.range('−0.1', '+0.2'), '−0.1 to +0.2'],
    [zh.range('2011-01-01', '2011-02-01'), '2011-01-01 至 2011-02-01'],
    [en.count(Number.NaN), '–'],
    [en.signed(Number.NaN, String), '–'],
  ])('%s', (spoken, expected) => {
    expect(spoken).toBe(expected);
  });

  test('fills the holes of a text and leaves an unknown hole visible', () => {
    expect(en.text('page.made', { when: 'today' })).toBe('Made today');
    expect(en.text('page.made')).toBe('Made {when}');
  });

  test('a hole filled with a pattern of ours is not filled again', () => {
    expect(en.text('page.data', { from: '{to}', to: '$&' })).toBe('Data {to} to $&');
  });
});

describe('metrics', () => {
  test.each([
    ['roc_auc', 0.7391, 'share', '0.739'],
    ['ece', 0.0213, 'share', '2.1%'],
    ['bias', -0.0831, 'money', '−8.3%'],
    ['mae', 40_430, 'money', '£404'],
    ['mae', 0.7551, 'count', '0.755'],
    ['mae', 12.34, 'days', '12.3'],
    ['mae', 0.7551, 'share', '0.755'],
    ['coverage', 0.887, 'money', '88.7%'],
  ] as const)('%s %d reads in its unit', (metric, value, unit, expected) => {
    expect(formatMetric(en, metric, value, unit)).toBe(expected);
  });

  test('differences carry a sign, and shares are told in points', () => {
    expect(formatDifference(en, 'roc_auc', 0.0521, 'share')).toBe('+0.052');
    expect(formatDifference(en, 'ece', -0.012, 'share')).toBe('−1.2 pp');
    expect(formatDifference(en, 'mae', -12_480, 'money')).toBe('−£125');
  });

  test('each metric knows its better side', () => {
    expect(isBetter('roc_auc', 0.8, 0.7)).toBe(true);
    expect(isBetter('mae', 0.8, 0.7)).toBe(false);
    expect(isBetter('bias', -0.1, 0.2)).toBe(true);
  });
});
