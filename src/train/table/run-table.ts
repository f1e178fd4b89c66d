// One run of `table fit`, start to end: read, tell apart, check, learn, test, explain, save, report.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { Language } from '../../core/name.ts';
import type { Progress } from '../../core/progress.ts';
import { parseSpan } from '../../core/time.ts';
import { type Engine, openEngine } from '../../data/engine.ts';
import { openTable } from '../../data/table/open-table.ts';
import type { TargetMeaning } from '../../data/table/target.ts';
import type { Protocol } from '../../eval/score.ts';
import { drawBackground, withoutTexts } from '../../explain/background.ts';
import type { Question, Settings } from '../../models/estimator.ts';
import type { VersionInfo } from '../../registry/versions.ts';
import type { TaskReport } from '../../report/task-document.ts';
import { learningDeadline } from '../expected-time.ts';
import type { PresetName } from '../preset.ts';
import { writeReport } from '../report-file.ts';
import type { AmountDecider } from './correct.ts';
import { type FitTableOptions, type FittedTable, fitTable } from './fit-table.ts';
import { type PreparedTable, type PrepareOptions, prepareTable, prepareTest } from './prepare-table.ts';
import { saveTable } from './save-table.ts';
import { tablePage } from './table-page.ts';
import { tableProtocol } from './table-protocol.ts';
import { type TableRecipe, tableRecipe } from './table-recipe.ts';
import { tableReport } from './table-report.ts';

export interface RunTableOptions extends PrepareOptions {
  readonly data: string;
  readonly out: string;
  readonly models: 'auto' | readonly string[];
  readonly preset: PresetName;
  /** Told to models that know them. */
  readonly settings?: Settings;
  /** What decides between models of a regression; `rmse` when absent. */
  readonly metric?: AmountDecider;
  /** Folds of the test and of the choice inside it. */
  readonly folds: number;
  readonly repeats: number;
  /** As typed: a span such as `7d` where the time column holds moments, else a number in its own unit. */
  readonly gap?: string;
  /** Texts that count as missing besides the usual ones. */
  readonly missing?: readonly string[];
  /** A file of its own to test on. */
  readonly testFile?: string;
  /** Share of the rows kept for the test. */
  readonly holdout?: number;
  /** Whom the question is put to, instead of the models named. */
  readonly recipe?: (question: Question, target: TargetMeaning) => TableRecipe;
  readonly handIn?: FitTableOptions['handIn'];
  readonly foldsAsked?: number;
  /** Of the whole run. */
  readonly timeLimitMs?: number;
  readonly seed: number;
  readonly threads: number;
  readonly language: Language;
  /** As typed. */
  readonly command: string;
  readonly now: () => number;
  readonly progress: Progress;
}

export interface TableRun {
  readonly prepared: PreparedTable;
  readonly fitted: FittedTable;
  /** What decided between models of an amount, if told. */
  readonly metric?: AmountDecider;
  readonly protocol: Protocol;
  readonly version: VersionInfo;
  readonly report: TaskReport;
  readonly reportPath: string;
  /** The folder it was saved to. */
  readonly out: string;
  readonly seconds: number;
}

/** Draws behind the leaderboard's intervals; the test's own use the full number. */
const LEADERBOARD_DRAWS = 200;

