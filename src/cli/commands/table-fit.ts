// foresell table fit: any table, one column to predict, the best model for it, tested.
import type { Command } from 'commander';
import { AppError } from '../../core/errors.ts';
import type { Name } from '../../core/name.ts';
import { parseSpan } from '../../core/time.ts';
import { checkWritable } from '../../data/output-place.ts';
import type { TableQuestion } from '../../data/table/target.ts';
import type { Settings } from '../../models/estimator.ts';
import { parsePreset } from '../../train/preset.ts';
import { AMOUNT_DECIDERS } from '../../train/table/correct.ts';
import { type RunTableOptions, runTable } from '../../train/table/run-table.ts';
import type { CommandFile } from '../command.ts';
import { type Context, positiveNumber } from '../context.ts';
import { runOf } from '../options.ts';
import { tableDocument } from '../table-document.ts';
import { sayTable } from '../table-text.ts';

const KINDS = ['binary', 'regression', 'multiclass'] as const;

export const tableFitCommand: CommandFile = {
  usage: 'table fit <data>',
  summary: 'learn one column of any CSV, NDJSON or Parquet table from the others, and test it',
  examples: [
    'foresell table fit sessions.csv --target Revenue --kind binary',
    'foresell table fit churn.csv.gz --target Churn --kind binary --drop CustomerID --time-limit 5m --out churn-model',
    'foresell table fit demand.parquet --target units --kind regression --time week --gap 1 --monotone price:-',
    'foresell table fit reviews.csv --target class --kind multiclass --group product_id --test held-out.csv --json',
  ],
  declare(command) {
    declareRoles(command)
      .option('--cv <folds>', 'folds of the test, and of the choice inside it', positiveNumber('--cv'), 5)
      .option('--repeats <n>', 'draw the folds this many times', positiveNumber('--repeats'), 1)
      .option('--test <file>', 'test on this file instead of cross-validation')
      .option('--holdout <share>', 'test on this share of the rows instead, such as .2')
      .option('--model <names>', 'auto, or models separated by commas', 'auto')
      .option('--preset <preset>', 'how hard to try: fast, good or best', 'good')
      .option(
        '--time-limit <span>',
        'for the whole command, test folds and report included, such as 5m: what would not end in time is left out and named',
      )
      .option(
        '--monotone <list>',
        'columns that only raise or only lower the answer, such as income:+,price:-',
      )
      .option(
        '--metric <metric>',
        'regression only: what decides, rmse (means, the default) or mae (medians)',
      )
      .option('--class-weight <weight>', 'how much a positive row counts in learning, beside 1 of the others')
      .option('--out <dir>', 'folder to save to', './foresell-table');
  },
  async run(context, [data], options) {
    const asked = fitOptions(context, data, options);
    checkWritable(asked.out, 'folder');
    const run = await runTable(asked).catch((error) => {
      throw inLanguage(error, context);
    });
    sayTable(context, run);
    context.document(tableDocument(run));
  },
};

/** A leak is refused in the person's language. */
export function inLanguage(error: unknown, { language, word }: Context): unknown {
  if (!(error instanceof AppError) || error.code !== 'LEAKAGE' || language === 'en') return error;
  const words = (error.details.words ?? []) as readonly Name[];
  return new AppError(error.code, `数据中含有答案：${words.map(word).join('；')}`, error.details, error);
}

function declareRoles(command: Command): Command {
  return command
    .option('--target <column>', 'the column to predict')
    .option('--kind <kind>', 'binary, regression or multiclass')
    .option('--positive <value>', 'the value of a binary target to predict')
    .option('--group <column>', 'rows of one group stay together, such as a customer’s')
    .option('--time <column>', 'learn from earlier rows, test on later ones')
    .option(
      '--gap <span>',
      'with --time: leave out rows this close before the test, such as 7d (or 1, where time is a number)',
    )
    .option('--weight <column>', 'how much each row counts')
    .option('--id <columns>', 'columns that name rows, separated by commas')
    .option('--drop <columns>', 'columns to leave out, separated by commas')
    .option(
      '--types <list>',
      'kinds of columns instead of those found, such as zip=category,day=date:%d/%m/%Y',
    )
    .option('--missing <texts>', 'texts that mean missing besides the usual ones, separated by commas');
}

