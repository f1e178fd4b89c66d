// Which columns need encoding and how: decided by what they hold, before anything is learned.
import { type CategoryColumn, type Frame, findColumn } from '../../core/frame.ts';

export interface EncodingOptions {
  /** Number columns that hold UTC ms. Default none: nothing in a number says that it is a moment. */
  readonly dates?: readonly string[];
  /** Categories with more levels in use than this are encoded by their outcomes. Default 48. */
  readonly maxLevels?: number;
  /** Columns left as they are, whatever they hold. */
  readonly keep?: readonly string[];
}

/** Names of the columns to encode, each once; all others stay as they are. */
export interface EncodingPlan {
  readonly text: readonly string[];
  readonly categories: readonly string[];
  readonly dates: readonly string[];
}

/** As many as linear models give a coefficient of its own; trees too find it hard to sort more by few rows each. */
const MAX_LEVELS = 48;

/** Text is read for its words, categories of many levels for their outcomes, dates for the calendar. */
export function planEncoding(frame: Frame, options: EncodingOptions = {}): EncodingPlan {
  const { dates = [], maxLevels = MAX_LEVELS, keep = [] } = options;
  const free = frame.columns.filter(({ name }) => !keep.includes(name));
  return {
    text: free.filter(({ kind }) => kind === 'text').map(({ name }) => name),
    categories: free
      .filter((column) => column.kind === 'category' && levelsInUse(column) > maxLevels)
      .map(({ name }) => name),
    dates: dates.filter((name) => !keep.includes(name) && findColumn(frame, name)?.kind === 'number'),
  };
}

export const isEmptyPlan = ({ text, categories, dates }: EncodingPlan): boolean =>
  text.length + categories.length + dates.length === 0;

function levelsInUse({ codes, levels }: CategoryColumn): number {
  const used = new Uint8Array(levels.length);
  let count = 0;
  for (const code of codes) {
    if (code < 0 || used[code] === 1) continue;
    used[code] = 1;
    count++;
  }
  return count;
}
