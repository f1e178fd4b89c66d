// One row of a leaderboard as a picture: a dot with its interval on a scale all rows share.
import type { Score } from '../../eval/score.ts';
import type { Chart, Mark, Tone } from './chart.ts';
import { extent, linearScale, type Scale } from './scale.ts';

const WIDTH = 168;
const HEIGHT = 22;

/** The scale shared by all rows: wide enough for every interval and for the reference value. */
export function stripScale(scores: readonly Score[], reference?: number): Scale {
  const values = scores.flatMap((score) => [score.value, score.low, score.high]);
  const [low, high] = extent(reference === undefined ? values : [...values, reference]);
  const margin = (high - low || Math.abs(high) || 1) * 0.04;
  return linearScale({ domain: [low - margin, high + margin], range: [6, WIDTH - 6], ticks: 3 });
}

export interface StripLook {
  readonly tone: Tone;
  readonly label: string;
  /** A thin rule to compare with: the best baseline, or zero. */
  readonly reference?: number;
}

/** A dot at the value, a bar over `[low, high]` when the interval is known. */
export function intervalStrip(score: Score, scale: Scale, { tone, label, reference }: StripLook): Chart {
  const middle = HEIGHT / 2;
  const marks: Mark[] = [];
  if (reference !== undefined)
    marks.push({
      kind: 'line',
      tone: 'muted',
      from: [scale(reference), 0],
      to: [scale(reference), HEIGHT],
      dashed: true,
    });
  if (Number.isFinite(score.low) && Number.isFinite(score.high))
    marks.push({
      kind: 'line',
      tone,
      from: [scale(score.low), middle],
      to: [scale(score.high), middle],
      thickness: 3,
      opacity: 0.45,
    });
  if (Number.isFinite(score.value))
    marks.push({ kind: 'dot', tone, at: [scale(score.value), middle], radius: 4.5, title: label });
  return { width: WIDTH, height: HEIGHT, label, marks };
}
