// Why the rows of a table got their answers, as columns of words beside them.
import { type Frame, takeRows } from '../core/frame.ts';
import type { Language } from '../core/name.ts';
import type { WrittenColumn } from '../data/table/write-table.ts';
import { chanceOf } from '../explain/effect-words.ts';
import { reasonsInWords } from '../explain/reasons.ts';
import { explainTableRows } from '../explain/table-rows.ts';
import type { LoadedTable } from '../registry/table-bundle.ts';

/** Rows explained at a time, so that a large file needs no large memory. */
const BATCH = 2000;

/** `reason_1`, `reason_2`, …: the strongest first, `''` where a row has fewer; of classes, for the one called. */
export async function tableReasons(
  bundle: LoadedTable,
  frame: Frame,
  { most, language, signal }: { most: number; language: Language; signal?: AbortSignal },
): Promise<readonly WrittenColumn[]> {
  const words = Array.from({ length: most }, () => new Array<string>(frame.rows).fill(''));
  const { kind, classes } = bundle.target;
  const unit = kind === 'regression' ? 'none' : 'probability';
  for (let from = 0; from < frame.rows; from += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, frame.rows - from) }, (_, i) => from + i);
    const explained = await explainTableRows(bundle.table, takeRows(frame, rows), {
      background: bundle.background,
      signal,
    });
    for (const { rows: places, frame: part, called, explanation } of explained) {
      const own = called === undefined ? undefined : classes?.[called];
      const told = reasonsInWords(explanation, {
        frame: part,
        background: bundle.background.frame,
        shown: {
          unit,
          currency: '',
          outcome: 'other',
          ...(own === undefined ? {} : { noun: chanceOf(own) }),
        },
        most,
      });
      told.forEach(({ reasons }, i) => {
        reasons.slice(0, most).forEach((reason, at) => {
          words[at][from + places[i]] = reason.words[language];
        });
      });
    }
  }
  return words.map((values, at) => ({ name: `reason_${at + 1}`, values }));
}
