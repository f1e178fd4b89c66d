// One training run of a question about a shop's texts, start to end: read, part, check, learn, test, save, report.
import { join } from 'node:path';
import type { Language } from '../../core/name.ts';
import type { Progress } from '../../core/progress.ts';
import { withLake } from '../../data/lake/open.ts';
import { readSnapshot } from '../../data/lake/snapshot.ts';
import { withLock } from '../../data/lock.ts';
import { type Workspace, workspacePaths } from '../../data/workspace.ts';
import { drawBackground, withoutTexts } from '../../explain/background.ts';
import { promote } from '../../registry/promotion.ts';
import { markErasures } from '../../registry/versions.ts';
import { isMissing } from '../../report/document.ts';
import { textQuestionOf } from '../../tasks/text-task.ts';
import { learningDeadline } from '../expected-time.ts';
import { writeReport } from '../report-file.ts';
import type { PreparedTable } from '../table/prepare-table.ts';
import type { TableRun } from '../table/run-table.ts';
import { tablePage } from '../table/table-page.ts';
import { tableReport } from '../table/table-report.ts';
import { checkEncoderChoice } from '../text/encoder-choice.ts';
import { checkEnoughTexts } from './enough-texts.ts';
import { fitTexts } from './fit-texts.ts';
import { readTexts } from './read-texts.ts';
import { type KeptTextSettings, saveTextTask } from './save-text-task.ts';
import type { TextSplit } from './split-texts.ts';
import type { TextQuestion } from './text-examples.ts';
import { heldOutWords, textProtocol, wordsInProtocol } from './text-protocol.ts';

export interface TrainTextTaskOptions extends TextQuestion, KeptTextSettings {
  /** Up to when is learned from, UTC ms; leaves a fifth to test on when absent. */
  readonly asOf?: number;
  readonly timeLimitMs?: number;
  /** Puts the new version into service; the one before stays a `rollback` away. */
  readonly promote: boolean;
  readonly seed: number;
  readonly threads: number;
  readonly language: Language;
  /** As typed. */
  readonly command: string;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface TextTaskRun extends TableRun {
  readonly question: TextQuestion;
  readonly split: TextSplit;
  readonly tested: PreparedTable;
}

/**
 * Holds the task's lock; imports and predictions run beside it.
 *
 * @throws AppError NOT_ENOUGH_DATA in plain words, USAGE, BUSY, LEAKAGE, INTERRUPTED, DISK
 */
export async function trainTextTask(
  workspace: Workspace,
  options: TrainTextTaskOptions,
): Promise<TextTaskRun> {
  const { task, signal, progress, now } = options;
  checkEncoderChoice(options.encoder);
  const lock = { signal, onWait: (holder: string) => progress.note(`waiting for ${holder}`) };
  const models = workspacePaths.models(workspace);
  return withLock(
    workspacePaths.taskLock(workspace, task.name),
    `training of ${task.name}`,
    lock,
    async () => {
      const { erasures } = readSnapshot(workspace);
      const run = await learnAndSave(workspace, options);
      const { version } = run.version;
      if (readSnapshot(workspace).erasures !== erasures && !run.version.erasures)
        markErasures(models, { task: task.name, version }, { users: 1, atMs: now() });
      if (!options.promote) return run;
      return { ...run, version: promote(models, { task: task.name, reference: version }, { atMs: now() }) };
    },
  );
}

async function learnAndSave(workspace: Workspace, options: TrainTextTaskOptions): Promise<TextTaskRun> {
  const { task, horizonMs, seed, progress, signal, now } = options;
  const startedMs = now();
  progress.step({ task: 'read', done: 0, total: 1, unit: 'texts' });
  const question: TextQuestion = { task, as: options.as, atLeast: options.atLeast, horizonMs };
  const { events, split, prepared, tested } = await withLake(workspace, options, (engine, source) =>
    readTexts(engine, source, {
      ...{ ...question, seed },
      ...(options.asOf !== undefined && { asOf: options.asOf }),
      ...(signal && { signal }),
    }),
  );
  progress.step({ task: 'read', done: 1, total: 1, unit: 'texts' });
  checkEnoughTexts(task, {
    ...{ train: prepared.sample.target, test: tested.sample.target, read: events.ids.length },
    isAmount: prepared.sample.question.kind === 'amount',
  });
  const fitted = await fitTexts(prepared, tested.sample, {
    ...options,
    ...learningDeadline(startedMs, options.timeLimitMs),
  });
  const protocol = textProtocol(prepared, fitted, { ...question, split, events, seed });
  const background = withoutTexts(drawBackground(fitted.sample.frame, { seed }));
  const facts = { folds: 2, repeats: 1, seed };
  const drawn = await tableReport({ prepared, tested, fitted, protocol, facts, background, signal });
  const seconds = (now() - startedMs) / 1000;
  const version = saveTextTask(
    { question, split, prepared, fitted, protocol, seconds },
    { ...options, out: workspacePaths.models(workspace) },
  );
  const report = {
    ...drawn,
    id: task.name,
    title: task.label,
    question: textQuestionOf(task, horizonMs),
    horizonDays: protocol.horizon_days,
    summary: { ...drawn.summary, population: task.about, advice: task.advice },
    protocolWords: { ...drawn.protocolWords, ...wordsInProtocol(split, fitted, question) },
    ...(drawn.leaderboard &&
      !isMissing(drawn.leaderboard) && {
        leaderboard: { ...drawn.leaderboard, measuredOn: heldOutWords(task) },
      }),
    limits: [...task.limits, ...drawn.limits],
    modelVersion: version.version,
  };
  const page = tablePage(prepared, report, { ...options, seconds, madeAtMs: now() });
  const reportPath = writeReport(join(workspace.dir, 'reports', task.name, version.version), page);
  const out = workspacePaths.models(workspace);
  return { prepared, fitted, protocol, version, report, reportPath, out, seconds, question, split, tested };
}
