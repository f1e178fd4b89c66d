// Why a saved model answers as it does about some customers, in numbers that add up and in words.
import { type Frame, takeRows } from '../core/frame.ts';
import { FEATURE_GROUPS } from '../data/features/definition.ts';
import { calibratedPredictor } from '../explain/calibrated-predictor.ts';
import type { Explanation } from '../explain/contribution.ts';
import { eventReasons, type RowEventReasons } from '../explain/event-reasons.ts';
import { explainRows } from '../explain/explain-rows.ts';
import { type RowReasons, reasonsInWords } from '../explain/reasons.ts';
import type { LoadedBundle } from '../registry/bundle.ts';
import type { Predictions } from './batch.ts';

export interface ExplainedRows {
  readonly explanation: Explanation;
  readonly reasons: readonly RowReasons[];
  /** Which of their newest events it was, where the model reads them in order. */
  readonly events?: readonly RowEventReasons[];
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
  const predictor = calibratedPredictor(calibrated, predictions.asOf);
  const explanation = await explainRows(predictor, frame, { background, signal });
  const shown = {
    unit: task.kind === 'binary' ? 'probability' : 'money',
    currency: background.frame.currency,
    outcome: task.outcome,
  } as const;
  const reasons = reasonsInWords(explanation, {
    frame,
    background: background.frame,
    shown,
    groupNames: FEATURE_GROUPS,
    most,
  });
  if (!predictor.attributeEvents) return { explanation, reasons, frame };
  const at = predictions.subjects?.at;
  const events = eventReasons(await predictor.attributeEvents(frame, signal), {
    ...{ frame, shown, link: predictor.link },
    asOf: at ? rows.map((row) => at[row]) : predictions.asOf,
  });
  return { explanation, reasons, events, frame };
}
