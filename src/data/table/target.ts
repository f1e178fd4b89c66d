// The column to be predicted as numbers: 0 and 1, an amount, or the number of a class; what each stands for is said.
import { AppError } from '../../core/errors.ts';
import { type Name, name } from '../../core/name.ts';

export type TableQuestion = 'binary' | 'regression' | 'multiclass';

/** What the target's numbers mean; stored with the model. */
export interface TargetMeaning {
  readonly column: string;
  readonly kind: TableQuestion;
  /** Of a binary target: the value predicted, and the other one. */
  readonly positive?: string;
  readonly negative?: string;
  /** Of a multiclass target, class 0 first. */
  readonly classes?: readonly string[];
  /** How it was decided. */
  readonly words: Name;
}

export interface ReadTarget {
  readonly meaning: TargetMeaning;
  /** [rows]; NaN where the cell is missing. */
  readonly values: Float64Array;
}

const YES: ReadonlySet<string> = new Set([
  '1',
  '1.0',
  'true',
  'yes',
  'y',
  't',
  '是',
  '有',
  'positive',
  'churn',
  'churned',
]);
const NO: ReadonlySet<string> = new Set([
  '0',
  '0.0',
  'false',
  'no',
  'n',
  'f',
  '否',
  '无',
  '没有',
  'negative',
  '-1',
]);

/** More classes than this is a number, an id or a text, not a class. */
const MOST_CLASSES = 200;

/** Errors are squared and summed over rows: larger amounts have no finite mean of squares. */
const LARGEST_AMOUNT = 1e140;

/**
 * @param cells    the target's cells, `''` where missing, [rows]
 * @param numbers  the same read as numbers, NaN where they are none, [rows]
 * @param asked    `positive`: the value to predict
 * @throws AppError BAD_DATA when the column cannot be a target of that kind, USAGE for a positive value it does not have
 */
export function readTarget(
  { cells, numbers }: { cells: readonly string[]; numbers: Float64Array },
  column: string,
  kind: TableQuestion,
  asked: { positive?: string } = {},
): ReadTarget {
  if (asked.positive !== undefined && kind !== 'binary')
    throw new AppError('USAGE', `--positive is for --kind binary, this is ${kind}`);
  if (kind === 'regression') return readAmount({ cells, numbers }, column);
  const counts = new Map<string, number>();
  for (const cell of cells) if (cell !== '') counts.set(cell, (counts.get(cell) ?? 0) + 1);
  if (counts.size < 2) {
    throw new AppError(
      'BAD_DATA',
      `expected at least two different values in the target "${column}", got ${counts.size}: nothing can be told apart`,
    );
  }
  return kind === 'binary'
    ? readBinary(cells, counts, { column, positive: asked.positive })
    : readClasses(cells, counts, column);
}

function readAmount(
  { cells, numbers }: { cells: readonly string[]; numbers: Float64Array },
  column: string,
): ReadTarget {
  const filled = cells.reduce((sum, cell) => sum + (cell === '' ? 0 : 1), 0);
  const read = numbers.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0);
  if (read < filled) {
    throw new AppError(
      'BAD_DATA',
      `expected numbers in the target "${column}", ${filled - read} of ${filled} cells are none: use --kind binary or multiclass, or mend the column`,
    );
  }
  const huge = numbers.reduce((sum, value) => sum + (Math.abs(value) > LARGEST_AMOUNT ? 1 : 0), 0);
  if (huge > 0) {
    throw new AppError(
      'BAD_DATA',
      `expected numbers up to ${LARGEST_AMOUNT} in the target "${column}", ${huge} of ${filled} are larger: mend the column`,
    );
  }
  return {
    meaning: { column, kind: 'regression', words: name('a number, as it is', '数值，按原样') },
    values: numbers,
  };
}

function readBinary(
  cells: readonly string[],
  counts: ReadonlyMap<string, number>,
  { column, positive: asked }: { column: string; positive?: string },
): ReadTarget {
  if (asked !== undefined && !counts.has(asked)) {
    const shown = [...counts.keys()].slice(0, 10).join(', ');
    throw new AppError('USAGE', `--positive: expected a value of "${column}" (${shown}), got "${asked}"`);
  }
  if (asked === undefined && counts.size > 2) {
    throw new AppError(
      'BAD_DATA',
      `expected two different values in the target "${column}", got ${counts.size}: use --kind multiclass or regression, or name one with --positive`,
    );
  }
  const values = [...counts.keys()].sort();
  const { positive, words } =
    asked === undefined
      ? choosePositive(values, counts)
      : { positive: asked, words: name(`"${asked}" as you said`, `按您的指定：“${asked}”`) };
  const others = values.filter((value) => value !== positive);
  return {
    meaning: {
      column,
      kind: 'binary',
      positive,
      negative: others.length === 1 ? others[0] : `not ${positive}`,
      words,
    },
    values: Float64Array.from(cells, (cell) => (cell === '' ? Number.NaN : cell === positive ? 1 : 0)),
  };
}

function choosePositive(
  values: readonly string[],
  counts: ReadonlyMap<string, number>,
): { positive: string; words: Name } {
  const folded = values.map((value) => value.toLowerCase());
  const yes = values.filter((_, i) => YES.has(folded[i]));
  const no = values.filter((_, i) => NO.has(folded[i]));
  const words = (positive: string, en: string, zh: string) => ({
    positive,
    words: name(`"${positive}" is what is predicted: ${en}`, `预测的是“${positive}”：${zh}`),
  });
  if (yes.length === 1) return words(yes[0], 'it reads as yes', '其含义为“是”');
  if (no.length === 1) {
    const other = values.find((value) => value !== no[0]) as string;
    return words(other, `"${no[0]}" reads as no`, `“${no[0]}”的含义为“否”`);
  }
  const numbers = values.map(Number);
  if (numbers.every(Number.isFinite)) {
    const larger = values[numbers[0] > numbers[1] ? 0 : 1];
    return words(larger, 'the larger of the two numbers', '两个数中较大者');
  }
  const [a, b] = values;
  const rarer = (counts.get(a) as number) < (counts.get(b) as number) ? a : b;
  return words(
    rarer,
    'the rarer of the two; --positive names the other',
    '两者中较少的一个；可用 --positive 改选',
  );
}

function readClasses(
  cells: readonly string[],
  counts: ReadonlyMap<string, number>,
  column: string,
): ReadTarget {
  if (counts.size > MOST_CLASSES) {
    throw new AppError(
      'BAD_DATA',
      `expected at most ${MOST_CLASSES} classes in the target "${column}", got ${counts.size}: use --kind regression for a number, or merge classes`,
    );
  }
  const classes = [...counts.keys()];
  const numeric = classes.every((value) => Number.isFinite(Number(value)));
  classes.sort(numeric ? (a, b) => Number(a) - Number(b) : undefined);
  const codeOf = new Map(classes.map((value, code) => [value, code]));
  return {
    meaning: {
      column,
      kind: 'multiclass',
      classes,
      words: name(`${classes.length} classes`, `${classes.length} 个类别`),
    },
    values: Float64Array.from(cells, (cell) => codeOf.get(cell) ?? Number.NaN),
  };
}
