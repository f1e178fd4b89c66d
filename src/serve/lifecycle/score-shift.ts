// Are the candidate's scores those of another population: both arms' scores held against each other, one a person.
import { mix32 } from '../../core/random.ts';
import { chanceOf, homogeneity, populationStability } from '../../monitor/drift/psi.ts';
import { binOf, referenceOf } from '../../monitor/drift/reference.ts';

export interface ScoreShift {
  /** Scores given in one answer; looked at as a whole, as an answer may list people by their score. */
  observe(isCandidate: boolean, scores: readonly PersonScore[]): void;
  /** Once true it stays so. */
  readonly isBeyond: boolean;
  /** People of the candidate so far. */
  readonly people: number;
  figures(): ShiftFigures;
}

export interface PersonScore {
  /** 32 bits that stand for the person, whose first score counts. */
  readonly place: number;
  /** NaN where there is none. */
  readonly score: number;
}

export interface ShiftFigures {
  /** Population stability index, less what chance alone adds to it; NaN while one side has none. */
  readonly index: number;
  readonly candidate: Mean;
  readonly incumbent: Mean;
}

export interface Mean {
  readonly people: number;
  /** Of the scores; NaN where there are none. */
  readonly mean: number;
}

export interface ShiftLimit {
  readonly index: number;
  readonly falseAlarms: number;
  /** People of the candidate at the first look; the next ones come at twice as many each. */
  readonly least: number;
}

/** Scores kept of each arm, drawn evenly over the whole time. */
const KEPT = 5000;
/** People remembered as counted; then counting begins anew. */
const MOST_PEOPLE = 200_000;

/**
 * People are drawn to the arms by chance, so that the same model gives both the same scores but for chance, and Pearson's test
 * of homogeneity says how far that goes. Beyond when the index is over the limit and chance would do so at this look, the k-th,
 * with less than its part 1 / k(k + 1) of the false alarms.
 */
export function createScoreShift({ index: limit, falseAlarms, least }: ShiftLimit): ScoreShift {
  let sides = emptySides();
  let seen = new Set<number>();
  let looks = 1;
  let nextLook = least;
  let isBeyond = false;
  return {
    observe(isCandidate, scores) {
      if (isBeyond) return;
      if (seen.size >= MOST_PEOPLE) {
        seen = new Set();
        sides = emptySides();
        nextLook = least;
      }
      const { candidate, incumbent } = sides;
      for (const { place, score } of scores) {
        if (seen.has(place)) continue;
        seen.add(place);
        (isCandidate ? candidate : incumbent).add(place, score);
      }
      // Of one question the incumbent's part comes first: only then both parts of it are there.
      if (!isCandidate || candidate.people < nextLook || incumbent.people < least) return;
      const { index, chance } = compare(incumbent.scores, candidate.scores);
      isBeyond = index > limit && chance < falseAlarms / (looks * (looks + 1));
      looks++;
      nextLook = 2 * candidate.people;
    },
    get isBeyond() {
      return isBeyond;
    },
    get people() {
      return sides.candidate.people;
    },
    figures() {
      const { candidate, incumbent } = sides;
      return {
        ...compare(incumbent.scores, candidate.scores),
        candidate: { people: candidate.people, mean: candidate.mean },
        incumbent: { people: incumbent.people, mean: incumbent.mean },
      };
    },
  };
}

/** @param reference the incumbent's scores, NaN where there is none; bins are cut at its deciles */
function compare(
  reference: Float64Array,
  scores: Float64Array,
): { readonly index: number; readonly chance: number } {
  if (reference.length === 0 || scores.length === 0) return { index: Number.NaN, chance: 1 };
  const { edges, counts } = referenceOf(reference);
  const own = new Float64Array(counts.length);
  for (const score of scores) own[binOf(edges, score)]++;
  const { statistic, degrees } = homogeneity(counts, own);
  // Without any change the index is a χ² of so many degrees, times this.
  const byChance = Math.max(0, degrees) * (1 / reference.length + 1 / scores.length);
  return {
    index: Math.max(0, populationStability(counts, own) - byChance),
    chance: chanceOf({ statistic, degrees }),
  };
}

interface Side {
  readonly people: number;
  readonly mean: number;
  readonly scores: Float64Array;
  add(place: number, score: number): void;
}

const emptySides = () => ({ candidate: createSide(), incumbent: createSide() });

/** Vitter's reservoir (1985): each of the n scores so far is among those kept with the same chance. */
function createSide(): Side {
  const kept = new Float64Array(KEPT);
  let people = 0;
  let known = 0;
  let sum = 0;
  return {
    get people() {
      return people;
    },
    get mean() {
      return sum / known;
    },
    get scores() {
      return kept.subarray(0, Math.min(people, KEPT));
    },
    add(place, score) {
      people++;
      if (!Number.isNaN(score)) {
        known++;
        sum += score;
      }
      const at = people <= KEPT ? people - 1 : mix32(place ^ Math.imul(people, 0x9e3779b1)) % people;
      if (at < KEPT) kept[at] = score;
    },
  };
}
