// Parameter groups by name and shape.

import { describe, expect, it } from 'vitest';
import { decayGroups, layerwiseRates } from './groups.ts';

describe('groups of parameters', () => {
  it('let matrices decay, and vectors and named tables not', () => {
    const decay = decayGroups(0.01, [/positions/]);
    const of = (name: string, ...shape: number[]) => decay({ name, shape }).weightDecay;
    expect([
      of('blocks.0.query.weight', 8, 8),
      of('blocks.0.query.bias', 8),
      of('norm.gain', 8),
      of('positions', 50, 8),
    ]).toEqual([0.01, 0, 0, 0]);
  });

  it('let each layer learn slower than the one above it', () => {
    const rates = layerwiseRates({ factor: 0.5, layers: 3, layer: /blocks\.(\d+)\./, below: /^embedding/ });
    const of = (name: string) => rates({ name, shape: [1] }).rateMultiplier;
    expect(['head.weight', 'blocks.2.w', 'blocks.1.w', 'blocks.0.w', 'embedding.items'].map(of)).toEqual([
      1, 0.5, 0.25, 0.125, 0.0625,
    ]);
  });
});
