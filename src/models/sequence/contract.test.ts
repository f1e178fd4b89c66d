// The catalogue names each recommender once; those that count keep the contract, alone and together.
import { describe, expect, it } from 'vitest';
import { describeContract } from '../../../test/recommender-contract.ts';
import { AppError } from '../../core/errors.ts';
import { loadNextItemModel, RECOMMENDERS, recommenderById } from './catalogue.ts';

describe('the catalogue of recommenders', () => {
  it('names each once, in both languages', () => {
    expect(new Set(RECOMMENDERS.map(({ id }) => id)).size).toBe(RECOMMENDERS.length);
    for (const recommender of RECOMMENDERS) {
      expect(recommender.label.en).toMatch(/\S/);
      expect(recommender.label.zh).toMatch(/[一-鿿]/);
      expect(recommenderById(recommender.id)).toBe(recommender);
    }
  });

  it('says which ids there are when asked for another', () => {
    expect(() => recommenderById('oracle')).toThrow(/popularity/);
    expect(() => loadNextItemModel({ estimator: 'oracle', format: 1, state: {} })).toThrow(AppError);
  });
});

/** Held to it in test files of their own, beside them: each takes seconds. */
const ELSEWHERE = ['mlp', 'cnn', 'gru', 'transformer', 'content-knn'];

for (const recommender of RECOMMENDERS)
  if (!ELSEWHERE.includes(recommender.id)) describeContract(recommender);
for (const id of ['popularity:repeats', 'session-knn:repeats', 'sequential-rules+session-knn'])
  describeContract(recommenderById(id));
