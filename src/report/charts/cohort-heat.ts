// Cohort retention as a heat map: a row a month of first purchase, a column a month since.
import type { Speech } from '../speech.ts';
import type { Chart, Mark } from './chart.ts';
import { type CohortView, monthAfter } from './cohort-months.ts';

const ROW = 24;
/** Below this width there is no room for a head over the customers. */
const ROOMY = 500;

/**
 * Month 0, always 100 %, is left out; the depth of a cell is its share of the largest share. Cells of a month that was
 * not over are left pale: their share can still grow.
 */
export function cohortHeatChart(speech: Speech, { cohorts, unfinished }: CohortView, width: number): Chart {
  const left = width < ROOMY ? 108 : 168;
  const months = Math.max(1, ...cohorts.map(({ retained }) => retained.length - 1));
  const cellWidth = Math.min(64, (width - left) / months);
  const deepest = Math.max(0, ...cohorts.flatMap(({ retained }) => retained.slice(1))) || 1;
  const roomForText = cellWidth >= 26;
  const top = 42;
  const marks: Mark[] = [
    { kind: 'text', tone: 'muted', at: [0, top - 8], text: speech.text('cohorts.first') },
    { kind: 'text', tone: 'muted', at: [left, 11], text: speech.text('cohorts.since') },
  ];
  if (width >= ROOMY)
    marks.push({
      kind: 'text',
      tone: 'muted',
      at: [left - 10, top - 8],
      anchor: 'end',
      text: speech.text('word.customers'),
    });
  for (let k = 1; k <= months; k++) {
    if (!roomForText && k % 2 === 0) continue;
    marks.push({
      kind: 'text',
      tone: 'muted',
      at: [left + cellWidth * (k - 0.5), top - 8],
      anchor: 'middle',
      text: String(k),
    });
  }
  cohorts.forEach((cohort, row) => {
    const y = top + row * ROW;
    marks.push(
      { kind: 'text', tone: 'ink', at: [0, y + 16], text: cohort.month },
      {
        kind: 'text',
        tone: 'muted',
        at: [left - 10, y + 16],
        anchor: 'end',
        text: speech.shortCount(cohort.customers),
      },
    );
    cohort.retained.slice(1).forEach((share, i) => {
      const over = monthAfter(cohort.month, i + 1) !== unfinished;
      const depth = over ? share / deepest : 0;
      const x = left + cellWidth * i;
      const words = speech.text('cohorts.cell', {
        month: cohort.month,
        k: i + 1,
        share: speech.share(share),
        count: speech.count(cohort.customers),
      });
      const title = over ? words : `${words} (${speech.text('months.partial')})`;
      marks.push({
        kind: 'rect',
        tone: 'heat',
        x: x + 1,
        y: y + 1,
        width: cellWidth - 2,
        height: ROW - 2,
        radius: 2,
        // Never quite nothing, so that zero is told from "not yet"; never so deep that the number is hard to read.
        opacity: 0.05 + 0.5 * depth,
        title,
      });
      if (roomForText)
        marks.push({
          kind: 'text',
          tone: over ? 'ink' : 'muted',
          at: [x + cellWidth / 2, y + 16],
          anchor: 'middle',
          size: 10.5,
          text: speech.share(share, 0),
        });
    });
  });
  return {
    width,
    height: top + cohorts.length * ROW + 4,
    label: speech.text('cohorts.heatLabel', { cohorts: cohorts.length }),
    marks,
    table: {
      columns: [
        speech.text('cohorts.first'),
        speech.text('word.customers'),
        ...Array.from({ length: months }, (_, i) => speech.text('unit.month', { k: i + 1 })),
      ],
      rows: cohorts.map((cohort) => [
        cohort.month,
        speech.count(cohort.customers),
        ...Array.from({ length: months }, (_, i) =>
          cohort.retained[i + 1] === undefined ? '' : speech.share(cohort.retained[i + 1]),
        ),
      ]),
    },
  };
}
