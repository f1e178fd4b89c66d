// `train` and `predict` of questions about a shop's texts: satisfaction, purchases after searches and after messages.
import { rmSync } from 'node:fs';
import type { Command } from 'commander';
import { AppError } from '../core/errors.ts';
import type { Name } from '../core/name.ts';
import { DAY_MS, formatMoment, parseSpan } from '../core/time.ts';
import { withLake } from '../data/lake/open.ts';
import { erasedSince } from '../data/lake/read.ts';
import { writeTable } from '../data/table/write-table.ts';
import { readTextEvents } from '../data/texts/text-events.ts';
import { workspacePaths } from '../data/workspace.ts';
import { TEXT_METHODS } from '../models/text/methods.ts';
import { TEXT_DEFAULTS } from '../models/text/settings.ts';
import { loadTextTask } from '../registry/text-task-bundle.ts';
import { answerTexts } from '../serve/text-tasks/answer-texts.ts';
import { type TextTask, textTaskNamed } from '../tasks/text-task.ts';
import type { EnterService, RetrainingResult } from '../train/retrain/conclude.ts';
import { retrainTextTask } from '../train/retrain/retrain-text-task.ts';
import { OWN } from '../train/text/encoder-choice.ts';
import {
  type TextTaskRun,
  type TrainTextTaskOptions,
  trainTextTask,
} from '../train/text-task/train-text-task.ts';
import { inLanguage, listOf } from './commands/table-fit.ts';
import { ownOf, toldOf } from './commands/text-fit.ts';
import { type Context, positiveNumber } from './context.ts';
import { encoderOf } from './encoder-options.ts';
import { asOfOf, horizonOf, runOf, workspaceOf } from './options.ts';
import { sayScores, splitShown } from './scores-text.ts';
import { tableDocument } from './table-document.ts';
import { tableOutOf } from './table-output.ts';

/** What is typed for these tasks alone, as commander keeps it; `--encoder` is of "next-item", too. */
export const TEXT_TRAIN_OPTIONS = ['as', 'atLeast', 'method', 'own', 'set'] as const;
export const TEXT_PREDICT_OPTIONS = ['words', 'since'] as const;

export const withTextTrainOptions = (command: Command): Command =>
  command
    .option('--as <answer>', 'satisfaction: recommend (yes or no, the default) or rating (the number itself)')
    .option('--at-least <rating>', 'satisfaction: from this rating on a review recommends (default: 4)')
    .option(
      '--method <methods>',
      `texts: how the encoder is fine-tuned, separated by commas: ${TEXT_METHODS.map(({ id }) => id).join(', ')} (default: full)`,
    )
    .option('--own <list>', 'texts: settings of the own encoder, such as width=192,blocks=4,epochs=30')
    .option('--set <list>', 'texts: settings of the method, such as rank=16,epochs=3,length=128');

export const withTextPredictOptions = (command: Command): Command =>
  command
    .option(
      '--words <n>',
      'texts: name so many words that mattered for each answer',
      positiveNumber('--words'),
    )
    .option('--since <moment>', 'texts: only those written after this moment, such as 2026-03-01');

const RATED_ALONE = ['as', 'atLeast'];
const NOT_OF_TEXTS: Readonly<Record<'train' | 'predict', readonly string[]>> = {
  train: ['repeat', 'pretrained', 'features', 'by', 'events', 'images', 'imageEncoder'],
  predict: [
    'segment',
    'segmentBy',
    'excludeSeen',
    'candidates',
    'images',
    'imageEncoder',
    'encoder',
    'filter',
    'diversity',
    'longTail',
  ],
};

/** @throws AppError USAGE for an option that is of other tasks */
function refuseOthers(task: TextTask, options: Record<string, unknown>, names: readonly string[]): void {
  const stray = names.find((option) => options[option] !== undefined);
  if (stray === undefined) return;
  const flag = stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new AppError('USAGE', `--${flag}: not an option of "${task.name}"`);
}

