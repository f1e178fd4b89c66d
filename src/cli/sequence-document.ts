// What `sequence fit --json` prints: the scores beside every other recommender, both ways to count, the protocol.
import type { Scores } from '../eval/score.ts';
import type { OwnHistory } from '../train/sequence/assess-ranks.ts';
import type { SequenceRun } from '../train/sequence/run-sequence.ts';
import type { Difference, TestedRecommender } from '../train/sequence/test-sequence.ts';

export function sequenceDocument(run: SequenceRun): Record<string, unknown> {
  const { data, fitted, histories, model, beside, differences, protocol, version } = run;
  const { recommender } = fitted.chosen;
  const [first] = histories;
  return {
    model: recommender.id,
    learned_again: fitted.chosen.again,
    model_version: version.version,
    own_history: first,
    ...scoresIn(first, model, beside),
    by_own_history: Object.fromEntries(
      histories.map((own) => [
        own,
        { ...scoresIn(own, model, beside), differences: shownDifferences(differences[own]?.all) },
      ]),
    ),
    differences: shownDifferences(differences[first]?.all),
    protocol,
    leaderboard: {
      metric: fitted.decider,
      rows: fitted.trials.map(({ recommender: own, valid, fitSeconds, casesPerSecond }) => ({
        model: own.id,
        role: own.role,
        chosen: own === recommender,
        ...valid,
        fit_seconds: fitSeconds,
        cases_per_second: casesPerSecond,
      })),
      refused: fitted.refused.map(({ recommender: own, reason }) => ({ model: own.id, reason })),
    },
    data: {
      users: data.counts.entities,
      items: data.counts.items,
      interactions: data.counts.interactions,
      longest: data.counts.longest,
      passed_over: data.passedOver,
      not_asked: data.notAsked,
      cases: data.test.targets.length,
      repeated_targets: data.repeated.reduce((sum, one) => sum + one, 0),
      unknown_targets: data.unknownTargets,
    },
    out: run.out,
    report: run.reportPath,
    seconds: run.seconds,
  };
}

const shownDifferences = (differences: readonly Difference[] = []) =>
  differences.map(({ metric, against, score }) => ({ metric, against: against.id, ...score }));

/** Metrics and baselines of one way to count, all cases and those that repeat nothing. */
function scoresIn(
  history: OwnHistory,
  model: TestedRecommender,
  beside: readonly TestedRecommender[],
): Record<string, unknown> {
  const named = (pick: (tested: TestedRecommender) => Scores | undefined): Record<string, Scores> =>
    Object.fromEntries(
      beside.flatMap((tested): [string, Scores][] => {
        const scores = pick(tested);
        return scores ? [[tested.trial.recommender.id, scores]] : [];
      }),
    );
  const own = model.by[history];
  return {
    metrics: own?.scores,
    baselines: named(({ by }) => by[history]?.scores),
    ...(own?.nonRepeat && {
      non_repeat: { metrics: own.nonRepeat, baselines: named(({ by }) => by[history]?.nonRepeat) },
    }),
  };
}
