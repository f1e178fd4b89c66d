// foresell train: one training run of one task.
import { relative } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { type Name, name } from '../../core/name.ts';
import { parseSpan } from '../../core/time.ts';
import type { Workspace } from '../../data/workspace.ts';
import { isMissing } from '../../report/document.ts';
import { metricWords } from '../../report/metric-words.ts';
import { isTextTask, TEXT_TASKS } from '../../tasks/text-task.ts';
import { parsePreset } from '../../train/preset.ts';
import { loadTrunk } from '../../train/pretrained.ts';
import { readTried } from '../../train/repeat.ts';
import { type TrainingResult, trainTask } from '../../train/run.ts';
import type { CommandFile } from '../command.ts';
import type { Context } from '../context.ts';
import { isNextItem, runTrainNextItem } from '../next-item.ts';
import {
  asOfOf,
  featuresOf,
  horizonOf,
  shownMoment,
  taskOf,
  typedCommand,
  withAsOf,
  withHorizon,
  workspaceOf,
} from '../options.ts';
import { sayScores } from '../scores-text.ts';
import { READER_OPTIONS, withReaderOptions } from '../sequence-options.ts';
import { runTrainTextTask, TEXT_TRAIN_OPTIONS, withTextTrainOptions } from '../text-tasks.ts';

import { trainingDocument } from '../training-document.ts';

export const trainCommand: CommandFile = {
  usage: 'train <task>',
  summary: 'train, compare and test models for one question, then save the best one',
  examples: [
    'foresell train purchase',
    'foresell train spend --horizon 30d --preset best --time-limit 5m',
    'foresell train churn --as-of 2011-06-11 --horizon 90d --model logistic,bg-nbd --json',
    'foresell train next-item --model item-knn,sequential-rules --events view,purchase',
    'foresell train next-item --model transformer --encoder sentence-transformers/all-MiniLM-L6-v2',
    'foresell train satisfaction --encoder own --as recommend --at-least 4',
    'foresell train query-purchase --horizon 1d --encoder sentence-transformers/all-MiniLM-L6-v2 --method lora',
  ],
  declare(command) {
    withHorizon(withAsOf(command, 'moment of the test (default: the latest whose horizon the log covers)'))
      .option('--model <names>', 'auto, or models separated by commas', 'auto')
      .option(
        '--preset <name>',
        'fast: three quick models; good: every model worth trying; best: settings searched, the best bagged',
        'good',
      )
      .option(
        '--time-limit <span>',
        'for the whole command, such as 5m: what would not end in time is left out and named (default: none)',
      )
      .option('--repeat <version>', 'try exactly what an earlier version tried, searches included')
      .option(
        '--pretrained <version>',
        'behaviour transformers build on this trunk of "pretrain", such as latest, instead of learning one in each fit',
      )
      .option('--features <file>', 'a YAML file with features of your own, added to the default ones')
      .option('--no-promote', 'save the new version but let the present one keep answering')
      .option('--by <entity>', 'next-item: whose events belong together, user (the default) or session')
      .option(
        '--events <types>',
        'next-item: which events, such as view,purchase (default: all with an item)',
      );
    withTextTrainOptions(withReaderOptions(command));
  },
  async run(context, [taskName], options) {
    if (isNextItem(taskName)) return runTrainNextItem(context, options);
    if (isTextTask(taskName)) return runTrainTextTask(context, taskName, options);
    refuseNextItemOptions(options);
    const workspace = workspaceOf(context);
    const task = taskOf(workspace, taskName);
    const repeat =
      options.repeat === undefined
        ? undefined
        : readTried(workspace, { task: task.name, reference: String(options.repeat) });
    const trunk = options.pretrained ?? repeat?.trunk;
    const result = await trainTask(workspace, {
      task,
      horizonDays: horizonOf(options),
      asOf: asOfOf(workspace, options),
      models: modelsOf(String(options.model)),
      preset: parsePreset(String(options.preset)),
      ...(repeat && { repeat }),
      timeLimitMs: options.timeLimit === undefined ? undefined : parseSpan(String(options.timeLimit)),
      ...(trunk === undefined ? {} : { pretrained: loadTrunk(workspace, String(trunk)) }),
      features: featuresOf(options.features),
      promote: options.promote !== false,
      command: typedCommand(),
      language: context.language,
      seed: context.seed,
      threads: context.threads,
      now: Date.now,
      progress: context.progress,
      signal: context.signal,
    });
    sayTraining(context, result, workspace);
    context.document(trainingDocument(result));
  },
};

function refuseNextItemOptions(options: Record<string, unknown>): void {
  const stray = ['by', 'events', ...READER_OPTIONS].find((option) => options[option] !== undefined);
  if (stray !== undefined)
    throw new AppError('USAGE', `--${stray.replace('imageE', 'image-e')} is for "next-item"`);
  const ofTexts = TEXT_TRAIN_OPTIONS.find((option) => options[option] !== undefined);
  if (ofTexts !== undefined)
    throw new AppError(
      'USAGE',
      `--${ofTexts.replace('atL', 'at-l')} is for ${TEXT_TASKS.map(({ name }) => name).join(', ')}`,
    );
}

function modelsOf(text: string): 'auto' | readonly string[] {
  const names = text.split(',').map((part) => part.trim());
  if (names.length === 1 && names[0] === 'auto') return 'auto';
  if (names.some((part) => part === '' || part === 'auto')) {
    throw new AppError('USAGE', `--model: expected auto, or model names separated by commas, got "${text}"`);
  }
  return names;
}

/** The run for a person: leaderboard, test metrics, what was found, where the report is. */
export function sayTraining(context: Context, result: TrainingResult, workspace: Workspace): void {
  const { report, version, reportPath, leaks, currency } = result;
  const zh = context.language === 'zh';
  const { protocol } = report;
  context.say(`\n${context.word(report.title)}: ${context.word(report.question)}`);
  const tested =
    protocol && !isMissing(protocol)
      ? protocol.test_as_of.map((moment) => shownMoment(workspace, moment)).join(', ')
      : '';
  sayScores(context, { report, tested, found: leaks, currency });
  for (const warning of warningsOf(result)) context.say(`\n! ${context.word(warning)}`);
  context.say(
    zh
      ? `\n已保存 ${version.task} ${version.version}${version.promoted ? '（当前使用）' : ''}\n报告：${relative(process.cwd(), reportPath)}`
      : `\nsaved ${version.task} ${version.version}${version.promoted ? ' (answers now)' : ''}\nreport: ${relative(process.cwd(), reportPath)}`,
  );
}

/** What a reader of the tables should not overlook: a baseline that answers, or one that was better on the test. */
function warningsOf({ assessment }: TrainingResult): Name[] {
  const { chosen, comparisons } = assessment;
  const warnings: Name[] = [];
  if (chosen.estimator.role === 'baseline') {
    warnings.push(
      name(
        `"${chosen.estimator.id}" is a baseline: no model was asked for, or none could be fitted`,
        `“${chosen.estimator.id}”是基线：未指定模型，或没有模型能够拟合`,
      ),
    );
  }
  for (const { against, comparison } of comparisons) {
    if (comparison.better !== 'second') continue;
    const metric = metricWords(comparison.metric).label;
    warnings.push(
      name(
        `on the test the baseline "${against.id}" was better on ${metric.en}: the interval of the difference leaves out zero`,
        `测试中基线“${against.id}”的${metric.zh}更好：差值区间不含零`,
      ),
    );
  }
  return warnings;
}
