import { describe, expect, test } from 'vitest';
import { AppError } from '../../core/errors.ts';
import type { RolloutOrder } from '../../registry/rollout.ts';
import { DEFAULT_ROLLOUT_LIMITS } from '../../registry/rollout-limits.ts';
import type { Prediction, RecommendationList } from '../api.ts';
import type { PredictionQuestion } from '../ports.ts';
import { type Answerer, LISTS, PREDICTIONS } from './answer-kind.ts';
import { createLiveRollout } from './live-rollout.ts';
import type { StopVerdict } from './rollout-judge.ts';
import { createShadowQueue } from './shadow-queue.ts';
import { shareOfUsers } from './user-share.ts';

type Ask = Answerer<PredictionQuestion, Prediction>;

const order = (over: Partial<RolloutOrder> = {}): RolloutOrder => ({
  ...{ mode: 'canary', version: 'v2-0000000', digest: '', share: 0.5, salt: 'salt', startedMs: 0 },
  limits: { ...DEFAULT_ROLLOUT_LIMITS, leastAnswers: 50 },
  ...over,
});

const answerOf = (user_id: string | undefined, version: string, value: number | null): Prediction => ({
  ...{ user_id, prediction_id: 'p', task: 'purchase', value, unit: 'probability', horizon_days: 30 },
  ...{ model_version: version, as_of: 5 },
});

/** A model that says of each customer its own number, plus `shift`. */
const modelOf =
  (version: string, shift = 0): Ask =>
  async ({ entities }) =>
    entities.map(({ user_id }) => answerOf(user_id, version, Number(user_id) / 1000 + shift));

const asking = (...ids: number[]): PredictionQuestion => ({
  task: 'purchase',
  entities: ids.map((id) => ({ user_id: String(id) })),
});

function live(candidate: Ask, over: Partial<RolloutOrder> = {}) {
  const verdicts: StopVerdict[] = [];
  const shadows = createShadowQueue({ turnMs: 1e6, most: 1e6 });
  const rollout = createLiveRollout({
    ...{ order: order(over), incumbentVersion: 'v1', kind: PREDICTIONS, candidate, shadows },
    onVerdict: (verdict) => verdicts.push(verdict),
  });
  return { rollout, verdicts, shadows };
}

const everybody = Array.from({ length: 1000 }, (_, i) => i);

describe('a canary', () => {
  test('answers its share of people, many at once or one by one, each in its place', async () => {
    const { rollout } = live(modelOf('v2'));
    const isDrawn = shareOfUsers('salt', 0.5);
    const together = await rollout.answer(asking(...everybody), modelOf('v1'));
    expect(together.map(({ user_id }) => user_id)).toEqual(everybody.map(String));
    for (const [id, answer] of together.entries()) {
      const [alone] = await rollout.answer(asking(id), modelOf('v1'));
      expect(alone).toEqual(answer);
      expect(answer.model_version).toBe(isDrawn({ user_id: String(id) }) ? 'v2' : 'v1');
      expect(answer.value).toBe(id / 1000);
    }
  });

  test('that fails, or answers what is no number, is heard of by nobody and stopped', async () => {
    const bad: Ask[] = [
      async () => {
        throw new Error('session is gone');
      },
      async ({ entities }) => entities.map(({ user_id }) => answerOf(user_id, 'v2', Number.NaN)),
      async () => [],
    ];
    for (const candidate of bad) {
      const { rollout, verdicts } = live(candidate);
      for (const id of everybody) {
        const [answer] = await rollout.answer(asking(id), modelOf('v1'));
        expect(answer).toEqual(answerOf(String(id), 'v1', id / 1000));
      }
      expect(verdicts).toEqual([{ reason: 'errors', said: expect.stringContaining('answers failed') }]);
      expect(rollout.figures().candidate.answers).toBe(50);
    }
  });

  test('is not blamed for a question that no model can answer', async () => {
    const refuse: Ask = async () => {
      throw new AppError('BAD_DATA', 'expected a user_id');
    };
    const { rollout, verdicts } = live(refuse);
    for (const id of everybody) await expect(rollout.answer(asking(id), refuse)).rejects.toThrow('user_id');
    expect(verdicts).toEqual([]);
    expect(rollout.figures().candidate).toMatchObject({ answers: 0, failed: 0 });
  });

  test('whose scores are others is stopped, and answers nobody from then on', async () => {
    const { rollout, verdicts } = live(modelOf('v2', 0.4));
    const versions: string[] = [];
    for (const id of everybody)
      versions.push((await rollout.answer(asking(id), modelOf('v1')))[0].model_version);
    expect(verdicts.map(({ reason }) => reason)).toEqual(['score-shift']);
    const last = versions.lastIndexOf('v2');
    expect(versions.slice(0, last + 1).filter((version) => version === 'v2').length).toBeLessThanOrEqual(100);
    expect(versions.length - last).toBeGreaterThan(500);
  });
});

describe('a shadow', () => {
  test('is asked about the same people at the same moment, and never answers', async () => {
    const asked: PredictionQuestion[] = [];
    const candidate: Ask = async (question) => {
      asked.push(question);
      return modelOf('v2', 0.01)(question);
    };
    const { rollout, verdicts, shadows } = live(candidate, { mode: 'shadow', share: 1 });
    for (const id of everybody.slice(0, 200)) {
      const [answer] = await rollout.answer(asking(id), modelOf('v1'));
      expect(answer.model_version).toBe('v1');
    }
    await expect.poll(() => shadows.done, { timeout: 5000 }).toBe(200);
    expect(asked[7]).toEqual({ ...asking(7), asOf: 5 });
    const { compared, candidate: own, incumbent } = rollout.figures();
    expect(compared.pairs).toBe(200);
    expect(compared.mean_difference).toBeCloseTo(0.01, 9);
    expect(compared.mean_absolute_difference).toBeCloseTo(0.01, 9);
    expect((own.mean_score as number) - (incumbent.mean_score as number)).toBeCloseTo(0.01, 9);
    expect(verdicts).toEqual([]);
  });

  test('is asked about a share of people, and what there is no time for is counted', async () => {
    const shadows = createShadowQueue({ most: 10 });
    const rollout = createLiveRollout({
      ...{ order: order({ mode: 'shadow' }), incumbentVersion: 'v1', kind: PREDICTIONS, shadows },
      ...{ candidate: modelOf('v2'), onVerdict: () => {} },
    });
    const isDrawn = shareOfUsers('salt', 0.5);
    const drawn = everybody.filter((id) => isDrawn({ user_id: String(id) })).length;
    await Promise.all(everybody.map((id) => rollout.answer(asking(id), modelOf('v1'))));
    expect(rollout.figures().compared.dropped).toBe(drawn - 10);
  });
});

test('lists differ by the share of items that only one of them has', () => {
  const list = (...ids: string[]): RecommendationList => ({
    ...{ recommendation_id: 'r', model_version: 'v1', as_of: 1 },
    items: ids.map((item_id, at) => ({ item_id, rank: at + 1, score: 1, made_by: 'history' })),
  });
  expect(LISTS.difference(list('a', 'b', 'c', 'd'), list('d', 'c', 'x', 'y'))).toBe(0.5);
  expect(LISTS.difference(list('a'), list('a'))).toBe(0);
  expect(LISTS.isAnswer(list())).toBe(false);
});
