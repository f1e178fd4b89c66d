import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Column, type Frame, makeFrame, takeRows, type Unit } from '../core/frame.ts';
import { type Name, name } from '../core/name.ts';
import type { Link } from '../models/estimator.ts';
import type { Explanation, Part } from './contribution.ts';
import { effectWords, isGood, predictionWords, type Shown } from './effect-words.ts';
import { shownValue } from './margin.ts';
import { nearDuplicates } from './near-duplicates.ts';
import { clauseFor } from './phrases.ts';
import { reasonsInWords } from './reasons.ts';
import { amountWords, valueWords } from './value-words.ts';

fc.configureGlobal({ seed: 7 });

const number = (
  id: string,
  values: readonly number[],
  { unit = 'count', group = id, label = name(id, id) }: { unit?: Unit; group?: string; label?: Name } = {},
): Column => ({ kind: 'number', name: id, label, unit, group, values: Float64Array.from(values) });

const CHANCE: Shown = { unit: 'probability', currency: 'GBP', outcome: 'buys' };
const RISK: Shown = { unit: 'probability', currency: 'GBP', outcome: 'leaves' };
const MONEY: Shown = { unit: 'money', currency: 'GBP', outcome: 'revenue' };

const logit = (p: number) => Math.log(p / (1 - p));

/** An explanation of one row whose effects in the shown unit are the given ones. */
function explanationOf(
  effects: readonly number[],
  parts: readonly Part[],
  { link, start, method = 'features' }: { link: Link; start: number; method?: Explanation['method'] },
): Explanation {
  const total = (pick: (effect: number) => number) => effects.reduce((sum, effect) => sum + pick(effect), 0);
  const marginOf = (shown: number) => (link === 'logit' ? logit(shown) : shown);
  const down = total((effect) => Math.min(0, effect));
  const up = total((effect) => Math.max(0, effect));
  const base = marginOf(start);
  const low = marginOf(start + down);
  const margin = marginOf(start + down + up);
  return {
    method,
    link,
    parts,
    base,
    margins: Float64Array.of(margin),
    values: Float64Array.from(effects, (effect) =>
      effect < 0 ? (effect / down) * (low - base) : up > 0 ? (effect / up) * (margin - low) : 0,
    ),
    background: { rows: 20, seed: 1, drawnFrom: 20 },
  };
}

const single = (...ids: string[]): Part[] => ids.map((id) => ({ id, columns: [id] }));
const spread = (from: number, to: number) =>
  Array.from({ length: 21 }, (_, i) => from + ((to - from) * i) / 20);
/** Unlike `spread` in rank. */
const shuffled = (from: number, to: number) =>
  Array.from({ length: 21 }, (_, i) => from + ((to - from) * ((i * 8) % 21)) / 20);

