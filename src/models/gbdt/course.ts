// One course of boosting: margins move round by round, a tree an output, learned from some of the grower's rows.
import type { Random } from '../../core/random.ts';
import type { Grower, GrownTree } from './grow/grower.ts';
import { renewedValues } from './leaf-renewal.ts';
import type { Examples, Margins, Objective, Slopes } from './objectives/objective.ts';
import { rowSampler, silenceOthers } from './row-sampling.ts';
import type { GbdtSettings } from './settings.ts';

/** A grown tree whose values are what it really adds. */
export type BoostedTree = Omit<GrownTree, 'leafOfRow' | 'lowest' | 'highest'>;

/** A course of its own seed over rows it shares with others. */
export interface CourseOptions {
  readonly grower: Grower;
  readonly objective: Objective;
  readonly examples: Examples;
  readonly settings: GbdtSettings;
  /** Rows learned from, rising; all when absent. The margins of the others move along. */
  readonly rows?: Int32Array;
  /** Where every row starts, [outputs][rows]; copied. */
  readonly margins: Margins;
  /** Room to work in, one entry an output; courses that take turns may share it. */
  readonly slopes: readonly Slopes[];
  readonly draw: Random;
}

export interface Course {
  /** At present, [outputs][rows]. */
  readonly margins: Margins;
  /** Round after round, one an output. */
  readonly trees: readonly BoostedTree[];
  /** Adds a round; false, and nothing added, when no tree found a cut. @throws AppError INTERRUPTED */
  round(): Promise<boolean>;
}

export const slopesFor = (outputs: number, rows: number): Slopes[] =>
  Array.from({ length: outputs }, () => ({
    gradient: new Float32Array(rows),
    curvature: new Float32Array(rows),
  }));

/** The grower's own arrays where one pair is enough: what is written there need not be copied. */
export const slopesOf = ({ gradient, curvature, rows }: Grower, outputs: number): Slopes[] =>
  outputs === 1 ? [{ gradient, curvature }] : slopesFor(outputs, rows);

export function startCourse(options: CourseOptions): Course {
  const { grower, objective, examples, settings, slopes, draw } = options;
  const margins = options.margins.map((margin) => margin.slice());
  const trees: BoostedTree[] = [];
  const sampleRows = rowSampler(settings.rowSampling, {
    among: options.rows,
    rows: grower.rows,
    draw: draw.fork('rows'),
  });
  const columnDraw = draw.fork('columns');
  const nodeDraw = draw.fork('nodes');
  let rounds = 0;
  return {
    margins,
    trees,
    async round() {
      objective.fillSlopes(examples, margins, slopes);
      const rows = sampleRows(slopes, rounds++);
      if (rows) silenceOthers(slopes, rows);
      const grown: BoostedTree[] = [];
      for (const [output, { gradient, curvature }] of slopes.entries()) {
        const columns = drawColumns(grower.inputs.length, settings.columnShare, columnDraw);
        const seed = nodeDraw.integer(2 ** 31);
        const tree = await grower.grow({
          gradient,
          curvature,
          seed,
          ...(rows && { rows }),
          ...(columns && { columns }),
        });
        const value = stepValues(tree, output);
        addLeaves(margins[output], tree.leafOfRow, value);
        const { leafOfRow: _rows, lowest: _low, highest: _high, ...rest } = tree;
        grown.push({ ...rest, value });
      }
      if (grown.every((tree) => tree.feature.length === 1)) return false;
      trees.push(...grown);
      return true;
    },
  };

  /** What each leaf adds: renewed where the loss asks, held to a step, times the learning rate. */
  function stepValues(tree: GrownTree, output: number): Float64Array {
    const { renewQuantile, maxStep = Number.POSITIVE_INFINITY } = objective;
    const value =
      renewQuantile === undefined
        ? tree.value
        : renewedValues(tree, {
            target: examples.target,
            margin: margins[output],
            weight: slopes[output].curvature,
            share: renewQuantile,
          });
    return value.map((step) => settings.learningRate * Math.max(-maxStep, Math.min(maxStep, step)));
  }
}

function addLeaves(margin: Float64Array, leafOfRow: Int32Array, value: Float64Array): void {
  for (let row = 0; row < margin.length; row++) margin[row] += value[leafOfRow[row]];
}

/** Flags of the columns a tree may use, at least one; `undefined` for all. */
function drawColumns(inputs: number, share: number, draw: Random): Uint8Array | undefined {
  const count = Math.max(1, Math.round(share * inputs));
  if (count >= inputs) return undefined;
  const order = draw.shuffle(Int32Array.from({ length: inputs }, (_, i) => i));
  const flags = new Uint8Array(inputs);
  for (const column of order.subarray(0, count)) flags[column] = 1;
  return flags;
}
