import { expect, test } from 'vitest';
import { type Random, random } from '../../core/random.ts';
import { createScoreShift } from './score-shift.ts';

const limit = { index: 0.25, falseAlarms: 0.001, least: 100 };
/** Probabilities of buying: most are small. */
const usual = (draw: Random): number => draw.gamma(0.8, 0.1);

/** People of the candidate until the alarm; one in ten is the candidate's. */
function runUntilAlarm(seed: number, score: (draw: Random) => number, people = 20_000) {
  const draw = random(seed);
  const shift = createScoreShift(limit);
  for (let n = 0; n < people; n++) {
    const isCandidate = n % 10 === 0;
    shift.observe(isCandidate, [{ place: n, score: isCandidate ? score(draw) : usual(draw) }]);
    if (shift.isBeyond) return n / 10;
  }
  return undefined;
}

test('equal scores, and scores a tenth higher, stop nobody', () => {
  for (let seed = 1; seed <= 20; seed++) {
    expect(runUntilAlarm(seed, usual)).toBeUndefined();
    expect(runUntilAlarm(seed, (draw) => usual(draw) * 1.1)).toBeUndefined();
  }
});

test('scores thrice as high, the same score for everybody, or none at all are stopped at the first look', () => {
  expect(runUntilAlarm(1, (draw) => usual(draw) * 3)).toBeLessThanOrEqual(100);
  expect(runUntilAlarm(1, () => 0.08)).toBeLessThanOrEqual(100);
  expect(runUntilAlarm(1, () => Number.NaN)).toBeLessThanOrEqual(100);
});

test('one person asked about a thousand times counts once', () => {
  const draw = random(1);
  const shift = createScoreShift(limit);
  for (let n = 0; n < 5000; n++) {
    shift.observe(false, [{ place: n, score: usual(draw) }]);
    shift.observe(true, [{ place: 1_000_000 + (n % 50), score: 5 }]);
  }
  expect(shift.isBeyond).toBe(false);
  const { candidate, incumbent } = shift.figures();
  expect(candidate).toEqual({ people: 50, mean: 5 });
  expect(incumbent.people).toBe(5000);
});

test('scores over days are those of the whole time: a busy arm’s early scores do not stand for all', () => {
  const draw = random(2);
  const shift = createScoreShift(limit);
  // Both arms double within the time; the incumbent has ten times the people.
  for (let n = 0; n < 150_000; n++)
    shift.observe(n % 10 === 0, [{ place: n, score: usual(draw) * (1 + n / 150_000) }]);
  expect(shift.isBeyond).toBe(false);
  const { candidate, incumbent, index } = shift.figures();
  expect(candidate.mean / incumbent.mean).toBeCloseTo(1, 1);
  expect(index).toBeLessThan(0.02);
});

test('people listed by their score in one answer are looked at together', () => {
  const draw = random(3);
  const shift = createScoreShift(limit);
  const people = Array.from({ length: 4000 }, (_, place) => ({ place, score: usual(draw) })).sort(
    (a, b) => a.score - b.score,
  );
  shift.observe(
    false,
    people.filter(({ place }) => place % 4 > 0),
  );
  shift.observe(
    true,
    people.filter(({ place }) => place % 4 === 0),
  );
  expect(shift.figures().candidate.people).toBe(1000);
  expect(shift.isBeyond).toBe(false);
});