describe('reasons in words', () => {
  const days = {
    unit: 'days',
    group: 'recency',
    label: name('Days since the last purchase', '距上次购买的天数'),
  } as const;
  const background = makeFrame(
    [
      number('days_since_purchase', spread(5, 85), days),
      number('orders_90d', shuffled(0, 2), { group: 'frequency' }),
      number('refund_share', shuffled(0, 0.1).reverse(), {
        unit: 'share',
        group: 'returns',
        label: name('Refunds per money spent', '退款占消费比例'),
      }),
    ],
    { currency: 'GBP' },
  );
  const rowOf = (...values: readonly number[]): Frame =>
    makeFrame(
      background.columns.map((column, at) => ({ ...column, values: Float64Array.of(values[at]) }) as Column),
      { currency: 'GBP' },
    );
  const wordsOf = (frame: Frame, effects: readonly number[], shown: Shown) => {
    const explanation = explanationOf(effects, single('days_since_purchase', 'orders_90d', 'refund_share'), {
      link: shown.unit === 'probability' ? 'logit' : 'identity',
      start: shown.unit === 'probability' ? 0.3 : 10_000,
    });
    const [{ reasons }] = reasonsInWords(explanation, { frame, background, shown });
    return reasons.map(({ words, good }) => [words.en, words.zh, good]);
  };

  it('speak of a purchase in points of the chance', () => {
    expect(wordsOf(rowOf(12, 4, 0.25), [0.08, 0.123, -0.021], CHANCE)).toEqual([
      [
        '4 orders in 90 days, typically 1 (raises the chance by 12 points)',
        '90 天内下单 4 次，一般为 1（购买概率 +12 个百分点）',
        true,
      ],
      ['bought 12 days ago (raises the chance by 8 points)', '12 天前刚买过（购买概率 +8 个百分点）', true],
      [
        'Refunds per money spent: 25%, typically 5% (lowers the chance by 2.1 points)',
        '退款占消费比例：25%，一般为 5%（购买概率 −2.1 个百分点）',
        false,
      ],
    ]);
  });

  it('speak of leaving as a risk, where more is worse', () => {
    expect(wordsOf(rowOf(90, 0, 0.05), [0.2, 0.05, -0.03], RISK)).toEqual([
      [
        'has not bought for 90 days (raises the risk of leaving by 20 points)',
        '已 90 天未购买（流失风险 +20 个百分点）',
        false,
      ],
      [
        'no order in 90 days, typically 1 (raises the risk of leaving by 5 points)',
        '90 天内没有下单，一般为 1（流失风险 +5 个百分点）',
        false,
      ],
      [
        'Refunds per money spent: 5%, as is typical (lowers the risk of leaving by 3 points)',
        '退款占消费比例：5%，与多数相同（流失风险 −3 个百分点）',
        true,
      ],
    ]);
  });

  it('speak of money in the shop’s currency, and of what was never done', () => {
    expect(wordsOf(rowOf(Number.NaN, 1, Number.NaN), [-1_250, 123_456, -700], MONEY)).toEqual([
      [
        '1 order in 90 days, as is typical (adds 1,234.56 GBP to the forecast)',
        '90 天内下单 1 次，与多数相同（预计金额 +1,234.56 GBP）',
        true,
      ],
    ]);
    expect(wordsOf(rowOf(Number.NaN, 1, Number.NaN), [-1_250, 3_000, -700], MONEY).slice(1)).toEqual([
      ['never bought (takes 12.50 GBP off the forecast)', '从未购买（预计金额 −12.50 GBP）', false],
      [
        'Refunds per money spent: none yet, typically 5% (takes 7.00 GBP off the forecast)',
        '退款占消费比例：尚无，一般为 5%（预计金额 −7.00 GBP）',
        false,
      ],
    ]);
  });

  it('add up with the rest, however many are told', () => {
    const effect = fc.double({ min: -0.08, max: 0.08, noNaN: true });
    fc.assert(
      fc.property(effect, effect, effect, fc.integer({ min: 0, max: 4 }), (a, b, c, most) => {
        const explanation = explanationOf(
          [a, b, c],
          single('days_since_purchase', 'orders_90d', 'refund_share'),
          {
            link: 'logit',
            start: 0.4,
          },
        );
        const [told] = reasonsInWords(explanation, {
          frame: rowOf(1, 2, 3),
          background,
          shown: CHANCE,
          most,
        });
        const total = told.reasons.reduce((sum, reason) => sum + reason.effect, told.base + told.rest);
        expect(total).toBeCloseTo(told.value, 12);
        expect(told.value).toBeCloseTo(shownValue('logit', explanation.margins[0]), 12);
        expect(told.reasons.length).toBeLessThanOrEqual(most);
      }),
    );
  });

  it('tell near-duplicates of one group in one sentence, led by the strongest', () => {
    const columns = (values: (id: number) => readonly number[]) => [
      number('orders_30d', values(0), { group: 'frequency' }),
      number('orders_90d', values(1), { group: 'frequency' }),
      number('orders_365d', values(2), { group: 'frequency' }),
      number('revenue_90d', values(1), { group: 'monetary', unit: 'money' }),
    ];
    const rising = makeFrame(
      columns((id) => spread(0, 2 + id)),
      { currency: 'GBP' },
    );
    const own = makeFrame(
      columns((id) => [2 + id]),
      { currency: 'GBP' },
    );
    const parts = single('orders_30d', 'orders_90d', 'orders_365d', 'revenue_90d');
    const explanation = explanationOf([-0.02, 0.09, 0.03, 0.05], parts, { link: 'logit', start: 0.3 });
    const [{ reasons, rest, restWords }] = reasonsInWords(explanation, {
      frame: own,
      background: rising,
      shown: CHANCE,
    });
    expect(reasons.map(({ words, columns: told }) => [words.en, told.length])).toEqual([
      ['3 orders in 90 days, typically 1.5, with 2 similar measures (raises the chance by 10 points)', 3],
      ['spent 0.03 GBP in 90 days, typically 0.02 GBP (raises the chance by 5 points)', 1],
    ]);
    expect(reasons[0].words.zh).toBe(
      '90 天内下单 3 次，一般为 1.5，连同 2 项相近指标（购买概率 +10 个百分点）',
    );
    expect(rest).toBeCloseTo(0, 12);
    expect(restWords).toBeUndefined();
  });

  it('tell a group by its name and the value furthest from typical', () => {
    const parts: Part[] = [
      { id: 'recency', columns: ['days_since_purchase'] },
      { id: 'frequency+returns', columns: ['orders_90d', 'refund_share'] },
    ];
    const explanation = explanationOf([0.04, -0.06], parts, { link: 'logit', start: 0.3, method: 'groups' });
    const [{ reasons }] = reasonsInWords(explanation, {
      frame: rowOf(1, 1, 0.5),
      background,
      shown: CHANCE,
      groupNames: { frequency: name('How often', '购买频率'), returns: name('Returns', '退货') },
    });
    expect(reasons.map(({ words }) => [words.en, words.zh])).toEqual([
      [
        'How often and Returns: Refunds per money spent: 50%, typically 5% (lowers the chance by 6 points)',
        '购买频率与退货：退款占消费比例：50%，一般为 5%（购买概率 −6 个百分点）',
      ],
      ['bought yesterday (raises the chance by 4 points)', '昨天刚买过（购买概率 +4 个百分点）'],
    ]);
  });

  it('tell a group by the column that carries it where that is known, and put the rest in words', () => {
    const parts: Part[] = [
      { id: 'frequency', columns: ['orders_90d', 'refund_share'] },
      { id: 'recency', columns: ['days_since_purchase'] },
    ];
    const explanation: Explanation = {
      ...explanationOf([-0.06, 0.01], parts, { link: 'logit', start: 0.3, method: 'groups' }),
      leading: [['orders_90d', undefined]],
    };
    const [{ reasons, restWords }] = reasonsInWords(explanation, {
      frame: rowOf(1, 0, 0.5),
      background,
      shown: CHANCE,
      most: 1,
    });
    expect(reasons.map(({ words }) => words.en)).toEqual([
      'frequency: no order in 90 days, typically 1 (lowers the chance by 6 points)',
    ]);
    expect(restWords).toEqual({
      en: 'everything else together (raises the chance by 1 point)',
      zh: '其余因素合计（购买概率 +1 个百分点）',
    });
  });

  it('speak for every row, and name a category by its level', () => {
    const country = (codes: number[]): Column => ({
      kind: 'category',
      name: 'country',
      label: name('Country', '国家'),
      unit: 'none',
      group: 'tenure',
      codes: Int32Array.from(codes),
      levels: ['France', 'United Kingdom'],
    });
    const explanation: Explanation = {
      ...explanationOf([0], single('country'), { link: 'identity', start: 0 }),
      margins: Float64Array.of(500, -500),
      values: Float64Array.of(500, -500),
    };
    const told = reasonsInWords(explanation, {
      frame: makeFrame([country([0, -1])]),
      background: makeFrame([country([1, 1, 0])]),
      shown: { unit: 'days', currency: '', outcome: 'other' },
    });
    expect(told.map(({ reasons }) => reasons[0].words)).toEqual([
      {
        en: 'Country: France, typically United Kingdom (adds 500 days to the forecast)',
        zh: '国家：France，一般为 United Kingdom（预计值 +500 天）',
      },
      {
        en: 'Country: not known, typically United Kingdom (takes 500 days off the forecast)',
        zh: '国家：未知，一般为 United Kingdom（预计值 −500 天）',
      },
    ]);
  });

  it('say nothing where nothing moved', () => {
    const explanation = explanationOf(
      [0, 0, 0],
      single('days_since_purchase', 'orders_90d', 'refund_share'),
      {
        link: 'logit',
        start: 0.3,
      },
    );
    const [told] = reasonsInWords(explanation, { frame: rowOf(1, 2, 3), background, shown: CHANCE });
    expect(told.reasons).toEqual([]);
    expect(told.restWords).toBeUndefined();
    expect(told.rest).toBe(0);
  });
});

