// Curves inside the unit square (ROC, precision over recall, cumulative gain): model and baselines against chance.
import type { CurvePoint } from '../../eval/curves.ts';
import type { Speech } from '../speech.ts';
import {
  axisRoom,
  horizontalAxis,
  LEGEND_ROW,
  type LegendEntry,
  legend,
  type PlotBox,
  verticalAxis,
} from './axis.ts';
import type { Chart, Mark, Point } from './chart.ts';
import { linearScale } from './scale.ts';

const WIDTH = 380;
const SIDE = 290;

export interface UnitCurve {
  readonly label: string;
  readonly role: 'baseline' | 'model';
  /** By rising x. */
  readonly points: readonly Pick<CurvePoint, 'x' | 'y'>[];
}

export interface UnitCurvesWords {
  /** For listeners. */
  readonly label: string;
  readonly x: string;
  readonly y: string;
  /** The line of pure chance and its name. */
  readonly chance: { readonly label: string; readonly from: Point; readonly to: Point };
}

export function unitCurvesChart(speech: Speech, curves: readonly UnitCurve[], words: UnitCurvesWords): Chart {
  const percent = (value: number) => speech.tick(value, 'share');
  const keys = legend(
    [
      ...curves.map((curve, i): LegendEntry => ({ text: curve.label, ...lookOf(curves, i) })),
      { tone: 'muted', shape: 'dashes', text: words.chance.label, opacity: 0.7 },
    ],
    { width: WIDTH },
  );
  const top = keys.rows * LEGEND_ROW + 32;
  const unit = linearScale({ domain: [0, 1], range: [0, 1], ticks: 5 });
  const box: PlotBox = { left: axisRoom(unit, percent), right: WIDTH - 14, top, bottom: top + SIDE };
  const x = linearScale({ domain: [0, 1], range: [box.left, box.right], ticks: 5 });
  const y = linearScale({ domain: [0, 1], range: [box.bottom, box.top], ticks: 5 });
  const place = ([px, py]: Point): Point => [x(px), y(py)];
  const marks: Mark[] = [
    ...keys.marks,
    ...verticalAxis(y, box, { format: percent, label: words.y }),
    ...horizontalAxis(x, box, { format: percent, label: words.x }),
    {
      kind: 'line',
      tone: 'muted',
      from: place(words.chance.from),
      to: place(words.chance.to),
      dashed: true,
      opacity: 0.7,
    },
  ];
  // Drawn last to first, so that the model lies on top.
  curves
    .map((curve, i) => ({ curve, look: lookOf(curves, i) }))
    .toReversed()
    .forEach(({ curve, look }) => {
      marks.push({
        kind: 'path',
        tone: look.tone,
        points: curve.points.map((point) => place([point.x, point.y])),
        thickness: curve.role === 'model' ? 2.5 : 1.75,
        dashed: look.shape === 'dashes',
        title: curve.label,
      });
    });
  return {
    width: WIDTH,
    height: box.bottom + 42,
    label: words.label,
    marks,
    table: { columns: [words.x, ...curves.map(({ label }) => label)], rows: tenths(speech, curves) },
  };
}

/** Baselines are grey; from the second on dashed. */
function lookOf(curves: readonly UnitCurve[], at: number): Pick<LegendEntry, 'tone' | 'shape'> {
  if (curves[at].role === 'model') return { tone: 'model', shape: 'line' };
  const first = curves.findIndex((curve) => curve.role === 'baseline');
  return { tone: 'baseline', shape: at === first ? 'line' : 'dashes' };
}

/** Each curve read off at 0 %, 10 % … 100 %. */
function tenths(speech: Speech, curves: readonly UnitCurve[]): string[][] {
  return Array.from({ length: 11 }, (_, i) => [
    speech.share(i / 10, 0),
    ...curves.map(({ points }) => speech.share(readOff(points, i / 10))),
  ]);
}

/** Straight between the two points around x; outside the curve, its end. */
export function readOff(points: UnitCurve['points'], x: number): number {
  if (points.length === 0) return Number.NaN;
  // At a vertical step the highest point counts.
  const after = points.findIndex((point) => point.x > x);
  if (after === 0) return points[0].y;
  if (after < 0) return points[points.length - 1].y;
  const [a, b] = [points[after - 1], points[after]];
  return a.y + ((x - a.x) / (b.x - a.x)) * (b.y - a.y);
}
