// Structured pruning: heads, feed-forward units and blocks cut out of a transformer's weights, which become smaller.

import { AppError } from '../../core/errors.ts';
import type { BlockShape, TransformerOptions } from '../layers/transformer.ts';
import type { Cuts } from './importance.ts';

export interface TransformerPruning {
  /** Where the transformer lies in the model, `trunk`. */
  readonly path: string;
  /** What it was built with. */
  readonly options: TransformerOptions;
  /** Of the whole model; what lies elsewhere is passed on. */
  readonly values: Readonly<Record<string, Float32Array>>;
  /** Heads to cut, by path of the attention. */
  readonly heads?: Cuts;
  /** Cells to cut, by path of the feed-forward layer. */
  readonly units?: Cuts;
  /** Blocks to cut, by path; `leastImportant` gives them as keys. */
  readonly blocks?: readonly string[];
}

export interface PrunedTransformer {
  readonly options: TransformerOptions;
  readonly values: Readonly<Record<string, Float32Array>>;
}

/**
 * A smaller model: build it with the options returned and give it the values returned. It answers as the old one does
 * with the same heads, cells and (with norms in front) blocks multiplied by zero. Blocks are numbered anew.
 *
 * @throws AppError USAGE when a cut names what is not there or leaves nothing, or for parameters whose shape follows the
 *   heads in a way not known (LoRA: merge it first)
 */
export function pruneTransformer(pruning: TransformerPruning): PrunedTransformer {
  const { path, options, values, heads = {}, units = {}, blocks = [] } = pruning;
  const prefix = path === '' ? 'blocks.' : `${path}.blocks.`;
  const known = Array.from({ length: options.blocks }, (_, i) => `${prefix}${i}`);
  requireKnown(Object.keys(heads), known, 'attention');
  requireKnown(Object.keys(units), known, 'feedForward');
  requireKnown(blocks, known);
  const staying = known.filter((block) => !blocks.includes(block));
  if (staying.length === 0)
    throw new AppError('USAGE', 'pruneTransformer: expected a block to stay, got none');

  const headWidth = options.headWidth ?? options.width / options.heads;
  const result: Record<string, Float32Array> = {};
  for (const [name, value] of Object.entries(values)) if (!name.startsWith(prefix)) result[name] = value;
  const shapes = staying.map((block, number): BlockShape => {
    const shape = { ...options, ...options.shapes?.[known.indexOf(block)] };
    const inner = shape.inner ?? 4 * options.width;
    const keptHeads = keptPlaces(`${block}.attention`, shape.heads, heads[`${block}.attention`]);
    const kept: KeptParts = {
      heads: { all: shape.heads, kept: keptHeads },
      cells: { all: shape.heads * headWidth, kept: cellsOf(keptHeads, headWidth) },
      units: {
        all: inner,
        kept: keptPlaces(`${block}.feedForward`, inner, units[`${block}.feedForward`]),
      },
    };
    for (const [name, value] of Object.entries(values)) {
      if (!name.startsWith(`${block}.`)) continue;
      const rest = name.slice(block.length + 1);
      result[`${prefix}${number}.${rest}`] = cutParameter(rest, value, kept);
    }
    return { heads: kept.heads.kept.length, inner: kept.units.kept.length };
  });
  return { options: { ...options, headWidth, blocks: staying.length, shapes }, values: result };
}

function requireKnown(paths: readonly string[], blocks: readonly string[], half?: string): void {
  const unknown = paths.find((path) => !blocks.some((block) => path === (half ? `${block}.${half}` : block)));
  if (unknown !== undefined)
    throw new AppError(
      'USAGE',
      `pruneTransformer: expected a path such as "${blocks[0]}${half ? `.${half}` : ''}", got "${unknown}"`,
    );
}

function keptPlaces(path: string, count: number, cut: readonly number[] = []): readonly number[] {
  const wrong = cut.find((place) => !Number.isInteger(place) || place < 0 || place >= count);
  if (wrong !== undefined)
    throw new AppError('USAGE', `${path}: expected places in [0, ${count}) to cut, got ${wrong}`);
  const kept = Array.from({ length: count }, (_, place) => place).filter((place) => !cut.includes(place));
  if (kept.length === 0)
    throw new AppError(
      'USAGE',
      `${path}: expected at least one of ${count} to stay, got none; cut the block`,
    );
  return kept;
}

/** Places that stay, of how many. */
interface Places {
  readonly all: number;
  readonly kept: readonly number[];
}

/** What of a block stays: heads, the cells that they have in a row of queries, cells of the feed-forward layer. */
type KeptParts = Readonly<Record<'heads' | 'cells' | 'units', Places>>;

const cellsOf = (heads: readonly number[], width: number): readonly number[] =>
  heads.flatMap((head) => Array.from({ length: width }, (_, i) => head * width + i));

/** Along which axis a parameter of a block has what it is cut by: heads' cells, heads, or feed-forward cells. */
const CUT_ALONG: readonly {
  readonly name: RegExp;
  readonly axis: 'rows' | 'columns';
  readonly by: 'cells' | 'heads' | 'units';
}[] = [
  { name: /^attention\.(query|key|value)\.(weight|bias)$/, axis: 'columns', by: 'cells' },
  { name: /^attention\.output\.weight$/, axis: 'rows', by: 'cells' },
  { name: /^attention\.(gaps|distances)\.weight$/, axis: 'columns', by: 'heads' },
  { name: /^attention\.prefix\.(keys|values)$/, axis: 'rows', by: 'heads' },
  { name: /^feedForward\.(inner|gate)\.(weight|bias)$/, axis: 'columns', by: 'units' },
  { name: /^feedForward\.output\.weight$/, axis: 'rows', by: 'units' },
];

function cutParameter(name: string, values: Float32Array, kept: KeptParts): Float32Array {
  if (/\.lora(Down|Up)$/.test(name))
    throw new AppError(
      'USAGE',
      `pruneTransformer: expected weights without LoRA, got "${name}"; merge it first`,
    );
  const rule = CUT_ALONG.find((one) => one.name.test(name));
  if (rule === undefined) return values;
  return rule.axis === 'rows' ? rowsOf(values, kept[rule.by]) : columnsOf(values, kept[rule.by]);
}

/** Some rows of a matrix; the first axis of any tensor counts as its rows. */
function rowsOf(values: Float32Array, { all, kept }: Places): Float32Array {
  const width = values.length / all;
  const result = new Float32Array(kept.length * width);
  for (const [to, from] of kept.entries())
    result.set(values.subarray(from * width, (from + 1) * width), to * width);
  return result;
}

/** Some columns of a matrix; a vector is a matrix of one row. */
function columnsOf(values: Float32Array, { all, kept }: Places): Float32Array {
  const result = new Float32Array((values.length / all) * kept.length);
  for (let at = 0; at < result.length; at++) {
    const [row, column] = [Math.floor(at / kept.length), at % kept.length];
    result[at] = values[row * all + (kept[column] as number)] as number;
  }
  return result;
}
