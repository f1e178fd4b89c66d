import { expect, test } from 'vitest';
import { estimatorById } from '../models/catalogue.ts';
import { PRESET_NAMES, parsePreset, presetFor } from './preset.ts';

test.each(['binary', 'amount', 'classes'] as const)('every preset for %s names models there are', (kind) => {
  for (const name of PRESET_NAMES) {
    const { models, costly } = presetFor(kind, name);
    for (const id of costly) expect(estimatorById(id).seconds).toBeDefined();
    expect(models).toContain('gbdt');
    for (const id of models) expect(estimatorById(id).role).toBe('model');
  }
});

test('each preset does more than the one before', () => {
  const [fast, good, best] = PRESET_NAMES.map((name) => presetFor('binary', name));
  expect(fast.models.length).toBeLessThan(good.models.length);
  expect(fast.blends.length).toBeLessThan(good.blends.length);
  expect([fast.searched, good.searched, good.bagged]).toEqual([0, 0, 0]);
  expect(best.models).toEqual(good.models);
  expect(best.searched * best.searchTrials).toBeGreaterThan(10);
  expect(best.bagged).toBeGreaterThan(0);
  expect([fast.costly, good.costly]).toEqual([[], []]);
  expect(best.costly).toEqual(['transformer:lora']);
});

test('a task may know better which models are worth trying', () => {
  expect(presetFor('binary', 'good', ['tree']).models).toEqual(['tree']);
});

test('another name is refused with those there are', () => {
  expect(parsePreset('best')).toBe('best');
  expect(() => parsePreset('finest')).toThrow(/fast, good, best/);
});
