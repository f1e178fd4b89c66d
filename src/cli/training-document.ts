// What `train --json` and `evaluate --json` print: scores, baselines and the protocol, in the documented shape.
import { isMissing } from '../report/document.ts';
import { scoresById } from '../train/assess.ts';
import type { TrainingResult } from '../train/run.ts';
import { groupsDocument } from './groups-document.ts';
import { differencesDocument, leakageDocument } from './test-document.ts';

export function trainingDocument(result: TrainingResult): Record<string, unknown> {
  const { version, report, reportPath, leaks, assessment, seconds } = result;
  const { leaderboard, groups } = report;
  return {
    task: version.task,
    model_version: version.version,
    promoted: version.promoted,
    model: assessment.chosen.estimator.id,
    horizon_days: (version.settings as { horizonDays: number }).horizonDays,
    metrics: assessment.chosen.evaluation.scores,
    baselines: scoresById(assessment.baselines),
    differences: differencesDocument(assessment.comparisons),
    coverage_by_group: groupsDocument(groups),
    protocol: assessment.protocol,
    leaderboard:
      leaderboard && !isMissing(leaderboard)
        ? {
            metric: leaderboard.metric,
            rows: leaderboard.rows.map(({ id, role, chosen, score, fitSeconds, predictMs, settings }) => ({
              model: id,
              role,
              chosen,
              ...score,
              fit_seconds: fitSeconds,
              predict_ms: predictMs,
              ...(settings ? { settings } : {}),
            })),
            refused: leaderboard.refused.map(({ id, reason }) => ({ model: id, reason })),
          }
        : null,
    preset: (version.settings as { preset: string }).preset,
    trials: (version.settings as { trials: readonly string[] }).trials,
    searches: (version.settings as { searches: unknown }).searches,
    leakage: leakageDocument(leaks),
    features_left_out: result.leftOut,
    eligibility: report.eligibility,
    report: reportPath,
    seconds,
  };
}
