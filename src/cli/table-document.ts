// What `table fit --json` prints: what was read, the scores beside the baselines, the protocol, what was found.
import { scoresById } from '../train/assess.ts';
import { metricsOf } from '../train/table/correct.ts';
import type { TableRun } from '../train/table/run-table.ts';
import { groupsDocument } from './groups-document.ts';
import { differencesDocument, leakageDocument } from './test-document.ts';

export function tableDocument(run: TableRun): Record<string, unknown> {
  const { prepared, fitted, protocol, version, report, seconds } = run;
  const { test, learned, leaks } = fitted;
  const [metric] = metricsOf(prepared.sample.question.kind, run.metric);
  return {
    target: prepared.meaning,
    model: learned.chosen.estimator.id,
    model_version: version.version,
    metrics: test.model.evaluation.scores,
    baselines: scoresById(test.baselines),
    differences: differencesDocument(test.comparisons),
    coverage_by_group: groupsDocument(report.groups),
    protocol,
    tested_by: test.by,
    ...(test.turns && { test_folds: test.turns }),
    chosen_in_folds: test.chosen,
    leaderboard: {
      metric,
      rows: learned.trials.map(({ estimator, evaluation, fitSeconds, predictMs }) => ({
        model: estimator.id,
        role: estimator.role,
        chosen: estimator === learned.chosen.estimator,
        ...evaluation.scores[metric],
        fit_seconds: fitSeconds,
        predict_ms_per_1000: predictMs,
      })),
      refused: learned.refused.map(({ id, reason }) => ({ model: id, reason })),
    },
    rows: {
      read: prepared.source.rows,
      without_target: prepared.withoutTarget,
      repeated: prepared.copies.repeated,
      kept_together: prepared.together,
    },
    columns: prepared.uses.map(({ column, use }) => ({
      name: column.name,
      kind: column.kind,
      use,
      reason: column.reason,
      missing: column.missing,
      distinct: column.distinct,
    })),
    leakage: leakageDocument(leaks),
    out: run.out,
    report: run.reportPath,
    seconds,
  };
}
