// Columns that know the answer: one feature that alone explains most of the score, or gaps that spell the target.
import { findColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { rocAuc } from '../metrics/binary.ts';
import { evenWeights } from '../metrics/predictions.ts';
import { type LeakageCheck, percent, positiveOf, type Suspicion } from './finding.ts';
import { aucError, type FeaturePower, featurePowers } from './single-feature.ts';

/** No honest feature of a customer's past separates buyers this well. */
const CERTAIN_AUC = 0.97;
/** The page value of the UCI shopping sessions, computed from transactions, has .84 beside .70 of the next column. */
const STRONG_AUC = 0.83;
/** Of what the whole model gains over chance. */
const MOST_OF_THE_SCORE = 0.75;
/** Honest strong features come in company (frequency beside recency); a proxy gains this many times the next one. */
const STANDS_ALONE = 1.6;
const CERTAIN_SPEARMAN = 0.99;
const STRONG_SPEARMAN = 0.95;

/** Target proxies. */
export const targetProxies: LeakageCheck = (input) => {
  const powers = featurePowers(input);
  const positives = positiveOf(input.test);
  const model = input.predicted
    ? rocAuc({ actual: positives, predicted: input.predicted })(evenWeights(positives.length))
    : Number.NaN;
  return powers.flatMap((power): Suspicion[] => {
    const others = powers.filter(({ group, feature }) => feature !== power.feature && group !== power.group);
    const next = others.reduce((most, other) => Math.max(most, other.auc), 0.5);
    const share = Number.isNaN(model) ? Number.NaN : (power.auc - 0.5) / Math.max(0.001, model - 0.5);
    const severity = judge(power, next, share);
    if (!severity) return [];
    return [
      {
        severity,
        feature: power.feature,
        words: name(
          `"${power.feature}" alone reaches AUC ${power.auc.toFixed(3)}${explained(share)}; is it known at the moment of prediction, or made from the outcome?`,
          `仅“${power.feature}”一项的 AUC 就达 ${power.auc.toFixed(3)}；预测时真的已知它吗，还是由结果推得？`,
        ),
        evidence: {
          auc: power.auc,
          standardError: power.standardError,
          nextAuc: next,
          ...(input.kind === 'amount' ? { spearman: power.spearman } : {}),
          ...(Number.isNaN(share) ? {} : { shareOfModel: share }),
        },
      },
    ];
  });
};

function judge(power: FeaturePower, next: number, share: number): 'refuse' | 'warn' | undefined {
  const surely = power.auc - 2 * power.standardError;
  if (power.auc >= CERTAIN_AUC && surely >= CERTAIN_AUC - 0.03 && power.auc - next >= 0.02) return 'refuse';
  if (Math.abs(power.spearman) >= CERTAIN_SPEARMAN) return 'refuse';
  if (Math.abs(power.spearman) >= STRONG_SPEARMAN) return 'warn';
  const alone = power.auc - 0.5 >= STANDS_ALONE * (next - 0.5);
  if (power.auc >= STRONG_AUC && surely >= STRONG_AUC - 0.03 && alone && !(share < MOST_OF_THE_SCORE))
    return 'warn';
  return undefined;
}

const explained = (share: number): string =>
  Number.isNaN(share)
    ? ''
    : `, ${Math.min(100, Math.round(share * 100))} % of what the whole model gains over chance`;

/** A model that is nearly never wrong about people has seen the answer. */
export const tooGoodToBeTrue: LeakageCheck = ({ test, predicted }) => {
  if (!predicted) return [];
  const actual = positiveOf(test);
  const hits = actual.reduce((sum, value) => sum + value, 0);
  const misses = actual.length - hits;
  if (hits < 10 || misses < 10) return [];
  const auc = rocAuc({ actual, predicted })(evenWeights(actual.length));
  if (auc < 0.985 || auc - 2 * aucError(auc, hits, misses) < 0.97) return [];
  return [
    {
      severity: 'warn',
      words: name(
        `the model separates outcomes almost perfectly (AUC ${auc.toFixed(3)}); look for a feature that knows the answer`,
        `模型几乎完美地区分结果（AUC ${auc.toFixed(3)}）；请查找泄露答案的特征`,
      ),
      evidence: { auc },
    },
  ];
};

/** Gap in P(missing) between positives and negatives from which missing is the answer. */
const TELLING_GAP = 0.9;
const STRIKING_GAP = 0.75;

/** Whether a value is there must not spell the target. */
export const tellingGaps: LeakageCheck = ({ train, test }) =>
  test.frame.columns.flatMap((column): Suspicion[] => {
    if (column.kind !== 'number' && column.kind !== 'category') return [];
    const missingIn = (stage: typeof train): [number, number] | undefined => {
      const own = findColumn(stage.frame, column.name);
      if (own?.kind !== 'number' && own?.kind !== 'category') return undefined;
      const positive = positiveOf(stage);
      const missing = [0, 0];
      const rows = [0, 0];
      for (let i = 0; i < positive.length; i++) {
        rows[positive[i]]++;
        if (own.kind === 'number' ? Number.isNaN(own.values[i]) : own.codes[i] < 0) missing[positive[i]]++;
      }
      if (rows[0] < 10 || rows[1] < 10) return undefined;
      return [missing[0] / rows[0], missing[1] / rows[1]];
    };
    const shares = [missingIn(train), missingIn(test)].filter((pair) => pair !== undefined);
    if (shares.length < 2) return [];
    const gap = Math.min(...shares.map(([negative, positive]) => Math.abs(positive - negative)));
    if (gap < STRIKING_GAP) return [];
    const [negative, positive] = shares[1];
    return [
      {
        severity: gap >= TELLING_GAP ? 'refuse' : 'warn',
        feature: column.name,
        words: name(
          `"${column.name}" is missing in ${percent(negative)} of negatives and ${percent(positive)} of positives: it is filled in once the outcome is known`,
          `“${column.name}”在负样本中缺失 ${percent(negative)}，在正样本中缺失 ${percent(positive)}：它像是在结果已知后才填写`,
        ),
        evidence: { missingNegatives: negative, missingPositives: positive },
      },
    ];
  });