/** As typed; what is not said is the default. @throws AppError USAGE; NOT_FOUND, TAMPERED for an encoder that was not pulled */
async function textTaskOptions(
  context: Context,
  task: TextTask,
  options: Record<string, unknown>,
): Promise<Omit<TrainTextTaskOptions, 'promote' | 'asOf'>> {
  const horizonDays = horizonOf(options);
  const text = (option: string): string | undefined =>
    options[option] === undefined ? undefined : String(options[option]);
  const limit = text('timeLimit');
  return {
    task,
    as: answerOf(text('as')),
    atLeast: ratingOf(text('atLeast')),
    horizonMs: horizonDays === undefined ? (task.horizonMs ?? 0) : horizonDays * DAY_MS,
    encoder: (await encoderOf(context, options)) ?? OWN,
    methods: listOf(text('method') ?? 'full'),
    blended: true,
    told: toldOf({ pooling: 'encoder', length: 256, epochs: TEXT_DEFAULTS.epochs, balance: 0, ...options }),
    own: ownOf(text('own')),
    ...(limit !== undefined && { timeLimitMs: parseSpan(limit) }),
    ...runOf(context),
  };
}

export async function runRetrainTextTask(
  context: Context,
  name: string,
  { timeLimit, service }: { readonly timeLimit: unknown; readonly service: EnterService },
): Promise<RetrainingResult> {
  const asked = await textTaskOptions(context, textTaskNamed(name), { timeLimit });
  return retrainTextTask(workspaceOf(context), { ...asked, service }).catch((error) => {
    throw tooFew(inLanguage(error, context), context);
  });
}

export async function runTrainTextTask(
  context: Context,
  name: string,
  options: Record<string, unknown>,
): Promise<void> {
  const task = textTaskNamed(name);
  const rated = task.answer === 'rating';
  refuseOthers(task, options, [...NOT_OF_TEXTS.train, ...(rated ? ['horizon'] : RATED_ALONE)]);
  if (options.model !== undefined && options.model !== 'auto')
    throw new AppError('USAGE', `--model: "${task.name}" is asked of texts; use --method and --encoder`);
  const workspace = workspaceOf(context);
  const asOf = asOfOf(workspace, options);
  const run = await trainTextTask(workspace, {
    ...(await textTaskOptions(context, task, options)),
    ...(asOf !== undefined && { asOf }),
    promote: options.promote !== false,
  }).catch((error) => {
    throw tooFew(inLanguage(error, context), context);
  });
  sayRun(context, run);
  context.document(runDocument(run));
}

/** That there is too little is said in the person's language. */
function tooFew(error: unknown, { language, word }: Context): unknown {
  if (!(error instanceof AppError) || error.code !== 'NOT_ENOUGH_DATA' || language === 'en') return error;
  const words = (error.details.words ?? []) as readonly Name[];
  return words.length === 0
    ? error
    : new AppError(error.code, words.map(word).join('；'), error.details, error);
}

function answerOf(text: string | undefined): 'recommend' | 'rating' {
  if (text === undefined || text === 'recommend') return 'recommend';
  if (text === 'rating') return 'rating';
  throw new AppError('USAGE', `--as: expected recommend or rating, got "${text.slice(0, 40)}"`);
}

/** Ratings of five stars: four and five recommend. */
export const RECOMMENDS = 4;

function ratingOf(text: string | undefined): number {
  if (text === undefined) return RECOMMENDS;
  const rating = Number(text);
  if (text.trim() !== '' && Number.isFinite(rating)) return rating;
  throw new AppError('USAGE', `--at-least: expected a rating such as 4, got "${text.slice(0, 40)}"`);
}

