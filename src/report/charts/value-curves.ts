// What a customer has brought in so far, by months since the first purchase: one line a cohort, labelled at its end.
import type { Cohort } from '../document.ts';
import type { Speech } from '../speech.ts';
import { axisRoom, drawnWidth, horizontalAxis, type PlotBox, verticalAxis } from './axis.ts';
import type { Chart, Mark, Point } from './chart.ts';
import { type CohortView, monthAfter } from './cohort-months.ts';
import { extent, linearScale, niceScale } from './scale.ts';

const HEIGHT = 340;
const LABEL_GAP = 14;

export function valueCurvesChart(speech: Speech, { cohorts, unfinished }: CohortView, width: number): Chart {
  const drawn = cohorts.filter(({ cumulativeRevenueMinor }) => cumulativeRevenueMinor.length > 1);
  const all = meanCurve(drawn);
  const months = Math.max(1, ...drawn.map(({ cumulativeRevenueMinor }) => cumulativeRevenueMinor.length - 1));
  const domain = extent([0, ...drawn.flatMap((cohort) => cohort.cumulativeRevenueMinor)]);
  const left = axisRoom(niceScale({ domain, range: [0, 1] }), speech.shortMoney);
  const labelRoom = Math.max(drawnWidth('2011-12'), drawnWidth(speech.text('cohorts.all'))) + 12;
  const box: PlotBox = { left, right: width - labelRoom, top: 28, bottom: HEIGHT - 42 };
  const x = linearScale({ domain: [0, months], range: [box.left, box.right], ticks: Math.min(months, 12) });
  const y = niceScale({ domain, range: [box.bottom, box.top] });
  const trace = (values: readonly number[]): Point[] => values.map((value, k) => [x(k), y(value)]);
  const marks: Mark[] = [
    ...verticalAxis(y, box, { format: speech.shortMoney, label: speech.text('cohorts.valueAxis') }),
    ...horizontalAxis(x, box, {
      format: (k) => (Number.isInteger(k) ? String(k) : ''),
      label: speech.text('cohorts.since'),
    }),
  ];
  // Older cohorts are deeper in colour.
  const shade = (i: number) => 0.9 - 0.6 * (i / Math.max(1, drawn.length - 1));
  drawn.forEach((cohort, i) => {
    const points = trace(cohort.cumulativeRevenueMinor);
    const last = points.length - 1;
    const look = { kind: 'path', tone: 'model', thickness: 1.75, opacity: shade(i) } as const;
    const over = monthAfter(cohort.month, last) !== unfinished;
    // The step into a month that was not over is dashed.
    if (!over) marks.push({ ...look, points: points.slice(last - 1), dashed: true });
    marks.push({
      ...look,
      points: over ? points : points.slice(0, last),
      title: speech.text('cohorts.curve', {
        month: cohort.month,
        count: speech.count(cohort.customers),
        value: speech.money(cohort.cumulativeRevenueMinor[cohort.cumulativeRevenueMinor.length - 1]),
      }),
    });
  });
  marks.push({
    kind: 'path',
    tone: 'actual',
    points: trace(all),
    thickness: 2.75,
    title: speech.text('cohorts.all'),
  });
  // Short curves end in a crowd; the table has them all.
  const labelled = drawn.filter(({ cumulativeRevenueMinor: values }) => values.length - 1 >= months / 4);
  const ends = [
    ...labelled.map(({ month, cumulativeRevenueMinor: values }, i) => ({
      text: month,
      tone: 'model' as const,
      opacity: Math.max(0.88, shade(i)),
      at: [x(values.length - 1), y(values[values.length - 1])] as Point,
    })),
    {
      text: speech.text('cohorts.all'),
      tone: 'actual' as const,
      opacity: 1,
      at: [x(all.length - 1), y(all[all.length - 1])] as Point,
    },
  ];
  for (const end of keepApart(ends))
    marks.push({
      kind: 'text',
      tone: end.tone,
      at: [end.at[0] + 6, end.at[1] + 4],
      text: end.text,
      halo: true,
      opacity: end.opacity,
    });
  return {
    width,
    height: HEIGHT,
    label: speech.text('cohorts.curvesLabel', { cohorts: drawn.length }),
    marks,
    table: {
      columns: [
        speech.text('cohorts.first'),
        speech.text('word.customers'),
        ...Array.from({ length: months + 1 }, (_, k) => speech.text('unit.month', { k })),
      ],
      rows: [
        ...drawn.map(({ month, customers, cumulativeRevenueMinor }) => [
          month,
          speech.count(customers),
          ...Array.from({ length: months + 1 }, (_, k) =>
            cumulativeRevenueMinor[k] === undefined ? '' : speech.money(cumulativeRevenueMinor[k]),
          ),
        ]),
        [speech.text('cohorts.all'), '', ...all.map((value) => speech.money(value))],
      ],
    },
  };
}

/**
 * Cumulative value per customer over the cohorts old enough to have reached each month, weighted by their size.
 * Increments are averaged, not levels, so the curve never falls because an old, rich cohort ends.
 */
export function meanCurve(cohorts: readonly Cohort[]): number[] {
  const months = Math.max(0, ...cohorts.map(({ cumulativeRevenueMinor }) => cumulativeRevenueMinor.length));
  const curve: number[] = [];
  let sum = 0;
  for (let k = 0; k < months; k++) {
    let gained = 0;
    let customers = 0;
    for (const cohort of cohorts) {
      const values = cohort.cumulativeRevenueMinor;
      if (k >= values.length) continue;
      gained += (values[k] - (k > 0 ? values[k - 1] : 0)) * cohort.customers;
      customers += cohort.customers;
    }
    sum += customers > 0 ? gained / customers : 0;
    curve.push(sum);
  }
  return curve;
}

/** Drops labels that would lie on one already placed, the emphasised (last) first. */
function keepApart<T extends { readonly at: Point; readonly text: string }>(labels: readonly T[]): T[] {
  const kept: T[] = [];
  for (const label of labels.toReversed()) {
    const free = kept.every(
      ({ at, text }) =>
        Math.abs(at[1] - label.at[1]) >= LABEL_GAP || Math.abs(at[0] - label.at[0]) >= drawnWidth(text) + 8,
    );
    if (free) kept.push(label);
  }
  return kept;
}
