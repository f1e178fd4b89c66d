import { expect, test } from 'vitest';
import { random } from '../../core/random.ts';
import { DEFAULT_ROLLOUT_LIMITS } from '../../registry/rollout-limits.ts';
import { createRolloutJudge, type JudgedAnswer } from './rollout-judge.ts';

/** A shop's answers, one in five the candidate's, which `change` makes worse. */
function judgeOf(change: (answer: JudgedAnswer) => JudgedAnswer, { withLatency = true } = {}) {
  const draw = random(1);
  const judge = createRolloutJudge({ limits: { ...DEFAULT_ROLLOUT_LIMITS, leastAnswers: 100 }, withLatency });
  let answered = 0;
  for (let n = 0; n < 20_000 && !judge.verdict; n++) {
    const isCandidate = n % 5 === 0;
    const answer = {
      ...{ isCandidate, isBad: false, size: 1, ms: 3 * Math.exp(0.4 * draw.normal()) },
      scores: [{ place: n, score: draw.uniform() }],
    };
    if (isCandidate) answered++;
    judge.observe(isCandidate ? change(answer) : answer);
  }
  return { judge, answered };
}

test('a candidate as good as the incumbent goes on, and has been seen enough', () => {
  const { judge } = judgeOf((answer) => answer);
  expect(judge.verdict).toBeUndefined();
  expect(judge.hasSeenEnough).toBe(true);
  const { candidate, incumbent, score_shift } = judge.figures();
  expect(candidate.answers).toBe(4000);
  expect(incumbent.answers).toBe(16_000);
  expect(candidate.mean_score).toBeCloseTo(0.5, 1);
  expect(score_shift).toBeLessThan(0.02);
});

test('each limit stops, for its own reason and in words, not before the least number of answers', () => {
  const failing = judgeOf((answer) => ({ ...answer, isBad: true, scores: [] }));
  expect(failing.judge.verdict).toEqual({
    reason: 'errors',
    said: expect.stringMatching(/^100 of 100 answers failed, against 0 of \d+; allowed: 1 % more$/),
  });
  expect(failing.answered).toBe(100);
  const slow = judgeOf((answer) => ({ ...answer, ms: (answer.ms ?? 0) * 20 }));
  expect(slow.judge.verdict?.reason).toBe('latency');
  expect(slow.judge.verdict?.said).toMatch(/took up to \d+\.\d ms, against \d+\.\d ms/);
  const shifted = judgeOf((answer) => ({
    ...answer,
    scores: answer.scores.map(({ place, score }) => ({ place, score: score ** 3 })),
  }));
  expect(shifted.judge.verdict?.reason).toBe('score-shift');
  expect(shifted.answered).toBeLessThanOrEqual(200);
});

test('a shadow is not judged by its time', () => {
  const { judge } = judgeOf((answer) => ({ ...answer, ms: (answer.ms ?? 0) * 20 }), { withLatency: false });
  expect(judge.verdict).toBeUndefined();
});

test('the first verdict stands', () => {
  const { judge } = judgeOf((answer) => ({ ...answer, isBad: true }));
  const { verdict } = judge;
  for (let n = 0; n < 1000; n++)
    judge.observe({ isCandidate: true, isBad: false, ms: 1, size: 1, scores: [{ place: n, score: 9 }] });
  expect(judge.verdict).toBe(verdict);
});
