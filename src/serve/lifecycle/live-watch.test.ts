import { expect, test } from 'vitest';
import { DEFAULT_ROLLOUT_LIMITS } from '../../registry/rollout-limits.ts';
import type { Prediction } from '../api.ts';
import type { PredictionQuestion } from '../ports.ts';
import { type Answerer, PREDICTIONS } from './answer-kind.ts';
import { type AnswerTimes, createAnswerTimes } from './answer-times.ts';
import { createLiveWatch } from './live-watch.ts';
import type { StopVerdict } from './rollout-judge.ts';
import { createShadowQueue } from './shadow-queue.ts';

type Ask = Answerer<PredictionQuestion, Prediction>;

const answerOf = (user_id: string | undefined, model_version: string, value: number): Prediction => ({
  ...{ user_id, prediction_id: 'p', task: 'purchase', value, unit: 'probability', horizon_days: 30 },
  ...{ model_version, as_of: 5 },
});
/** A model that says of each customer its own number, plus `shift`. */
const modelOf =
  (version: string, { shift = 0, over = {} }: { shift?: number; over?: Partial<Prediction> } = {}): Ask =>
  async ({ entities }) =>
    entities.map(({ user_id }) => ({
      ...answerOf(user_id, version, (Number(user_id) % 1000) / 1000 + shift),
      ...over,
    }));
const asking = (id: number): PredictionQuestion => ({
  task: 'purchase',
  entities: [{ user_id: String(id) }],
});

function watch({ before = modelOf('v1'), times }: { before?: Ask; times?: AnswerTimes } = {}) {
  const verdicts: StopVerdict[] = [];
  const shadows = createShadowQueue({ turnMs: 1e6, most: 1e6, wait: async () => {} });
  const clock = { ms: 0 };
  const live = createLiveWatch<PredictionQuestion, Prediction>({
    order: {
      ...{ mode: 'watch', version: 'v2-0000000', digest: '', share: 1, salt: 'salt', startedMs: 0 },
      ...{ before: 'v1-0000000', endsMs: 1, limits: { ...DEFAULT_ROLLOUT_LIMITS, leastAnswers: 50 } },
    },
    ...{ kind: PREDICTIONS, before, shadows, clock: () => clock.ms, ...(times && { times }) },
    onVerdict: (verdict) => verdicts.push(verdict),
  });
  return { live, verdicts, shadows, clock };
}
const times = (ms: number, answers = 1000): AnswerTimes => {
  const own = createAnswerTimes();
  for (let n = 0; n < answers; n++) own.add(ms, 1);
  return own;
};

test('a version as good as the one before goes on, and both are asked about the same people once', async () => {
  const asked: PredictionQuestion[] = [];
  const before: Ask = async (question) => {
    asked.push(question);
    return modelOf('v1')(question);
  };
  const { live, verdicts, shadows } = watch({ before, times: times(3) });
  for (let turn = 0; turn < 2; turn++)
    for (let id = 0; id < 600; id++) {
      const [answer] = await live.answer(asking(id), modelOf('v2'));
      expect(answer.model_version).toBe('v2');
    }
  await expect.poll(() => shadows.waiting, { timeout: 5000 }).toBe(0);
  expect(asked).toHaveLength(600);
  expect(asked[7]).toEqual({ ...asking(7), asOf: 5 });
  expect(verdicts).toEqual([]);
  const { candidate, incumbent, score_shift } = live.figures();
  expect(candidate).toMatchObject({ answers: 1200, failed: 0, people: 600 });
  expect(incumbent).toMatchObject({ answers: 1600, failed: 0, people: 600 });
  expect(score_shift).toBe(0);
});

test('one that fails is heard of by nobody, and the one before answers from then on, known times or none', async () => {
  const failing: Ask = async () => {
    throw new Error('session is gone');
  };
  for (const known of [times(3), undefined]) {
    const { live, verdicts } = watch(known && { times: known });
    for (let id = 0; id < 300; id++)
      expect(await live.answer(asking(id), failing)).toEqual([answerOf(String(id), 'v1', id / 1000)]);
    expect(verdicts).toEqual([{ reason: 'errors', said: expect.stringMatching(/^50 of 50 answers failed/) }]);
    const [after] = await live.answer(asking(1), modelOf('v2'));
    expect(after.model_version).toBe('v1');
  }
});

test('one that answers much later than the one before did is stopped; where nobody knows, it is not', async () => {
  const run = async (known?: AnswerTimes) => {
    const { live, verdicts, clock } = watch(known && { times: known });
    const slow: Ask = async (question) => {
      clock.ms += 20;
      return modelOf('v2')(question);
    };
    for (let id = 0; id < 300; id++) await live.answer(asking(id), slow);
    return verdicts;
  };
  expect(await run(times(3))).toEqual([
    {
      reason: 'latency',
      said: expect.stringMatching(/^99 of 100 answers took up to \d+\.\d ms, against 2\.9 ms/),
    },
  ]);
  expect(await run(times(15))).toEqual([]);
  // Too few to say how long it took, and none.
  expect(await run(times(3, 100))).toEqual([]);
  expect(await run()).toEqual([]);
});

test('one whose scores are others of the same people is stopped; other people with other scores are no shift', async () => {
  const shifted = watch();
  for (let id = 0; id < 400; id++) {
    await shifted.live.answer(asking(id), modelOf('v2', { shift: 0.4 }));
    await Promise.resolve();
  }
  await expect.poll(() => shifted.verdicts.length, { timeout: 5000 }).toBe(1);
  expect(shifted.verdicts[0].reason).toBe('score-shift');
  const others = watch();
  for (let id = 0; id < 400; id++)
    await others.live.answer(asking(900 + (id % 100) + 1000 * id), modelOf('v2'));
  await expect.poll(() => others.shadows.waiting, { timeout: 5000 }).toBe(0);
  expect(others.verdicts).toEqual([]);
  expect(others.live.figures().score_shift).toBe(0);
});

test('scores of another horizon are those of another question, and not compared', async () => {
  const { live, verdicts, shadows } = watch();
  const week = modelOf('v2', { shift: -0.4, over: { horizon_days: 7 } });
  for (let id = 0; id < 400; id++) await live.answer(asking(id), week);
  await expect.poll(() => shadows.waiting, { timeout: 5000 }).toBe(0);
  expect(verdicts).toEqual([]);
  expect(live.figures().score_shift).toBeNull();
});

test('a question that no version can answer is nobody’s fault', async () => {
  const refuse: Ask = async () => {
    throw new Error('no such customer');
  };
  const { live, verdicts } = watch({ before: refuse });
  for (let id = 0; id < 300; id++)
    await expect(live.answer(asking(id), refuse)).rejects.toThrow('no such customer');
  expect(verdicts).toEqual([]);
  expect(live.figures().candidate).toMatchObject({ answers: 0, failed: 0 });
});
