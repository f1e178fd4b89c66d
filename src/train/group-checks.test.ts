// Which groups a test is cut into, and what the report and scripts are told of them.
import { describe, expect, it } from 'vitest';
import { type Column, makeFrame } from '../core/frame.ts';
import { name } from '../core/name.ts';
import { random } from '../core/random.ts';
import { groupSharesChart } from '../report/charts/group-shares.ts';
import { speech } from '../report/speech.ts';
import { groupPromises } from './group-checks.ts';

const ROWS = 3000;
const stream = random(4);
const days = Float64Array.from({ length: ROWS }, () => 300 * stream.uniform());
const codes = Int32Array.from({ length: ROWS }, () => stream.integer(3));
const columns: Column[] = [
  {
    kind: 'number',
    name: 'days_known',
    label: name('Days known', '认识天数'),
    unit: 'days',
    group: 'profile',
    values: days,
  },
  {
    kind: 'category',
    name: 'channel',
    label: name('Channel', '渠道'),
    unit: 'none',
    group: 'profile',
    codes,
    levels: ['ads', 'mail', 'direct'],
  },
];
const truth = Float64Array.from({ length: ROWS }, () => stream.beta(1, 3));
const test = (kind: 'binary' | 'amount' | 'classes', target: Float64Array) => ({
  question: { kind, outcome: 'other', horizonDays: 30, discountPerYear: 0, classes: 3 } as const,
  frame: makeFrame(columns, { rows: ROWS }),
  entities: Array.from(target, (_, i) => `c${i % 2000}`),
  target,
});
const came = truth.map((p) => (stream.uniform() < p ? 1 : 0));

describe('probabilities', () => {
  it('are checked by tenth, by age and by category, and the group promised too little is named', () => {
    const value = truth.map((p, i) => (codes[i] === 1 ? p / 2 : p));
    const found = groupPromises(test('binary', came), { value });
    expect(found?.of).toBe('probabilities');
    expect(found?.groupings.map(({ id }) => id)).toEqual(['decile', 'newcomer', 'channel']);
    const channel = found?.groupings[2];
    expect(channel?.groups.map(({ label, broken }) => [label.en, broken]).sort()).toEqual([
      ['ads', false],
      ['direct', false],
      ['mail', true],
    ]);
  });
});

describe('ranges', () => {
  const amounts = truth.map((p) => 100 * p);
  const low = new Float64Array(ROWS);
  const high = days.map((age) => (age < 90 ? 30 : 60));

  it('are checked against their level, by the same groups', () => {
    const found = groupPromises(test('amount', amounts), { value: amounts, low, high }, { level: 0.9 });
    expect(found?.of).toBe('ranges');
    const [recent, old] = found?.groupings[1].groups ?? [];
    expect([recent.broken, recent.kept.value < 0.8]).toEqual([true, true]);
    expect(old.promised).toBeCloseTo(0.9, 12);
  });

  it('that nobody promised are not checked', () => {
    expect(groupPromises(test('amount', amounts), { value: amounts })).toBeUndefined();
  });
});

describe('classes', () => {
  it('are checked one against the rest, by their names', () => {
    const target = Float64Array.from(truth, () => stream.integer(3));
    const value = new Float64Array(3 * ROWS).fill(1 / 3);
    const found = groupPromises(test('classes', target), { value }, { classNames: ['a', 'b', 'c'] });
    expect(found?.groupings[0].groups.map(({ label, broken }) => [label.en, broken])).toEqual([
      ['a', false],
      ['b', false],
      ['c', false],
    ]);
  });
});

describe('the picture', () => {
  it('has a dot on what came and a tick at what was promised, red where they part', () => {
    const group = (label: string, promised: number, value: number, broken: boolean) => ({
      label: name(label, `组 ${label}`),
      rows: 100,
      users: 90,
      promised,
      kept: { value, low: value - 0.05, high: value + 0.05 },
      broken,
    });
    const grouping = {
      id: 'channel',
      by: name('Channel', '渠道'),
      groups: [
        group('ads', 0.5, 0.5, false),
        group('a name far too long to stand beside a dot', 0.5, 0.7, true),
      ],
    };
    const { marks, table } = groupSharesChart(speech('en', 'EUR'), grouping, 'promised');
    const dots = marks.filter((mark) => mark.kind === 'dot');
    const ticks = marks.filter((mark) => mark.kind === 'line' && mark.tone === 'ink');
    expect(dots.map(({ tone }) => tone)).toEqual(['model', 'bad']);
    expect(dots[0].at[0]).toBeCloseTo(ticks[0].kind === 'line' ? ticks[0].from[0] : 0, 9);
    expect(dots[1].at[0]).toBeGreaterThan(ticks[1].kind === 'line' ? ticks[1].from[0] : 1e9);
    expect(table?.rows[1][0]).toBe('a name far too long to stand beside a dot');
    expect(marks.some((mark) => mark.kind === 'text' && mark.text.endsWith('…'))).toBe(true);
  });
});
