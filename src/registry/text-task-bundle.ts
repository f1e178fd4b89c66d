// All that answering about the texts of a shop takes, as the files of one saved version; no text of anybody is kept.
import type { Json } from '../core/canonical-json.ts';
import { makeFrame } from '../core/frame.ts';
import type { TargetMeaning } from '../data/table/target.ts';
import type { Protocol, Scores } from '../eval/score.ts';
import type { TableCorrections, TableModel } from '../models/table-model.ts';
import type { TextTask } from '../tasks/text-task.ts';
import { answererFiles, type DocumentKind, readAnswerer } from './answerer-files.ts';
import { type LoadedVersion, loadVersion } from './load.ts';

const TEXT_TASK_DOCUMENT: DocumentKind = {
  file: 'text-task.json',
  formatKey: 'text_task_format',
  format: 1,
  what: 'a model of a shop’s texts',
  remedy: 'train again',
};

export interface TextTaskBundle {
  readonly task: TextTask;
  /** Of ratings: what is answered, and from which rating on a review recommends. */
  readonly rating?: { readonly as: 'recommend' | 'rating'; readonly atLeast: number };
  /** Of purchases, days; 0 of ratings. */
  readonly horizonDays: number;
  readonly target: TargetMeaning;
  readonly table: TableModel;
  readonly protocol: Protocol;
  readonly scores: Scores;
  /** By estimator id. */
  readonly baselines: Readonly<Record<string, Scores>>;
  /** Nothing later was learned from, UTC ms. */
  readonly seenUntilMs: number;
}

/** The bundle as files for `saveVersion`. */
export function textTaskFiles({ table, ...rest }: TextTaskBundle): Record<string, Json | Uint8Array> {
  // Reasons are words left out, told against the text itself: rows that stand for all would be texts of customers.
  const background = { frame: makeFrame([], { rows: 0 }), seed: 0, drawnFrom: 0 };
  return answererFiles(TEXT_TASK_DOCUMENT, { ...table, background }, rest);
}

export interface LoadedTextTask extends TextTaskBundle {
  readonly version: LoadedVersion;
}

/**
 * @param reference as for `showVersion`: an id, `latest`, `promoted`, or nothing
 * @throws AppError NOT_FOUND, TAMPERED, VERSION, BAD_FILE
 */
export function loadTextTask(modelsDir: string, task: string, reference?: string): LoadedTextTask {
  const version = loadVersion(modelsDir, task, reference);
  const { rest, model, corrections } = readAnswerer<TableCorrections, Omit<TextTaskBundle, 'table'>>(
    TEXT_TASK_DOCUMENT,
    version,
  );
  return { ...rest, version, table: { model, corrections } };
}
