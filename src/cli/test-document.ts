// What a test found, as JSON: differences from the baselines and signs of leakage, of a shop's task and of any table.
import type { Finding } from '../eval/leakage/finding.ts';
import type { Assessment } from '../train/assess.ts';

const BETTER = { first: 'model', second: 'baseline', neither: 'neither' } as const;

export const differencesDocument = (comparisons: Assessment['comparisons']): readonly unknown[] =>
  comparisons.map(({ against, comparison }) => ({
    metric: comparison.metric,
    against: against.id,
    ...comparison.difference,
    better: BETTER[comparison.better],
  }));

export const leakageDocument = (leaks: readonly Finding[]): readonly unknown[] =>
  leaks.map(({ check, severity, feature, words, evidence }) => ({
    check,
    severity,
    ...(feature ? { feature } : {}),
    words,
    evidence,
  }));
