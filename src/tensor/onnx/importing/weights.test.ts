// What of a file is trained.

import { expect, it } from 'vitest';
import type { ElementType } from '../model.ts';
import { isWeight } from './weights.ts';

const asWeight = (name: string, dims: readonly number[], elementType: ElementType = 'float') =>
  isWeight({ name, elementType, dims, bytes: new Uint8Array(0) }, name);

it('takes float initialisers of at least one axis for weights', () => {
  expect(asWeight('layer.weight', [4, 3])).toBe(true);
  expect(asWeight('val_7', [3])).toBe(true);
  expect(asWeight('layer.weight', [4, 3], 'float16')).toBe(true);
  expect(asWeight('position_ids', [1, 16], 'int64')).toBe(false);
  expect(asWeight('epsilon', [])).toBe(false);
});

it('takes one number alone for a weight only if it is called so', () => {
  expect(asWeight('head.bias', [1])).toBe(true);
  expect(asWeight('dense/kernel:0', [1, 1])).toBe(true);
  expect(asWeight('val_94', [1])).toBe(false);
});

it('leaves tables of rotary positions and masks alone', () => {
  for (const name of ['rotary_emb.inv_freq', 'attention.cos_cached', 'h.0.attn.masked_bias', 'mask'])
    expect(asWeight(name, [8]), name).toBe(false);
  expect(asWeight('mask_head.weight', [8])).toBe(true);
});
