// foresell text predict: answers about the texts of another file, by a model `text fit` saved.
import type { CommandFile } from '../command.ts';
import { positiveNumber } from '../context.ts';
import { predictRows } from './table-predict.ts';

export const textPredictCommand: CommandFile = {
  usage: 'text predict <dir> <data>',
  summary: 'write an answer for each text of a file, in its order, with the words that mattered if asked',
  examples: [
    'foresell text predict reviews-model new-reviews.csv --out answers.csv',
    'foresell text predict reviews-model new-reviews.csv --id review_id --words 5 --out answers.ndjson',
  ],
  declare(command) {
    command
      .option('--out <file>', 'file ending in .csv, .ndjson or .parquet')
      .option('--id <columns>', 'columns of the file to keep beside the answers, separated by commas')
      .option('--words <n>', 'name so many words that mattered for each answer', positiveNumber('--words'));
  },
  run: (context, [dir, data], options) =>
    predictRows(
      context,
      { dir, data, ...(options.words !== undefined && { words: Number(options.words) }) },
      options,
    ),
};