describe('phrases', () => {
  const fact = (
    column: string,
    value: number,
    changes: { typical?: number; unit?: Unit; group?: string } = {},
  ) => {
    const { typical = 2, unit = 'days', group = '' } = changes;
    return {
      column,
      group,
      label: name('Label', '标签'),
      value,
      typical,
      missing: Number.isNaN(value),
      typicalKind: Number.isNaN(typical) ? ('missing' as const) : ('number' as const),
      shown: amountWords(value, unit, 'CNY'),
      typicalShown: amountWords(typical, unit, 'CNY'),
    };
  };

  it.each([
    ['days_since_purchase', 0, 'bought today', '今天刚买过'],
    ['days_since_purchase', 1.2, 'bought yesterday', '昨天刚买过'],
    ['days_since_purchase', Number.NaN, 'never bought', '从未购买'],
    ['days_since_seen', 9.6, 'has not visited for 10 days', '已 10 天未访问'],
    ['days_since_refund', Number.NaN, 'never returned anything', '从未退货'],
    ['days_since_refund', 1, 'returned something 1 day ago', '1 天前退过货'],
    ['T', 400, 'first bought 400 days ago', '400 天前首次购买'],
    ['T', Number.NaN, 'never bought', '从未购买'],
    ['days_known', 0, 'first seen today', '今天首次出现'],
    ['frequency', 0, 'bought on one day only', '只在一天买过'],
    ['recency', 0, 'first and last purchase fall on one day', '首购与末购在同一天'],
    ['mean_gap', 14, 'buys every 14 days, typically 2 days', '平均每 14 天买一次，一般为 2 天'],
    ['mean_gap', Number.NaN, 'too few purchases to show a rhythm', '购买次数太少，看不出节奏'],
    ['orders_trend_30d', 1, 'Label: up', '标签：上升'],
    ['orders_trend_30d', -0.4, 'Label: down', '标签：下降'],
    ['orders_trend_30d', 0, 'Label: level', '标签：持平'],
    ['year_sin', 0.3, 'the time of year', '所处时节'],
    ['month', 9, 'it is September', '正值 9 月'],
    ['weekday', 0, 'it is a Monday', '当天是周一'],
  ])('of %s at %d', (column, value, en, zh) => {
    expect(clauseFor(fact(column, value))).toEqual({ en, zh });
  });

  it('say money, shares and small counts in their own way', () => {
    const spent = fact('revenue_90d', 123_456, { typical: 50, unit: 'money' });
    expect(clauseFor(spent).en).toBe('spent 1,234.56 CNY in 90 days, typically 0.50 CNY');
    expect(clauseFor(fact('revenue_90d', -250, { typical: 0, unit: 'money' })).en).toBe(
      'Label: −2.50 CNY, typically 0.00 CNY',
    );
    const missing = fact('order_value_90d', Number.NaN, { typical: 500, unit: 'money', group: 'basket' });
    expect(clauseFor(missing)).toEqual({
      en: 'Label: none yet, typically 5.00 CNY',
      zh: '标签：尚无，一般为 5.00 CNY',
    });
  });

  it('say when most customers have no value at all', () => {
    expect(clauseFor(fact('std_gap', 31, { typical: Number.NaN, group: 'rhythm' }))).toEqual({
      en: 'Label: 31 days, where most have none',
      zh: '标签：31 天，多数没有',
    });
    expect(clauseFor(fact('std_gap', Number.NaN, { typical: Number.NaN, group: 'rhythm' }))).toEqual({
      en: 'Label: too few purchases to tell, as is typical',
      zh: '标签：购买次数太少，与多数相同',
    });
  });

  it('compare nothing that has no typical value', () => {
    expect(clauseFor({ ...fact('items', 3), typicalKind: 'unknown' }).en).toBe('Label: 3 days');
  });

  it('give way to the caller’s own', () => {
    const own = { T: () => ({ words: name('own', '自定'), compared: false }) };
    expect(clauseFor(fact('T', 4), own)).toEqual({ en: 'own', zh: '自定' });
  });
});

