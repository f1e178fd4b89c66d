// All that answering about the rows of a table takes, as the files of one saved version in a folder of its own.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import type { TableColumn } from '../data/table/column-kind.ts';
import type { TargetMeaning } from '../data/table/target.ts';
import type { Protocol, Scores } from '../eval/score.ts';
import type { TableCorrections, TableModel } from '../models/table-model.ts';
import { answererFiles, type BundleBackground, type DocumentKind, readAnswerer } from './answerer-files.ts';
import { type LoadedVersion, loadVersion } from './load.ts';

const TABLE_DOCUMENT: DocumentKind = {
  file: 'table.json',
  formatKey: 'table_format',
  format: 1,
  what: 'a table model',
  remedy: 'fit it again',
};

/** Versions of a table's model lie in this folder of the one it is saved to. */
export const TABLE_FOLDER = 'model';

export interface TableBundle {
  /** Columns the model was given, and how their cells are read. */
  readonly features: readonly TableColumn[];
  /** Texts that count as missing. */
  readonly missing: readonly string[];
  readonly target: TargetMeaning;
  readonly table: TableModel;
  readonly background: BundleBackground;
  readonly protocol: Protocol;
  readonly scores: Scores;
  /** By estimator id. */
  readonly baselines: Readonly<Record<string, Scores>>;
}

/** The bundle as files for `saveVersion`. */
export function tableBundleFiles(bundle: TableBundle): Record<string, Json | Uint8Array> {
  const { table, background, ...rest } = bundle;
  return answererFiles(TABLE_DOCUMENT, { ...table, background }, rest);
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
  const { rest, model, corrections, background } = readAnswerer<
    TableCorrections,
    Omit<TableBundle, 'table' | 'background'>
  >(TABLE_DOCUMENT, version);
  return { ...rest, version, table: { model, corrections }, background };
}
