// Why the rows of a table got their answers, as columns of words beside them.
import { type Frame, takeRows } from '../core/frame.ts';
import type { Language } from '../core/name.ts';
import type { WrittenColumn } from '../data/table/write-table.ts';
import { explainRows } from '../explain/explain-rows.ts';
import { reasonsInWords } from '../explain/reasons.ts';
import { tablePredictor } from '../explain/table-predictor.ts';
import type { LoadedTable } from '../registry/table-bundle.ts';

/** Rows explained at a time, so that a large file needs no large memory. */
const BATCH = 2000;

/** `reason_1`, `reason_2`, …: the strongest first, `''` where a row has fewer. */
export async function tableReasons(
  bundle: LoadedTable,
  frame: Frame,
  { most, language, signal }: { most: number; language: Language; signal?: AbortSignal },
): Promise<readonly WrittenColumn[]> {
  const words = Array.from({ length: most }, () => new Array<string>(frame.rows).fill(''));
  const unit = bundle.target.kind === 'regression' ? 'none' : 'probability';
  for (let from = 0; from < frame.rows; from += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, frame.rows - from) }, (_, i) => from + i);
    const part = takeRows(frame, rows);
    const explanation = await explainRows(tablePredictor(bundle.table), part, {
      background: bundle.background,
      signal,
    });
    const told = reasonsInWords(explanation, {
      frame: part,
      background: bundle.background.frame,
      shown: { unit, currency: '', outcome: 'other' },
      most,
    });
    told.forEach(({ reasons }, i) => {
      reasons.slice(0, most).forEach((reason, at) => {
        words[at][from + i] = reason.words[language];
      });
    });
  }
  return words.map((values, at) => ({ name: `reason_${at + 1}`, values }));
}