describe('effects and values', () => {
  it('keep a sensible number of digits', () => {
    const points = (effect: number) => effectWords(effect, CHANCE).en.replace('the chance by ', '');
    expect([0.0834, 0.12345, -0.01, 0.0996, 0.0004, -0.0004].map(points)).toEqual([
      'raises 8.3 points',
      'raises 12 points',
      'lowers 1 point',
      'raises 10 points',
      'raises less than 0.1 points',
      'lowers less than 0.1 points',
    ]);
    expect(effectWords(0.0004, CHANCE).zh).toBe('购买概率升不足 0.1 个百分点');
    expect(predictionWords(0.3217, CHANCE).en).toBe('32.2%');
    expect(predictionWords(120_450, MONEY).zh).toBe('1,204.50 GBP');
    expect(predictionWords(500, { ...MONEY, currency: 'JPY' }).en).toBe('500 JPY');
  });

  it('know what is good news', () => {
    expect([isGood(0.1, CHANCE), isGood(0.1, RISK), isGood(-0.1, RISK), isGood(-5, MONEY)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('never quote a text', () => {
    const text: Column = { ...number('note', []), kind: 'text', values: ['my address is', ''] } as Column;
    expect(valueWords(text, 0, '')).toEqual({ en: 'written', zh: '有内容' });
    expect(valueWords(text, 1, '')).toEqual({ en: 'none', zh: '无' });
  });
});

describe('near-duplicates', () => {
  const background = makeFrame([
    number('a', spread(0, 1), { group: 'g' }),
    number(
      'b',
      spread(0, 1).map((x) => -(x ** 3)),
      { group: 'g' },
    ),
    number('c', shuffled(0, 1), { group: 'g' }),
    number('other', spread(0, 1), { group: 'h' }),
    number('flat', spread(0, 0), { group: 'g' }),
  ]);
  const names = ['a', 'b', 'c', 'other', 'flat', 'unknown'];

  it('are found by rank, either way, within a group', () => {
    expect(nearDuplicates(names, background)).toEqual([[0, 1], [2], [3], [4], [5]]);
  });

  it('are not guessed from a handful of rows', () => {
    expect(nearDuplicates(names, takeRows(background, [0, 1, 2]))).toHaveLength(6);
  });
});