/** @throws AppError as `openTable`, `prepareTable` and `fitTable` do; DISK */
export async function runTable(options: RunTableOptions): Promise<TableRun> {
  const startedMs = options.now();
  const scratch = mkdtempSync(join(tmpdir(), 'foresell-table-'));
  let engine: Engine | undefined;
  try {
    engine = await openEngine({ tempDir: join(scratch, 'spill'), threads: options.threads });
    const { prepared, tested } = await readTables(engine, options, scratch);
    const fitted = await learn(prepared, tested, { ...options, startedMs });
    const protocol = tableProtocol(prepared, fitted, options);
    const background = withoutTexts(drawBackground(fitted.sample.frame, { seed: options.seed }));
    const report = await tableReport({
      prepared,
      ...(tested ? { tested } : {}),
      fitted,
      protocol,
      facts: options,
      background,
      signal: options.signal,
    });
    const seconds = (options.now() - startedMs) / 1000;
    const version = saveTable({ prepared, fitted, protocol, background, seconds }, options);
    const saved = { ...report, modelVersion: version.version };
    const page = tablePage(prepared, saved, { ...options, seconds, madeAtMs: options.now() });
    const reportPath = writeReport(options.out, page);
    const { metric } = options;
    return {
      prepared,
      fitted,
      ...(metric && { metric }),
      protocol,
      version,
      report: saved,
      reportPath,
      out: options.out,
      seconds,
    };
  } finally {
    engine?.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function readTables(engine: Engine, options: RunTableOptions, scratch: string) {
  const { data, testFile, missing, signal, progress } = options;
  progress.step({ task: 'read', done: 0, total: 1, unit: 'files' });
  const decoded = (name: string) => {
    const folder = join(scratch, name);
    mkdirSync(folder);
    return folder;
  };
  const source = await openTable(engine, data, { scratch: decoded('data'), missing, signal });
  const prepared = await prepareTable(engine, source, options);
  progress.step({ task: 'read', done: 1, total: 1, unit: 'files' });
  if (testFile === undefined) return { prepared, tested: undefined };
  const other = await openTable(engine, testFile, {
    scratch: decoded('test'),
    as: 'tested',
    missing,
    signal,
  });
  return { prepared, tested: await prepareTest(engine, other, prepared, options) };
}

function learn(
  prepared: PreparedTable,
  tested: PreparedTable | undefined,
  { startedMs, ...options }: RunTableOptions & { readonly startedMs: number },
): Promise<FittedTable> {
  const { sample, uses } = prepared;
  const dates = uses
    .filter(({ use, column }) => use === 'feature' && column.kind === 'date')
    .map(({ column }) => column.name);
  checkDirections(prepared, options.settings);
  const { candidates, preset, baselines } =
    options.recipe?.(sample.question, prepared.meaning) ??
    tableRecipe(sample.question, { ...options, dates, rows: sample.frame.rows });
  const test = tested
    ? ({ by: 'file', sample: tested.sample } as const)
    : options.holdout === undefined
      ? undefined
      : ({ by: 'holdout', share: options.holdout } as const);
  return fitTable(sample, {
    preset,
    candidates: [...baselines.filter(({ role }) => role === 'baseline'), ...candidates],
    baselines,
    folds: options.folds,
    ...(options.foldsAsked !== undefined && { foldsAsked: options.foldsAsked }),
    ...(options.handIn && { handIn: options.handIn }),
    ...(prepared.unlabelled && { unlabelled: prepared.unlabelled }),
    repeats: options.repeats,
    ...(options.metric ? { metric: options.metric } : {}),
    byTime: options.time !== undefined,
    ...(options.gap === undefined ? {} : { gapMs: gapOf(prepared, options.gap) }),
    ...(test ? { test } : {}),
    times: dates,
    draws: LEADERBOARD_DRAWS,
    seed: options.seed,
    threads: options.threads,
    now: options.now,
    ...learningDeadline(startedMs, options.timeLimitMs),
    progress: options.progress,
    signal: options.signal,
  });
}

/** @throws AppError USAGE for a span where time is a number, and the other way round */
function gapOf({ uses }: PreparedTable, gap: string): number {
  const column = uses.find(({ use }) => use === 'time')?.column;
  const isNumber = column?.kind === 'number';
  const plain = Number(gap);
  if (isNumber && gap.trim() !== '' && plain >= 0) return plain;
  if (!isNumber && Number.isNaN(plain)) return parseSpan(gap);
  throw new AppError(
    'USAGE',
    isNumber
      ? `--gap: "${column?.name}" holds numbers, expected one in its own unit such as 1, got "${gap}"`
      : `--gap: "${column?.name}" holds moments, expected a span such as 7d, got "${gap}"`,
  );
}

/** @throws AppError USAGE for a direction of a column that is no number, or is not learned from */
function checkDirections({ uses }: PreparedTable, settings: Settings | undefined): void {
  if (typeof settings?.monotone !== 'string') return;
  const numbers = uses.filter(({ use, column }) => use === 'feature' && column.kind === 'number');
  for (const part of settings.monotone.split(',')) {
    const column = part.slice(0, part.lastIndexOf('=')).trim();
    if (numbers.some((own) => own.column.name === column)) continue;
    throw new AppError(
      'USAGE',
      `--monotone: expected a number column that is learned from, "${column}" is none`,
    );
  }
}
