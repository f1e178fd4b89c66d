// Every chart puts its meaningful marks where a ruler would: positions computed by hand.
import { describe, expect, test } from 'vitest';
import { name } from '../../core/name.ts';
import type { Score } from '../../eval/score.ts';
import { speech } from '../speech.ts';
import { spacedTicks } from './axis.ts';
import { barsChart } from './bars.ts';
import type { Chart, DotMark, LineMark, Mark, PathMark, RectMark, TextMark } from './chart.ts';
import { cohortHeatChart } from './cohort-heat.ts';
import { monthAfter } from './cohort-months.ts';
import { columnsChart } from './columns.ts';
import { coverageChart } from './coverage-deciles.ts';
import { decilesChart } from './deciles.ts';
import { errorDecilesChart } from './error-deciles.ts';
import { intervalStrip, stripScale } from './interval-strip.ts';
import { originsChart } from './origins.ts';
import { partialDependenceChart } from './partial-dependence.ts';
import { reliabilityChart } from './reliability.ts';
import { residualsChart } from './residuals.ts';
import { linearScale } from './scale.ts';
import { readOff, unitCurvesChart } from './unit-curves.ts';
import { meanCurve, valueCurvesChart } from './value-curves.ts';
import { waterfallChart } from './waterfall.ts';

const en = speech('en', 'GBP');
const score = (value: number, low: number, high: number): Score => ({ value, low, high });
const isKind =
  <K extends Mark['kind']>(kind: K) =>
  (mark: Mark): mark is Extract<Mark, { kind: K }> =>
    mark.kind === kind;
const dots = (chart: Chart): DotMark[] => chart.marks.filter(isKind('dot'));
const rects = (chart: Chart): RectMark[] => chart.marks.filter(isKind('rect'));
const lines = (chart: Chart): LineMark[] => chart.marks.filter(isKind('line'));
const paths = (chart: Chart): PathMark[] => chart.marks.filter(isKind('path'));
const texts = (chart: Chart): TextMark[] => chart.marks.filter(isKind('text'));
/** Pixel of a value, read from two labelled grid lines of a vertical axis. */
const rulerY = (chart: Chart, [a, textA]: [number, string], [b, textB]: [number, string]) => {
  const at = (text: string) => texts(chart).find((mark) => mark.text === text)!.at[1] - 4;
  return (value: number) => at(textA) + ((value - a) / (b - a)) * (at(textB) - at(textA));
};

describe('interval strip', () => {
  const scores = [score(0.7, 0.6, 0.8), score(0.5, 0.4, 0.6)];
  const scale = stripScale(scores, 0.5);

  test('all rows share one scale that holds every interval', () => {
    expect(scale.domain[0]).toBeCloseTo(0.4 - 0.016, 9);
    expect(scale.domain[1]).toBeCloseTo(0.8 + 0.016, 9);
  });

  test('the dot is at the value, the bar over the interval, the rule at the reference', () => {
    const chart = intervalStrip(scores[0], scale, { tone: 'model', label: 'm', reference: 0.5 });
    const [rule, bar] = lines(chart);
    const pixel = (value: number) => 6 + ((value - 0.384) / 0.432) * 156;
    expect(rule.from[0]).toBeCloseTo(pixel(0.5), 6);
    expect([bar.from[0], bar.to[0]]).toEqual([expect.closeTo(pixel(0.6), 6), expect.closeTo(pixel(0.8), 6)]);
    expect(dots(chart)[0].at[0]).toBeCloseTo(pixel(0.7), 6);
  });

  test('a score without an interval keeps its dot', () => {
    const chart = intervalStrip(score(0.5, Number.NaN, Number.NaN), scale, { tone: 'model', label: 'm' });
    expect(lines(chart)).toHaveLength(0);
    expect(dots(chart)).toHaveLength(1);
  });
});

test('a reliability dot stands at (predicted, observed) with a bar as tall as its share of the largest group', () => {
  const chart = reliabilityChart(en, [
    { count: 50, meanPredicted: 0.2, meanActual: 0.3, low: 0.2, high: 0.4 },
    { count: 100, meanPredicted: 0.8, meanActual: 0.6, low: 0.5, high: 0.7 },
  ]);
  const y = rulerY(chart, [0, '0%'], [0.8, '80%']);
  const [, first, second] = dots(chart);
  expect(first.at[1]).toBeCloseTo(y(0.3), 6);
  expect(second.at[1]).toBeCloseTo(y(0.6), 6);
  const x = (value: number) => first.at[0] + ((value - 0.2) / 0.6) * (second.at[0] - first.at[0]);
  const diagonal = lines(chart).find(({ dashed, from, to }) => dashed && from[1] !== to[1])!;
  expect(diagonal.from).toEqual([expect.closeTo(x(0), 6), expect.closeTo(y(0), 6)]);
  expect(rects(chart).map(({ height }) => height)).toEqual([17, 34]);
  expect(first.title).toBe('Predicted 20.0%, observed 30.0% (20.0%–40.0%), 50 customers');
});

