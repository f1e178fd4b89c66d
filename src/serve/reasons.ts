// Why a saved model answers as it does about some customers, in numbers that add up and in words.
import { type Frame, takeRows } from '../core/frame.ts';
import { FEATURE_GROUPS } from '../data/features/definition.ts';
import { calibratedPredictor } from '../explain/calibrated-predictor.ts';
import type { Explanation } from '../explain/contribution.ts';
import { explainRows } from '../explain/explain-rows.ts';
import { type RowReasons, reasonsInWords } from '../explain/reasons.ts';
import type { LoadedBundle } from '../registry/bundle.ts';
import type { Predictions } from './batch.ts';

export interface ExplainedRows {
  readonly explanation: Explanation;
  readonly reasons: readonly RowReasons[];
  readonly frame: Frame;
}

/** @param rows row numbers of the predictions to explain; a handful, each costs a model call or thousands */
export async function explainPredictions(
  bundle: LoadedBundle,
  predictions: Predictions,
  { rows, most = 5, signal }: { rows: readonly number[]; most?: number; signal?: AbortSignal },
): Promise<ExplainedRows> {
  const frame = takeRows(predictions.frame, rows);
  const { background, calibrated, task } = bundle;
  const explanation = await explainRows(calibratedPredictor(calibrated, predictions.asOf), frame, {
    background,
    signal,
  });
  const reasons = reasonsInWords(explanation, {
    frame,
    background: background.frame,
    shown: {
      unit: task.kind === 'binary' ? 'probability' : 'money',
      currency: background.frame.currency,
      outcome: task.outcome,
    },
    groupNames: FEATURE_GROUPS,
    most,
  });
  return { explanation, reasons, frame };
}
