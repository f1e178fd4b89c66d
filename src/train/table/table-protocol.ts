// How a table's numbers were measured, as the stamp scripts read and as sentences for people.
import { type Name, name } from '../../core/name.ts';
import { formatMoment } from '../../core/time.ts';
import type { Protocol } from '../../eval/score.ts';
import type { AmountDecider } from './correct.ts';
import type { FittedTable } from './fit-table.ts';
import type { PreparedTable } from './prepare-table.ts';

export interface ProtocolFacts {
  readonly folds: number;
  /** Of them held out in turn; all when absent. */
  readonly foldsAsked?: number;
  readonly repeats: number;
  readonly time?: string;
  readonly holdout?: number;
  /** What decided between models of an amount. */
  readonly metric?: AmountDecider;
  readonly seed: number;
}

/** What a table's stamp says, in both languages. */
export function protocolWords(
  prepared: PreparedTable,
  fitted: FittedTable,
  { folds, foldsAsked = folds, repeats, time, holdout }: ProtocolFacts,
): Readonly<Record<'split' | 'calibration' | 'candidates' | 'ties' | 'interval', Name>> {
  const { by: tested, turns } = fitted.test;
  const together = {
    group: name(', rows of one group kept together', '，同组的行不分开'),
    copies: name(', identical rows kept together', '，相同的行不分开'),
    nothing: name('', ''),
  }[prepared.together];
  const drawn = time
    ? name('forward in time', '按时间向前')
    : name(`at random, every outcome in its share${together.en}`, `随机分层${together.zh}`);
  const times = repeats > 1 && !time ? name(`${repeats} × `, `${repeats} 次 `) : name('', '');
  const cut =
    turns && turns.done < turns.of
      ? name(
          `; the time limit left time for ${turns.done} of the ${turns.of} folds, only their rows are tested`,
          `；时限内完成 ${turns.of} 折中的 ${turns.done} 折，仅测试这些折的行`,
        )
      : name('', '');
  const split = {
    nested: name(
      `nested cross-validation, ${times.en}${folds} folds ${drawn.en}${cut.en}; the saved model learned from every row`,
      `嵌套交叉验证，${times.zh}${folds} 折，${drawn.zh}${cut.zh}；保存的模型由全部行拟合`,
    ),
    holdout: name(
      `one part in ${Math.max(2, Math.round(1 / (holdout ?? 0.2)))} held out ${time ? 'from the end of the time' : drawn.en}; the saved model learned from the others`,
      `留出约 ${Math.round((holdout ?? 0.2) * 100)}%（${time ? '取时间上最后的部分' : drawn.zh}）；保存的模型由其余行拟合`,
    ),
    file: name('a file of its own', '单独的测试文件'),
  }[tested];
  const { interval } = fitted.test.model.evaluation;
  const by = prepared.together === 'group' ? name('group', '组') : name('row', '行');
  return {
    split,
    ties: name('midrank', '取中间名次'),
    interval: name(
      interval.replace('by user', `by ${by.en}`),
      interval.replace('bootstrap by user', `按${by.zh}自助抽样`).replace('draws', '次'),
    ),
    calibration: name(
      `answers about rows held out inside each training part (${foldsAsked < folds ? `${foldsAsked} of ` : ''}${folds} folds${time ? ' forward in time' : ''})`,
      `由每个训练部分内部留出的行拟合（${folds} 折${foldsAsked < folds ? `中的 ${foldsAsked} 折` : ''}${time ? '，按时间向前' : ''}）`,
    ),
    candidates: name(
      `${fitted.test.rows.length} tested rows of ${prepared.sample.target.length + (tested === 'file' ? fitted.test.rows.length : 0)}`,
      `测试 ${fitted.test.rows.length} 行，共 ${prepared.sample.target.length + (tested === 'file' ? fitted.test.rows.length : 0)} 行`,
    ),
  };
}

export function tableProtocol(prepared: PreparedTable, fitted: FittedTable, facts: ProtocolFacts): Protocol {
  const words = protocolWords(prepared, fitted, facts);
  const { evaluation } = fitted.test.model;
  const span = (asOf: Float64Array): readonly string[] =>
    facts.time === undefined || asOf.length === 0 ? [] : ends(asOf).map(shownTime);
  return {
    split: words.split.en,
    train_as_of: span(fitted.sample.asOf),
    calibrate_as_of: [],
    calibration: words.calibration.en,
    test_as_of: span(fitted.test.sample.asOf),
    horizon_days: 0,
    candidates: words.candidates.en,
    ties: 'midrank',
    users: evaluation.users,
    items: 0,
    interactions: prepared.source.rows,
    examples: evaluation.examples,
    positives: evaluation.positives,
    seeds: [facts.seed],
    interval: words.interval.en,
    ...(evaluation.threshold === undefined ? {} : { threshold: evaluation.threshold }),
    data_fingerprint: prepared.source.fingerprint,
  };
}

/** Numbers this small are years or weeks rather than moments. */
const SMALLEST_MOMENT = 1e10;
const shownTime = (time: number): string =>
  Math.abs(time) < SMALLEST_MOMENT ? String(time) : formatMoment(time);

/** First and last. */
function ends(asOf: Float64Array): number[] {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const ms of asOf) {
    first = Math.min(first, ms);
    last = Math.max(last, ms);
  }
  return first === last ? [first] : [first, last];
}