describe('unit curves', () => {
  const words = {
    label: 'ROC',
    x: 'x',
    y: 'y',
    chance: { label: 'Guessing', from: [0, 0], to: [1, 1] },
  } as const;
  const chart = unitCurvesChart(
    en,
    [
      {
        label: 'model',
        role: 'model',
        points: [
          { x: 0, y: 0 },
          { x: 0.25, y: 0.75 },
          { x: 1, y: 1 },
        ],
      },
      {
        label: 'rate',
        role: 'baseline',
        points: [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
      },
      {
        label: 'recency',
        role: 'baseline',
        points: [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
      },
    ],
    words,
  );

  test('the model lies on top and passes through its points', () => {
    const curves = paths(chart);
    expect(curves.map(({ title, dashed }) => [title, dashed])).toEqual([
      ['recency', true],
      ['rate', false],
      ['model', false],
    ]);
    const [start, middle, end] = curves[2].points;
    expect((middle[0] - start[0]) / (end[0] - start[0])).toBeCloseTo(0.25, 9);
    expect((middle[1] - start[1]) / (end[1] - start[1])).toBeCloseTo(0.75, 9);
    expect(middle[1]).toBeLessThan(start[1]);
  });

  test('the table reads the curve off at every tenth', () => {
    expect(chart.table?.rows[1]).toEqual(['10%', '30.0%', '10.0%', '10.0%']);
  });

  test('at a vertical step the upper end counts', () => {
    expect(
      readOff(
        [
          { x: 0, y: 0 },
          { x: 0, y: 0.4 },
          { x: 1, y: 1 },
        ],
        0,
      ),
    ).toBe(0.4);
  });
});

test('decile bars are as tall as the actual mean and dots stand at the predicted mean', () => {
  const rows = [1, 2].map((decile) => ({
    decile,
    count: 10,
    meanPredicted: decile === 1 ? 900 : 200,
    meanActual: decile === 1 ? 1000 : -100,
    lift: 1,
    cumulativeGain: 1,
    cumulativeShare: decile / 2,
    low: 0,
    high: 1200,
  }));
  const chart = decilesChart(en, { overall: 450, rows }, 'money', 380);
  const y = rulerY(chart, [0, '£0'], [1000, '£10']);
  const [, top, below] = rects(chart);
  expect(top.y).toBeCloseTo(y(1000), 6);
  expect(top.y + top.height).toBeCloseTo(y(0), 6);
  // Refunds above purchases hang below zero.
  expect(below.y).toBeCloseTo(y(0), 6);
  expect(below.y + below.height).toBeCloseTo(y(-100), 6);
  const predicted = dots(chart).filter(({ title }) => title !== undefined);
  expect(predicted.map(({ at }) => at[1])).toEqual([expect.closeTo(y(900), 6), expect.closeTo(y(200), 6)]);
});

test('a right prediction lies on the dashed line, whatever its size', () => {
  const points = [10_000, 1_000_000].map((amount) => ({ predicted: amount, actual: amount }));
  const chart = residualsChart(en, { points, customers: 2, byDecile: [] }, { unit: 'money', smallest: 100 });
  const line = lines(chart).find(({ dashed }) => dashed)!;
  const slope = (line.to[1] - line.from[1]) / (line.to[0] - line.from[0]);
  const placed = chart.marks.filter(isKind('cloud')).flatMap((cloud) => cloud.points);
  expect(placed).toHaveLength(2);
  for (const [x, y] of placed) expect(y).toBeCloseTo(line.from[1] + slope * (x - line.from[0]), 6);
});

test('an error box spans the middle half around its median', () => {
  const chart = errorDecilesChart(
    en,
    {
      points: [],
      customers: 10,
      byDecile: [{ customers: 10, meanError: score(0, -1, 1), quantiles: [-9900, -900, 0, 900, 9900] }],
    },
    { unit: 'money', smallest: 100 },
  );
  const [, box] = rects(chart);
  const zero = lines(chart).find(({ tone }) => tone === 'muted')!.from[1];
  const whisker = lines(chart).find(({ tone }) => tone === 'model')!;
  expect(box.y + box.height / 2).toBeCloseTo(zero, 6);
  // ln(1 + 9) is half of ln(1 + 99).
  expect(box.height * 2).toBeCloseTo(whisker.from[1] - whisker.to[1], 6);
  expect(dots(chart)[1].at[1]).toBeCloseTo(zero, 6);
});

test('coverage dots stand against the promise', () => {
  const chart = coverageChart(en, {
    method: name('m', '法'),
    checkedOn: name('t', '测'),
    nominal: 0.9,
    covered: score(0.9, 0.88, 0.92),
    meanWidth: 1,
    byDecile: [{ customers: 9, covered: score(0.9, 0.85, 0.95) }],
  });
  const promise = lines(chart).find(({ dashed }) => dashed)!.from[1];
  expect(dots(chart)[0].at[1]).toBeCloseTo(promise, 9);
});

describe('bars', () => {
  const bar = (label: string, value: number) => ({
    label,
    value,
    low: value,
    high: value,
    written: String(value),
  });

  test('lengths are in proportion', () => {
    const [long, short] = rects(barsChart([bar('a', 4), bar('b', 1)], 400, { label: 'l' }));
    expect(long.width / short.width).toBeCloseTo(4, 9);
    expect(long.x).toBe(short.x);
  });

  test('a column that hurts points to the left of zero', () => {
    const [, hurts] = rects(barsChart([bar('a', 4), bar('b', -1)], 400, { label: 'l' }));
    const [first] = rects(barsChart([bar('a', 4), bar('b', -1)], 400, { label: 'l' }));
    expect(hurts.x + hurts.width).toBeCloseTo(first.x, 9);
  });

  test('long labels go above their bars', () => {
    const [text] = texts(barsChart([bar('x'.repeat(60), 1)], 340, { label: 'l' }));
    expect(text.anchor).toBeUndefined();
    expect(text.at[0]).toBe(0);
  });
});

test('waterfall steps begin where the last one ended and end at the prediction', () => {
  const chart = waterfallChart(
    {
      base: { label: 'start', value: 1, written: '1' },
      steps: [
        { label: 'up', change: 2, written: '+2' },
        { label: 'down', change: -0.5, written: '-0.5' },
      ],
      end: { label: 'end', written: '2.5' },
      label: 'l',
    },
    700,
  );
  const [up, down] = rects(chart);
  const [start, end] = dots(chart);
  expect(up.x).toBeCloseTo(start.at[0], 9);
  expect(up.x + up.width).toBeCloseTo(down.x + down.width, 9);
  expect(down.x).toBeCloseTo(end.at[0], 9);
  expect(up.width / down.width).toBeCloseTo(4, 9);
  expect([up.tone, down.tone]).toEqual(['actual', 'model']);
});

test('month columns stand on zero, in proportion, and an incomplete one is lighter', () => {
  const chart = columnsChart(
    en,
    [
      { month: '2010-12', value: 100 },
      { month: '2011-01', value: 50, partial: true },
    ],
    { unit: 'count', label: 'l' },
  );
  const [full, half] = rects(chart);
  expect(full.height).toBeCloseTo(2 * half.height, 9);
  expect(full.y + full.height).toBeCloseTo(half.y + half.height, 9);
  expect(half.opacity).toBeLessThan(full.opacity!);
  expect(texts(chart).map(({ text }) => text)).toEqual(expect.arrayContaining(['12', '2010', '01', '2011']));
});

describe('cohorts', () => {
  const cohorts = [
    { month: '2011-01', customers: 100, retained: [1, 0.4, 0.2], cumulativeRevenueMinor: [1000, 2000, 3000] },
    { month: '2011-02', customers: 300, retained: [1, 0.1], cumulativeRevenueMinor: [2000, 2400] },
  ];

  test('the heat map has a cell a known month after the first, deeper where more came back', () => {
    const cells = rects(cohortHeatChart(en, { cohorts }, 780));
    expect(cells).toHaveLength(3);
    expect(cells.map(({ opacity }) => opacity)).toEqual([0.55, 0.3, 0.175].map((o) => expect.closeTo(o, 9)));
    expect(cells[2].y - cells[0].y).toBe(24);
    expect(cells[1].x).toBeGreaterThan(cells[0].x);
    expect(cells[0].title).toBe('2011-01: 40.0% of 100 customers bought in month 1');
  });

  test('a month that was not over is pale in the map and dashed in the curves', () => {
    const view = { cohorts, unfinished: '2011-03' };
    expect(rects(cohortHeatChart(en, view, 780)).map(({ opacity }) => opacity)).toEqual([0.55, 0.05, 0.05]);
    const dashed = paths(valueCurvesChart(en, view, 780)).filter((path) => path.dashed);
    expect(dashed.map(({ points }) => points.length)).toEqual([2, 2]);
  });

  test('months are counted over the end of a year', () => {
    expect(['2010-12', '2011-11'].map((month) => monthAfter(month, 13))).toEqual(['2012-01', '2012-12']);
  });

  test('the common curve adds up mean gains, so it does not fall when a cohort ends', () => {
    // (1000·100 + 2000·300)/400 = 1750; + (1000·100 + 400·300)/400 = 550; + 1000 of the only one left.
    expect(meanCurve(cohorts)).toEqual([1750, 2300, 3300]);
  });

  test('value curves pass through cumulative revenue', () => {
    const chart = valueCurvesChart(en, { cohorts }, 780);
    const y = rulerY(chart, [0, '£0'], [2000, '£20']);
    expect(paths(chart)[0].points.map(([, at]) => at)).toEqual(
      [1000, 2000, 3000].map((v) => expect.closeTo(y(v), 6)),
    );
  });
});

test('a backtest shows model and baseline side by side at each origin', () => {
  const row = (asOf: string, value: number, baseline: number) => ({
    asOf,
    customers: 10,
    positives: 5,
    scores: { roc_auc: score(value, value - 0.05, value + 0.05) },
    baseline: { roc_auc: score(baseline, baseline, baseline) },
  });
  const chart = originsChart(en, [row('2011-05-12', 0.75, 0.7), row('2011-06-11', 0.8, 0.7)], {
    metric: 'roc_auc',
    unit: 'share',
    baseline: 'rate',
    label: 'l',
  });
  const y = rulerY(chart, [0.7, '0.700'], [0.8, '0.800']);
  const marked = dots(chart).filter(({ title }) => title !== undefined);
  expect(marked.map(({ tone, at }) => [tone, at[1]])).toEqual([
    ['baseline', expect.closeTo(y(0.7), 6)],
    ['model', expect.closeTo(y(0.75), 6)],
    ['baseline', expect.closeTo(y(0.7), 6)],
    ['model', expect.closeTo(y(0.8), 6)],
  ]);
});

test('crowded ticks give way to those nearer zero', () => {
  const scale = linearScale({ domain: [-10, 10], range: [0, 40], ticks: 4 });
  expect(scale.ticks).toEqual([-10, -5, 0, 5, 10]);
  expect(spacedTicks(scale, 15).ticks).toEqual([-10, 0, 10]);
});

describe('partial dependence', () => {
  const points = [0.2, 0.3, 0.5].map((value, i) => ({
    at: i * 10,
    mean: score(value, value - 0.1, value + 0.1),
  }));
  const effect = { feature: name('Orders', '订单'), unit: 'count' as const, points };
  const shape = { unit: 'share' as const, domain: [0, 0.6] as const };

  test('numbers are a line in a band, evenly apart, customers’ curves kept inside the scale', () => {
    const chart = partialDependenceChart(en, { ...effect, curves: [[0.1, 0.4, 0.9]] }, shape);
    const y = rulerY(chart, [0, '0%'], [0.6, '60%']);
    const [curve, band, line] = paths(chart);
    expect(line.points.map(([, py]) => py)).toEqual([0.2, 0.3, 0.5].map((v) => expect.closeTo(y(v), 6)));
    expect(line.points[1][0] - line.points[0][0]).toBeCloseTo(line.points[2][0] - line.points[1][0], 9);
    expect(band.filled).toBe(true);
    expect(band.points[0][1]).toBeCloseTo(y(0.3), 6);
    expect(band.points[5][1]).toBeCloseTo(y(0.1), 6);
    expect(curve.points[2][1]).toBeCloseTo(y(0.6), 6);
    expect(texts(chart).map(({ text }) => text)).toEqual(expect.arrayContaining(['0', '10', '20']));
  });

  test('levels are dots with their intervals, and all numbers stand in the table', () => {
    const levels = points.map(({ mean }, i) => ({ at: ['web', 'mail', 'shop'][i], mean }));
    const chart = partialDependenceChart(en, { ...effect, points: levels }, shape);
    expect(paths(chart)).toHaveLength(0);
    expect(dots(chart)).toHaveLength(3);
    const y = rulerY(chart, [0, '0%'], [0.6, '60%']);
    const bar = lines(chart).find((line) => line.tone === 'model')!;
    expect([bar.from[1], bar.to[1]]).toEqual([expect.closeTo(y(0.1), 6), expect.closeTo(y(0.3), 6)]);
    expect(chart.table?.rows[2]).toEqual(['shop', '50.0%', '40.0%–60.0%']);
  });
});
