import { expect, test } from 'vitest';
import { type Contest, decideRetraining, type VersionComparison } from './decide.ts';

const compared = (
  value: number,
  half: number,
  metric: 'roc_auc' | 'log_loss' = 'roc_auc',
): { comparison: VersionComparison } => {
  const [low, high] = [value - half, value + half];
  const wins = metric === 'roc_auc' ? low > 0 : high < 0;
  const loses = metric === 'roc_auc' ? high < 0 : low > 0;
  return {
    comparison: {
      ...{
        metric,
        first: 0.8 + value,
        second: 0.8,
        isHigherBetter: metric === 'roc_auc',
        difference: { value, low, high },
      },
      better: wins ? 'first' : loses ? 'second' : 'neither',
    },
  };
};
const decided = (over: Partial<Contest>) => {
  const { verdict, reason } = decideRetraining({
    ...{ olderDays: 1, incumbentHasSeen: false, incumbentHasErased: false, wasTakenBack: false },
    ...over,
  });
  return `${verdict}: ${reason}`;
};

test.each<[string, Partial<Contest>]>([
  ['accepted: first', {}],
  ['accepted: better', compared(0.02, 0.01)],
  ['kept: worse', compared(-0.02, 0.01)],
  ['kept: not-better', compared(0.005, 0.01)],
  ['accepted: fresher', { ...compared(0.005, 0.01), olderDays: 30 }],
  ['accepted: fresher', { ...compared(-0.01, 0.02), olderDays: 7 }],
  ['kept: not-better', { ...compared(-0.02, 0.05), olderDays: 30 }],
  ['kept: worse', { ...compared(-0.02, 0.01), olderDays: 300 }],
  ['accepted: fresher', { ...compared(0, 0.01), incumbentHasErased: true }],
  ['kept: not-better', { ...compared(0, 0.01), olderDays: 30, incumbentHasSeen: true }],
  ['accepted: better', { ...compared(0.02, 0.01), incumbentHasSeen: true }],
  ['kept: taken-back', { ...compared(0.02, 0.01), wasTakenBack: true }],
  ['kept: incomparable', { incomparable: 'over 60 days, and the one before over 30' }],
  // Losses: less is better.
  ['accepted: better', compared(-0.02, 0.01, 'log_loss')],
  ['kept: worse', compared(0.02, 0.01, 'log_loss')],
  ['accepted: fresher', { ...compared(0.01, 0.02, 'log_loss'), olderDays: 30 }],
  ['kept: not-better', { ...compared(0.02, 0.05, 'log_loss'), olderDays: 30 }],
])('%s', (expected, contest) => {
  expect(decided(contest)).toBe(expected);
});

test('says the figures it was decided by', () => {
  const { said } = decideRetraining({
    ...compared(-0.01, 0.02),
    ...{ olderDays: 12.7, incumbentHasSeen: false, incumbentHasErased: false, wasTakenBack: false },
  });
  expect(said).toBe(
    'roc_auc 0.79 against 0.8, difference −0.01 (−0.03 … +0.01); the one before is 12 days older',
  );
});
