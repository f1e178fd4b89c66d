// The leakage checks of a table: before anything is learned, and once a model has answered rows it had not seen.
import { AppError } from '../../core/errors.ts';
import { type Name, name } from '../../core/name.ts';
import { checkLeakage, LEAKAGE_CHECKS, refuseLeaks } from '../../eval/leakage/check-leakage.ts';
import type { Finding, Stage } from '../../eval/leakage/finding.ts';
import { oversampledTable } from '../../eval/leakage/oversampled-table.ts';
import type { Sample } from '../../models/estimator.ts';
import { identifyRows } from './row-identity.ts';

const OVERSAMPLED = 'oversampled-table';
const RANDOM_SPLIT = 'time-in-a-random-split';

/** Checks that make sense of any table, beside the two of its own. */
const CHECKS = [
  'copied-rows',
  'target-proxies',
  'telling-gaps',
  'too-good',
  'memorising-categories',
] as const;

export const TABLE_CHECKS: Readonly<Record<string, Name>> = {
  [OVERSAMPLED]: name('classes balanced by copies before the split', '划分之前以副本平衡类别'),
  ...Object.fromEntries(CHECKS.map((check) => [check, LEAKAGE_CHECKS[check].label])),
  [RANDOM_SPLIT]: name('a time column in a random split', '随机划分中的时间列'),
};

/** Only what is the target itself stops a table: a strong honest column is somebody's best feature. */
const CERTAINLY_THE_TARGET = 0.999;

/** What the rows alone show. */
export function leaksBefore(sample: Sample): readonly Finding[] {
  if (sample.question.kind === 'amount') return [];
  const { frame, target } = sample;
  return oversampledTable({ frame, keys: identifyRows(frame).keys, target }).map((suspicion) => ({
    check: OVERSAMPLED,
    ...suspicion,
  }));
}

export interface LeakOptions {
  /** What the model, not having seen them, says of the test rows: probabilities of a yes; absent for other questions, [rows] */
  readonly predicted?: Float64Array;
  readonly times: readonly string[];
  readonly byTime: boolean;
  /** Whether equal rows are different events. */
  readonly equalRowsDiffer?: boolean;
}

/** What only shows once a model has answered rows it had not seen. */
export function leaksAfter(
  train: Sample,
  test: Sample,
  { predicted, times, byTime, equalRowsDiffer }: LeakOptions,
): readonly Finding[] {
  const found = yesOrNo(train).flatMap(({ isYes, label }) => {
    const input = {
      kind: 'binary' as const,
      splitBy: equalRowsDiffer && byTime ? ('time' as const) : ('row' as const),
      train: stage(train, isYes),
      test: stage(test, isYes),
      ...(predicted ? { predicted } : {}),
    };
    return checkLeakage(input)
      .filter(({ check }) => (CHECKS as readonly string[]).includes(check))
      .map((finding) => ({
        ...soften(finding, train),
        ...(label
          ? { words: { en: `${label.en}: ${finding.words.en}`, zh: `${label.zh}：${finding.words.zh}` } }
          : {}),
      }));
  });
  const named = new Set<string>();
  const once = found.filter(({ check, feature }) => {
    const key = `${check} ${feature}`;
    return named.has(key) ? false : named.add(key);
  });
  return byTime ? once : [...once, ...times.map(timeFinding)];
}

/** The question itself where it has two outcomes; otherwise the outcomes it can be cut into. */
function yesOrNo({
  question,
  target,
}: Sample): readonly { isYes: (value: number) => boolean; label?: Name }[] {
  if (question.kind === 'binary') return [{ isYes: (value) => value === 1 }];
  if (question.kind === 'amount') {
    const rising = target.slice().sort();
    const middle = rising[Math.floor(rising.length / 2)];
    return [
      { isYes: (value) => value > middle, label: name('for amounts above the median', '以是否高于中位数计') },
    ];
  }
  return Array.from({ length: question.classes ?? 2 }, (_, own) => ({
    isYes: (value: number) => value === own,
    label: name(`for class ${own + 1} against the rest`, `以第 ${own + 1} 类对其余计`),
  }));
}

/** A column that is strong is named; only one that is the target, or whose gaps are, stops the run. */
function soften(finding: Finding, { question }: Sample): Finding {
  const sure = question.kind === 'binary' && (finding.evidence.auc ?? 0) >= CERTAINLY_THE_TARGET;
  if (finding.severity === 'warn' || sure) return finding;
  if (finding.check === 'copied-rows' || (finding.check === 'telling-gaps' && question.kind === 'binary'))
    return finding;
  return { ...finding, severity: 'warn' };
}

const timeFinding = (feature: string): Finding => ({
  check: RANDOM_SPLIT,
  severity: 'warn',
  feature,
  words: name(
    `"${feature}" is a time, and rows are parted at random: the model may learn from later rows about earlier ones; use --time "${feature}" if the answers are about the future`,
    `“${feature}”是时间，而行按随机划分：模型可能用较晚的行预测较早的行；若用于预测未来，请使用 --time "${feature}"`,
  ),
  evidence: {},
});

const stage = ({ frame, entities, asOf, target }: Sample, isYes: (value: number) => boolean): Stage => ({
  frame,
  entities,
  asOf,
  target: target.map((value) => Number(isYes(value))),
});

/** Words of a refusal in both languages travel in its details, for whoever shows it. */
export function refuseTableLeaks(findings: readonly Finding[]): void {
  const words = findings.filter(({ severity }) => severity === 'refuse').map((finding) => finding.words);
  try {
    refuseLeaks(findings);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, error.message, { ...error.details, words });
  }
}
