// A saved model of texts asked about texts that come with the question: one answer a text, with the words that mattered.
import { AppError } from '../../core/errors.ts';
import { wordsThatMattered } from '../../explain/text-words.ts';
import { answerTable } from '../../models/table-model.ts';
import { textFrame } from '../../models/text/texts.ts';
import type { LoadedTextTask } from '../../registry/text-task-bundle.ts';
import type { Prediction, TellingWord } from '../api.ts';
import type { TextAnswerer } from '../ports.ts';

export interface TextAnswererParts {
  /** Models in service, one a task. */
  readonly bundles: readonly LoadedTextTask[];
  /** UTC ms. */
  readonly now: () => number;
  readonly newId: () => string;
}

export function openTextAnswerer({ bundles, now, newId }: TextAnswererParts): TextAnswerer {
  const served = new Map(bundles.map((bundle) => [bundle.task.name, bundle]));
  return {
    tasks: [...served.keys()],
    async answer({ task, texts, words = 0 }) {
      const bundle = served.get(task);
      if (!bundle)
        throw new AppError('NOT_FOUND', `no model of "${task}" is in service: foresell train ${task}`);
      const { value, low, high, called } = await answerTable(bundle.table, textFrame(texts));
      const asOf = now();
      const isAmount = bundle.target.kind === 'regression';
      const predictions: Prediction[] = [];
      for (let row = 0; row < texts.length; row++)
        predictions.push({
          prediction_id: newId(),
          task,
          value: value[row],
          unit: isAmount ? 'rating' : 'probability',
          ...(low && high && { low: low[row], high: high[row] }),
          ...(called && { called: called[row] ? 'yes' : 'no' }),
          ...(words > 0 && { words: await tellingWords(bundle, texts[row], words) }),
          horizon_days: bundle.horizonDays,
          model_version: bundle.version.version,
          as_of: asOf,
        });
      return predictions;
    },
  };
}

async function tellingWords(
  { table }: LoadedTextTask,
  text: string,
  most: number,
): Promise<readonly TellingWord[]> {
  const margins = (variants: readonly string[]) => table.model.margin(textFrame(variants));
  const words = await wordsThatMattered(text, { margins, most });
  return words.map((word) => ({ word: word.text, worth: word.worth }));
}
