// All that answering about the rows of a table takes, as the files of one saved version in a folder of its own.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord, type Json } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import type { Frame } from '../core/frame.ts';
import type { TableColumn } from '../data/table/column-kind.ts';
import type { TargetMeaning } from '../data/table/target.ts';
import type { Protocol, Scores } from '../eval/score.ts';
import { loadModel } from '../models/catalogue.ts';
import type { TableCorrections, TableModel } from '../models/table-model.ts';
import { frameFiles, readFrame } from './frame-files.ts';
import { fileBytes, type LoadedVersion, loadVersion } from './load.ts';
import { parseJson } from './manifest.ts';
import { readSavedModel, savedModelFiles } from './saved-model-files.ts';

const TABLE_FORMAT = 1;

/** Versions of a table's model lie in this folder of the one it is saved to. */
export const TABLE_FOLDER = 'model';

export interface TableBundle {
  /** Columns the model was given, and how their cells are read. */
  readonly features: readonly TableColumn[];
  /** Texts that count as missing. */
  readonly missing: readonly string[];
  readonly target: TargetMeaning;
  readonly table: TableModel;
  /** Rows that stand for all in explanations. */
  readonly background: { readonly frame: Frame; readonly seed: number; readonly drawnFrom: number };
  readonly protocol: Protocol;
  readonly scores: Scores;
  /** By estimator id. */
  readonly baselines: Readonly<Record<string, Scores>>;
}

/** The bundle as files for `saveVersion`. */
export function tableBundleFiles(bundle: TableBundle): Record<string, Json | Uint8Array> {
  const { table, background, ...rest } = bundle;
  const document = {
    table_format: TABLE_FORMAT,
    ...rest,
    corrections: table.corrections,
    background: { seed: background.seed, drawnFrom: background.drawnFrom },
  };
  return {
    'table.json': JSON.parse(JSON.stringify(document)) as Json,
    ...savedModelFiles('model', table.model.save()),
    ...frameFiles('background', background.frame),
  };
}

export interface LoadedTable extends TableBundle {
  readonly version: LoadedVersion;
}

/**
 * The newest model saved in a folder, every byte checked first.
 *
 * @throws AppError NOT_FOUND, TAMPERED, VERSION, BAD_FILE
 */
export function loadTable(folder: string): LoadedTable {
  if (!existsSync(join(folder, TABLE_FOLDER)))
    throw new AppError('NOT_FOUND', `expected a folder that "table fit" saved, "${folder}" is none`);
  const version = loadVersion(folder, TABLE_FOLDER, 'latest');
  const document = parseJson(fileBytes(version.files, 'table.json'), 'table.json');
  if (!isRecord(document) || typeof document.table_format !== 'number') {
    throw new AppError(
      'BAD_FILE',
      'expected a table model in table.json, got JSON of another shape: fit it again',
    );
  }
  if (document.table_format > TABLE_FORMAT) {
    throw new AppError(
      'VERSION',
      `expected a table model of format ${TABLE_FORMAT} or older, got ${document.table_format}: update foresell`,
    );
  }
  // The bytes are the ones `tableBundleFiles` wrote: the manifest's digests have said so.
  const { corrections, background, ...rest } = document as unknown as Omit<
    TableBundle,
    'table' | 'background'
  > & {
    readonly corrections: TableCorrections;
    readonly background: { readonly seed: number; readonly drawnFrom: number };
  };
  return {
    ...rest,
    version,
    table: { model: loadModel(readSavedModel(version.files, 'model')), corrections },
    background: { ...background, frame: readFrame(version.files, 'background') },
  };
}
