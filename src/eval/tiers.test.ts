// Tiers by hand, and the choice among trials.
import { describe, expect, it } from 'vitest';
import { chooseTrial } from './choose-trial.ts';
import { applyTiers, learnTiers } from './tiers.ts';

describe('tiers', () => {
  it('by value: those who hold half of it are high', () => {
    const thresholds = learnTiers(Float64Array.of(1, 60, 5, 20, 4, 10));
    expect(thresholds).toMatchObject({ highFrom: 60, midFrom: 20 });
    expect(applyTiers(thresholds, Float64Array.of(60, 59, 20, 19.9, 0))).toEqual([
      'high',
      'mid',
      'mid',
      'low',
      'low',
    ]);
  });

  it('by customers: shares of rows, ties together', () => {
    const thresholds = learnTiers(
      Float64Array.from({ length: 101 }, (_, i) => i),
      { method: 'customer-share' },
    );
    expect(thresholds).toMatchObject({ highFrom: 80, midFrom: 50 });
  });

  it('equal predictions make nobody high', () => {
    const thresholds = learnTiers(new Float64Array(10).fill(3));
    expect(applyTiers(JSON.parse(JSON.stringify(thresholds)), Float64Array.of(2, 3, 4))).toEqual([
      'low',
      'mid',
      'mid',
    ]);
  });

  it('nothing to learn from is refused', () => {
    expect(() => learnTiers(new Float64Array(0))).toThrow(/got none/);
    expect(() => learnTiers(Float64Array.of(1, 2), { high: 0.8, mid: 0.4 })).toThrow(/less than 1/);
  });
});

describe('the winner', () => {
  it('has the best first metric', () => {
    const choice = chooseTrial(
      [
        { id: 'rate', values: { log_loss: 0.7, roc_auc: 0.5 } },
        { id: 'tree', values: { log_loss: 0.6, roc_auc: 0.7 } },
        { id: 'logistic', values: { log_loss: 0.55, roc_auc: 0.6 } },
      ],
      ['log_loss', 'roc_auc'],
    );
    expect(choice).toMatchObject({
      winner: 'logistic',
      order: ['logistic', 'tree', 'rate'],
      decidedBy: 'log_loss',
    });
  });

  it('among equals by the next metric, then by the order given', () => {
    const trials = [
      { id: 'a', values: { mae: 100, bias: -0.3 } },
      { id: 'b', values: { mae: 100.05, bias: 0.1 } },
      { id: 'c', values: { mae: 100.05, bias: -0.1 } },
    ];
    expect(chooseTrial(trials, ['mae', 'bias'])).toMatchObject({ winner: 'b', order: ['b', 'c', 'a'] });
    expect(chooseTrial(trials, ['mae']).winner).toBe('a');
  });

  it('without the metric loses; nobody having it is said', () => {
    expect(
      chooseTrial(
        [
          { id: 'x', values: {} },
          { id: 'y', values: { mae: 5 } },
        ],
        ['mae'],
      ).winner,
    ).toBe('y');
    expect(() => chooseTrial([{ id: 'x', values: {} }], ['roc_auc'])).toThrow(
      /value of roc_auc, got none among 1/,
    );
  });
});
