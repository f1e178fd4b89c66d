// A promise beside what came, group by group: a tick for what was said, a dot with its interval for what happened.
import type { GroupedChecks } from '../../eval/coverage-report.ts';
import type { Speech } from '../speech.ts';
import { drawnWidth, horizontalAxis, type PlotBox } from './axis.ts';
import type { Chart, Mark } from './chart.ts';
import { extent, niceScale } from './scale.ts';

const WIDTH = 380;
const ROW = 24;
const MOST_LABEL = 150;

/** @param promised what the tick stands for, such as the promised share or the mean probability */
export function groupSharesChart(speech: Speech, { by, groups }: GroupedChecks, promised: string): Chart {
  const percent = (value: number) => speech.tick(value, 'share');
  const labels = groups.map(({ label }) => shortened(speech.say(label)));
  const [low, high] = extent(groups.flatMap((group) => [group.kept.low, group.kept.high, group.promised]));
  const box: PlotBox = {
    left: Math.max(0, ...labels.map((label) => drawnWidth(label))) + 14,
    right: WIDTH - 14,
    top: 22,
    bottom: 22 + groups.length * ROW,
  };
  const x = niceScale({ domain: [low, Math.max(high, low + 0.01)], range: [box.left, box.right] });
  const marks: Mark[] = [
    { kind: 'text', tone: 'muted', at: [box.left, 12], text: `│ ${promised}` },
    ...horizontalAxis(x, box, { format: percent, label: speech.text('groups.x'), grid: true }),
  ];
  groups.forEach((group, i) => {
    const y = box.top + (i + 0.5) * ROW;
    const { kept, broken } = group;
    const tone = broken ? 'bad' : 'model';
    const title = speech.text('groups.dot', {
      group: speech.say(group.label),
      share: speech.share(kept.value),
      interval: speech.range(speech.share(kept.low), speech.share(kept.high)),
      promised: speech.share(group.promised),
      count: speech.count(group.rows),
    });
    marks.push(
      {
        kind: 'text',
        tone: broken ? 'bad' : 'ink',
        at: [box.left - 10, y + 4],
        anchor: 'end',
        text: labels[i],
      },
      { kind: 'line', tone, from: [x(kept.low), y], to: [x(kept.high), y], thickness: 3, opacity: 0.4 },
      {
        kind: 'line',
        tone: 'ink',
        from: [x(group.promised), y - 8],
        to: [x(group.promised), y + 8],
        thickness: 2,
      },
      { kind: 'dot', tone, at: [x(kept.value), y], radius: 4.5, title },
    );
  });
  return {
    width: WIDTH,
    height: box.bottom + 40,
    label: speech.text('groups.label', { by: speech.say(by) }),
    marks,
    table: {
      columns: [
        speech.say(by),
        speech.text('word.customers'),
        promised,
        speech.text('groups.x'),
        speech.text('word.interval'),
        speech.text('groups.ece'),
      ],
      rows: groups.map(({ label, rows, promised: said, kept, ece }) => [
        speech.say(label),
        speech.count(rows),
        speech.share(said),
        speech.share(kept.value),
        speech.range(speech.share(kept.low), speech.share(kept.high)),
        ece ? speech.share(ece.value) : '–',
      ]),
    },
  };
}

/** A level's name as far as there is room; the table has it whole. */
function shortened(label: string): string {
  if (drawnWidth(label) <= MOST_LABEL) return label;
  let kept = label;
  while (kept.length > 1 && drawnWidth(`${kept}…`) > MOST_LABEL) kept = kept.slice(0, -1);
  return `${kept}…`;
}
