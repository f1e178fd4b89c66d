// Why each row got its prediction, for whatever predictor was chosen.
import { AppError } from '../core/errors.ts';
import { type Frame, selectColumns } from '../core/frame.ts';
import { columnGroups, MAX_GROUPS } from './column-groups.ts';
import type { Background, Explanation, Predictor } from './contribution.ts';
import { groupShapley } from './group-shapley.ts';
import { leadingColumns } from './leading-columns.ts';
import { finiteMargins } from './margin.ts';

export interface ExplainOptions {
  readonly background: Background;
  /** At most this many groups where contributions are Shapley values of groups. */
  readonly maxGroups?: number;
  readonly signal?: AbortSignal;
}

/** How far a model's own contributions may be from its margin, relative to margins over 1. */
const TOLERANCE = 1e-6;

/**
 * Contributions that add up on the margin: the model's own, per feature, where it has exact ones; otherwise Shapley values
 * of groups of columns against the background. `attribute` is not used when it reports an infinite or untrue sum.
 *
 * @throws AppError SHAPE when a column is missing, BAD_DATA when the margin is not a number, INTERRUPTED
 */
export async function explainRows(
  predictor: Predictor,
  frame: Frame,
  { background, maxGroups = MAX_GROUPS, signal }: ExplainOptions,
): Promise<Explanation> {
  const stated = { rows: background.frame.rows, seed: background.seed, drawnFrom: background.drawnFrom };
  if (predictor.attribute) {
    const { features, base, values } = await predictor.attribute(frame);
    const margins = finiteMargins(predictor.link, await predictor.margin(frame));
    checkSums({ base, margins, values, parts: features.length });
    const parts = features.map((feature) => ({ id: feature, columns: [feature] }));
    return { method: 'features', link: predictor.link, parts, base, margins, values, background: stated };
  }
  const parts = columnGroups(background.frame, predictor.inputs, maxGroups);
  const inputs = parts.flatMap((part) => part.columns);
  const own = selectColumns(frame, inputs);
  const narrow = { ...background, frame: selectColumns(background.frame, inputs) };
  const shapley = await groupShapley(predictor, own, { background: narrow, parts, signal });
  checkSums({ ...shapley, parts: parts.length });
  const leading = await leadingColumns(predictor, own, { background: narrow, parts, ...shapley, signal });
  return { method: 'groups', link: predictor.link, parts, ...shapley, leading, background: stated };
}

function checkSums({
  base,
  margins,
  values,
  parts,
}: {
  base: number;
  margins: Float64Array;
  values: Float64Array;
  parts: number;
}): void {
  margins.forEach((margin, row) => {
    let sum = base;
    for (let part = 0; part < parts; part++) sum += values[row * parts + part];
    if (!(Math.abs(sum - margin) <= TOLERANCE * Math.max(1, Math.abs(margin)))) {
      throw new AppError(
        'BAD_DATA',
        `expected contributions that add up to the margin ${margin}, got ${sum} at row ${row}`,
      );
    }
  });
}
