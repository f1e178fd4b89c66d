// Oversampling before the split, in a table of rows: one class stands there in copies, or in mixtures of its own rows.
import type { Frame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { percent, type Suspicion } from './finding.ts';

const LEAST_ROWS = 40;
/** Share of a class's different rows that stand there more than once, from which it was multiplied … */
const MULTIPLIED = 0.55;
/** … and the share up to which the other classes were not. */
const LEFT_ALONE = 0.2;
/** Copies made for balance repeat every row about as often; rows that are alike by chance are a few plain ones. */
const COPIES_EACH = 1.5;
/** Share of values in between that a whole-numbered column has in a class of mixtures. */
const MIXED = 0.1;
const WHOLE = 0.999;

export interface LabelledRows {
  readonly frame: Frame;
  /** Equal where all features of two rows are equal, [rows] */
  readonly keys: readonly string[];
  /** 0 … classes − 1, [rows] */
  readonly target: Float64Array;
}

/**
 * Copies of one class (random oversampling), or whole-numbered columns that hold long fractions in one class alone (SMOTE
 * and its kin put a random point between two neighbours). Either puts nearly the same row on both sides of any split.
 */
export function oversampledTable(rows: LabelledRows): readonly Suspicion[] {
  return [...multipliedClass(rows), ...mixedClass(rows)];
}

function multipliedClass({ keys, target }: LabelledRows): Suspicion[] {
  const shares = classesOf(target).map(({ own, rows }) => {
    const times = new Map<string, number>();
    for (const row of rows) times.set(keys[row], (times.get(keys[row]) ?? 0) + 1);
    let repeated = 0;
    for (const count of times.values()) if (count > 1) repeated++;
    return {
      own,
      rows: rows.length,
      different: times.size,
      repeated: repeated / times.size,
      each: rows.length / times.size,
    };
  });
  const most = shares.reduce((a, b) => (b.repeated > a.repeated ? b : a));
  const others = shares.filter((share) => share !== most);
  const rest =
    others.reduce((sum, share) => sum + share.repeated * share.different, 0) /
    others.reduce((sum, share) => sum + share.different, 0);
  if (most.rows < LEAST_ROWS || most.repeated < MULTIPLIED || rest > LEFT_ALONE || most.each < COPIES_EACH)
    return [];
  return [
    {
      severity: 'refuse',
      words: name(
        `${percent(most.repeated)} of the different rows of one outcome stand there several times over, of the others ${percent(rest)}: the table was oversampled before the split, so copies of test rows would be learned from; give the table as it was collected, weights balance classes inside training`,
        `某一类结果的不同行中有 ${percent(most.repeated)} 重复出现，其余类别为 ${percent(rest)}：该表在划分之前做过过采样，测试行的副本会进入训练；请使用原始采集的表，类别平衡应在训练内部用权重完成`,
      ),
      evidence: { repeated: most.repeated, othersRepeated: rest, copiesEach: most.each },
    },
  ];
}

function mixedClass({ frame, target }: LabelledRows): Suspicion[] {
  const classes = classesOf(target).filter(({ rows }) => rows.length >= LEAST_ROWS);
  if (classes.length < 2) return [];
  const mixed = frame.columns.flatMap((column) => {
    if (column.kind !== 'number' || new Set(column.values).size < 4) return [];
    const shares = classes.map(({ own, rows }) => {
      const known = rows.filter((row) => !Number.isNaN(column.values[row]));
      const between = known.reduce((sum, row) => sum + (isBetween(column.values[row]) ? 1 : 0), 0);
      const whole = known.reduce((sum, row) => sum + (Number.isInteger(column.values[row]) ? 1 : 0), 0);
      return { own, known: known.length, between: between / known.length, whole: whole / known.length };
    });
    const most = shares.reduce((a, b) => (b.between > a.between ? b : a));
    const clean = shares.every(
      (share) => share === most || (share.known >= LEAST_ROWS && share.whole >= WHOLE),
    );
    return clean && most.between >= MIXED ? [{ own: most.own, between: most.between }] : [];
  });
  const own = mixed[0]?.own;
  const count = mixed.filter((column) => column.own === own).length;
  if (count < 2) return [];
  const share = mixed.reduce((sum, { between }) => sum + between, 0) / mixed.length;
  return [
    {
      severity: 'refuse',
      words: name(
        `${count} columns hold whole numbers, but in one outcome ${percent(share)} of their values lie in between: rows of it were mixed from others (SMOTE or the like) before the split; give the table as it was collected, weights balance classes inside training`,
        `${count} 列本为整数，但在某一类结果中有 ${percent(share)} 的值介于整数之间：该类的行是在划分之前由其他行混合而成（SMOTE 之类）；请使用原始采集的表，类别平衡应在训练内部用权重完成`,
      ),
      evidence: { columns: count, between: share },
    },
  ];
}

/** No price and no share: more digits than anybody writes down. */
const isBetween = (value: number): boolean =>
  Math.abs(value * 1e4 - Math.round(value * 1e4)) > 1e-6 * Math.max(1, Math.abs(value));

function classesOf(target: Float64Array): { own: number; rows: number[] }[] {
  const rowsOf = new Map<number, number[]>();
  target.forEach((own, row) => {
    const rows = rowsOf.get(own);
    if (rows) rows.push(row);
    else rowsOf.set(own, [row]);
  });
  return [...rowsOf].map(([own, rows]) => ({ own, rows }));
}