function fitOptions(context: Context, data: string, options: Record<string, unknown>): RunTableOptions {
  const text = (option: string): string | undefined =>
    options[option] === undefined ? undefined : String(options[option]);
  const list = (option: string): readonly string[] => listOf(text(option));
  const target = text('target');
  if (target === undefined) throw new AppError('USAGE', 'expected --target COLUMN, the column to predict');
  const kind = kindOf(text('kind'));
  if (text('test') !== undefined && text('holdout') !== undefined)
    throw new AppError('USAGE', 'expected --test or --holdout, got both');
  const gap = text('gap');
  if (gap !== undefined && text('time') === undefined)
    throw new AppError('USAGE', '--gap needs --time COLUMN, the column rows are parted by');
  const limit = text('timeLimit');
  const holdout = text('holdout');
  const cv = Number(options.cv);
  if (cv < 2) throw new AppError('USAGE', `--cv: expected at least 2 folds, got ${cv}`);
  return {
    data,
    out: String(options.out),
    target,
    kind,
    positive: text('positive'),
    group: text('group'),
    time: text('time'),
    weight: text('weight'),
    ids: list('id'),
    drop: list('drop'),
    types: pairsOf(text('types'), '=', '--types'),
    missing: list('missing'),
    models: modelsOf(String(options.model)),
    preset: parsePreset(String(options.preset)),
    settings: settingsOf(text('monotone'), text('classWeight')),
    ...deciderOf(text('metric'), kind),
    folds: cv,
    repeats: Number(options.repeats),
    ...(gap === undefined ? {} : { gap }),
    testFile: text('test'),
    ...(holdout === undefined ? {} : { holdout: shareOf(holdout) }),
    ...(limit === undefined ? {} : { timeLimitMs: parseSpan(limit) }),
    ...runOf(context),
  };
}

export const listOf = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** @throws AppError USAGE */
export function kindOf(kind: string | undefined): TableQuestion {
  const known = KINDS.find((own) => own === kind);
  if (known) return known;
  const got = kind === undefined ? 'none' : `"${kind}"`;
  throw new AppError('USAGE', `expected --kind ${KINDS.join(', ')}, got ${got}`);
}

/** `a=x,b=y` as an object. @throws AppError USAGE for a part without the mark */
export function pairsOf(
  text: string | undefined,
  mark: string,
  option: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    listOf(text).map((part) => {
      const at = part.indexOf(mark);
      if (at > 0 && at < part.length - 1) return [part.slice(0, at), part.slice(at + 1)];
      throw new AppError('USAGE', `${option}: expected COLUMN${mark}VALUE, got "${part}"`);
    }),
  );
}

function settingsOf(monotone: string | undefined, classWeight: string | undefined): Settings {
  const settings: Record<string, number | string | boolean> = {};
  for (const part of listOf(monotone)) {
    if (!/:[+-]$/.test(part))
      throw new AppError('USAGE', `--monotone: expected COLUMN:+ or COLUMN:-, got "${part}"`);
  }
  if (monotone !== undefined) {
    settings.monotone = listOf(monotone)
      .map((part) => `${part.slice(0, -2)}=${part.endsWith('+') ? '+1' : '-1'}`)
      .join(', ');
  }
  if (classWeight !== undefined) {
    if (!(Number(classWeight) > 0))
      throw new AppError('USAGE', `--class-weight: expected a number above 0, got "${classWeight}"`);
    settings.classWeights = `1, ${Number(classWeight)}`;
  }
  return settings;
}

/** @throws AppError USAGE for another metric, or for another kind of question */
function deciderOf(text: string | undefined, kind: TableQuestion): Pick<RunTableOptions, 'metric'> {
  if (text === undefined) return {};
  if (kind !== 'regression')
    throw new AppError('USAGE', `--metric is for --kind regression; log loss decides for ${kind}`);
  const metric = AMOUNT_DECIDERS.find((own) => own === text);
  if (metric) return { metric };
  throw new AppError('USAGE', `--metric: expected ${AMOUNT_DECIDERS.join(' or ')}, got "${text}"`);
}

export function shareOf(text: string): number {
  const share = Number(text);
  if (share > 0 && share <= 0.5) return share;
  throw new AppError('USAGE', `--holdout: expected a share above 0 and up to .5, got "${text}"`);
}

function modelsOf(text: string): 'auto' | readonly string[] {
  const names = listOf(text);
  if (names.length === 1 && names[0] === 'auto') return 'auto';
  if (names.length === 0 || names.includes('auto'))
    throw new AppError('USAGE', `--model: expected auto, or model names separated by commas, got "${text}"`);
  return names;
}