function runDocument(run: TextTaskRun): Record<string, unknown> {
  const { question, split } = run;
  const { task, as, atLeast, horizonMs } = question;
  const { columns: _, target, rows: __, ...rest } = tableDocument(run);
  return {
    task: task.name,
    ...(task.answer === 'rating'
      ? { as, ...(as === 'recommend' && { at_least: atLeast }) }
      : { horizon_days: horizonMs / DAY_MS }),
    ...rest,
    target,
    texts: { read: run.prepared.source.rows, learned_from: split.train.length, tested: split.test.length },
    split_by: split.by,
    seen_until: formatMoment(split.seenUntilMs),
    promoted: run.version.promoted,
  };
}

function sayRun(
  context: Context,
  { report, fitted, version, reportPath, prepared, split }: TextTaskRun,
): void {
  const zh = context.language === 'zh';
  context.say(`\n${context.word(report.title)}: ${context.word(report.question)}`);
  context.say(
    zh
      ? `训练 ${split.train.length} 条文本，测试 ${split.test.length} 条；所答：${context.word(prepared.meaning.words)}`
      : `${split.train.length} texts learned from, ${split.test.length} tested; answered: ${context.word(prepared.meaning.words)}`,
  );
  const tested = splitShown(context, report);
  sayScores(context, { report, tested, found: fitted.leaks, about: 'rows' });
  context.say(
    zh
      ? `\n已保存 ${version.task} ${version.version}${version.promoted ? '（当前使用）' : ''}\n报告：${reportPath}`
      : `\nsaved ${version.task} ${version.version}${version.promoted ? ' (answers now)' : ''}\nreport: ${reportPath}`,
  );
}

/** Everybody's texts by the moment; of purchases those whose horizon is still open, unless told since when. */
export async function runPredictTextTask(
  context: Context,
  name: string,
  options: Record<string, unknown>,
): Promise<void> {
  const task = textTaskNamed(name);
  refuseOthers(task, options, NOT_OF_TEXTS.predict);
  const out = tableOutOf(options);
  if (out === undefined)
    throw new AppError('USAGE', 'expected --out FILE ending in .csv, .ndjson or .parquet');
  const workspace = workspaceOf(context);
  const saved = loadTextTask(
    workspacePaths.models(workspace),
    task.name,
    options.modelVersion as string | undefined,
  );
  await withLake(workspace, context, async (engine, source) => {
    const asOf = asOfOf(workspace, options) ?? source.lastMs;
    const since = asOfOf(workspace, { asOf: options.since });
    const afterMs = since ?? (saved.horizonDays > 0 ? asOf - saved.horizonDays * DAY_MS : undefined);
    const events = await readTextEvents(engine, source, {
      ...{ types: task.asked, column: task.column, untilMs: asOf, signal: context.signal },
      ...(afterMs !== undefined && { afterMs }),
    });
    const columns = await answerTexts(saved, events, {
      ...{ asOf, words: options.words === undefined ? 0 : Number(options.words), signal: context.signal },
      ...(options.top !== undefined && { top: Number(options.top) }),
    });
    await writeTable(engine, out, columns);
    if (erasedSince(workspace, source)) {
      // Thrown inside `withLake`, this begins anew on the lake without the customer.
      rmSync(out, { force: true });
      throw new AppError('BUSY', 'a customer was erased meanwhile: run the same command again');
    }
    const rows = columns[0].values.length;
    context.document({
      task: task.name,
      model: saved.table.model.estimator,
      model_version: saved.version.version,
      as_of: formatMoment(asOf),
      ...(afterMs !== undefined && { since: formatMoment(afterMs) }),
      ...(saved.horizonDays > 0 && { horizon_days: saved.horizonDays }),
      unit: saved.target.kind === 'regression' ? 'rating' : 'share',
      ...{ rows, asked: events.ids.length, columns: columns.map((column) => column.name), out },
      protocol: saved.protocol,
      metrics: saved.scores,
      baselines: saved.baselines,
    });
    const count = rows.toLocaleString('en-US');
    context.say(
      context.language === 'zh'
        ? `已写入 ${count} 行：${out}（模型 ${saved.version.version}）`
        : `${count} rows in ${out} (model ${saved.version.version})`,
    );
  });
}
