// Predicted against actual amounts, one dot a customer, on axes that have room for zero and for the very large.

import type { Unit } from '../../core/frame.ts';
import type { Speech } from '../speech.ts';
import type { Residuals } from '../task-document.ts';
import { axisRoom, horizontalAxis, type PlotBox, spacedTicks, verticalAxis } from './axis.ts';
import type { Chart, Mark, Point } from './chart.ts';
import { extent, signedLogScale } from './scale.ts';

const WIDTH = 380;
const LAYERS = 12;

/** @param smallest below it (one major unit of money) the axes are straight */
export function residualsChart(
  speech: Speech,
  { points, customers }: Residuals,
  { unit, smallest }: { readonly unit: Unit; readonly smallest: number },
): Chart {
  const format = (value: number) => speech.tick(value, unit);
  const [lowest, highest] = extent(points.flatMap((point) => [point.predicted, point.actual]));
  const high = Math.max(highest, smallest) * 1.15;
  // Predictions are seldom negative, refunds can make the actual so: each axis begins where its values do.
  const [lowPredicted] = extent([0, ...points.map((point) => point.predicted)]);
  const domain = [Math.min(0, lowest), high] as const;
  const room = axisRoom(signedLogScale({ domain, range: [0, 1], unit: smallest }), format);
  const box: PlotBox = { left: room, right: WIDTH - 14, top: 26, bottom: 330 };
  const x = signedLogScale({ domain: [lowPredicted, high], range: [box.left, box.right], unit: smallest });
  const y = signedLogScale({ domain, range: [box.bottom, box.top], unit: smallest });
  const start = Math.max(lowPredicted, domain[0]);
  const marks: Mark[] = [
    ...verticalAxis(spacedTicks(y, 16), box, { format, label: speech.text('residuals.y') }),
    ...horizontalAxis(spacedTicks(x, 30), box, { format, label: speech.text('residuals.x') }),
    { kind: 'line', tone: 'muted', from: [x(start), y(start)], to: [x(high), y(high)], dashed: true },
  ];
  // Dots of one cloud do not deepen where they overlap; spread over several they do, and density shows.
  const opacity = points.length > 800 ? 0.22 : points.length > 200 ? 0.35 : 0.55;
  for (let layer = 0; layer < LAYERS; layer++) {
    const placed = points
      .filter((_, i) => i % LAYERS === layer)
      .map((point): Point => [x(point.predicted), y(point.actual)]);
    if (placed.length > 0) marks.push({ kind: 'cloud', tone: 'model', points: placed, radius: 2.6, opacity });
  }
  return {
    width: WIDTH,
    height: box.bottom + 42,
    label: speech.text('residuals.label', {
      shown: speech.count(points.length),
      customers: speech.count(customers),
    }),
    marks,
  };
}
