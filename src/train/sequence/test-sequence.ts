// The test of a next-item run: every recommender in each way to count, differences to the chosen one, and the stamp.
import { caseEntities } from '../../core/case-view.ts';
import type { Protocol, RankMetricName, Score } from '../../eval/score.ts';
import { compareRanks } from '../../eval/sequences/compare-ranks.ts';
import type { Recommender } from '../../models/sequence/recommender.ts';
import { type AssessedRanks, assessRanks, freshOf, type OwnHistory } from './assess-ranks.ts';
import type { FittedSequence, SequenceTrial } from './fit-sequence.ts';
import type { SequenceData } from './sequence-data.ts';
import { sequenceProtocol, type TestFacts } from './sequence-protocol.ts';

/** A recommender on the test, in each of the ways to count. */
export interface TestedRecommender {
  readonly trial: SequenceTrial;
  readonly by: Readonly<Partial<Record<OwnHistory, AssessedRanks>>>;
}

export interface Difference {
  readonly metric: RankMetricName;
  readonly against: Recommender;
  readonly score: Score;
}

export interface Differences {
  readonly all: readonly Difference[];
  /** Of cases whose target the entity has not had; absent where there are no numbers of them. */
  readonly nonRepeat?: readonly Difference[];
}

export interface TestedSequence {
  readonly data: SequenceData;
  readonly fitted: FittedSequence;
  /** The first decides. */
  readonly histories: readonly OwnHistory[];
  readonly model: TestedRecommender;
  /** All others, in the order they were asked for. */
  readonly beside: readonly TestedRecommender[];
  /** Of each way to count: the model less another on the deciding metric. */
  readonly differences: Readonly<Partial<Record<OwnHistory, Differences>>>;
  readonly facts: TestFacts;
  readonly protocol: Protocol;
}

export interface TestSequenceOptions {
  readonly histories: readonly OwnHistory[];
  /** Places down to which rankings are read. */
  readonly at: readonly number[];
  readonly seed: number;
  /** Of a split by time, UTC ms. */
  readonly testFromMs?: number;
}

/** @throws AppError NOT_ENOUGH_DATA with fewer than two entities */
export function testSequence(
  data: SequenceData,
  fitted: FittedSequence,
  { histories, at, seed, testFromMs }: TestSequenceOptions,
): TestedSequence {
  const entities = caseEntities(data.test);
  const { repeated } = data;
  const tested = (trial: SequenceTrial): TestedRecommender => ({
    trial,
    by: Object.fromEntries(
      histories.map((own) => [own, assessRanks(trial.ranks, own, { at, seed, entities, repeated })]),
    ),
  });
  const { chosen, decider } = fitted;
  const [history] = histories;
  const others = fitted.tried.filter((trial) => trial !== chosen);
  const model = tested(chosen);
  const differencesIn = (own: OwnHistory, keep?: Uint8Array): readonly Difference[] =>
    others.map((trial) => ({
      metric: decider,
      against: trial.recommender,
      score: compareRanks(chosen.ranks[own], trial.ranks[own], {
        metric: decider,
        entities,
        seed,
        ...(keep && { keep }),
      }),
    }));
  const facts: TestFacts = {
    ...data,
    history,
    at,
    candidates: data.train.itemIds.length,
    cases: data.test.targets.length,
    entities: new Set(entities).size,
    again: chosen.again,
    seed,
    ...(testFromMs !== undefined && { testFromMs }),
  };
  return {
    data,
    fitted,
    histories,
    model,
    beside: others.map(tested),
    differences: Object.fromEntries(
      histories.map((own): [OwnHistory, Differences] => [
        own,
        {
          all: differencesIn(own),
          ...(model.by[own]?.nonRepeat && { nonRepeat: differencesIn(own, freshOf(repeated)) }),
        },
      ]),
    ),
    facts,
    protocol: sequenceProtocol(facts),
  };
}
