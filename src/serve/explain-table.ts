// One row of a table: its answer, why it got it, and what would change it, as `table explain` tells them.
import { AppError } from '../core/errors.ts';
import { type Frame, findColumn, takeRows } from '../core/frame.ts';
import { type Name, name } from '../core/name.ts';
import { formatMoment } from '../core/time.ts';
import type { Engine } from '../data/engine.ts';
import type { TableSource } from '../data/table/open-table.ts';
import { readColumns } from '../data/table/read-columns.ts';
import type { Explanation } from '../explain/contribution.ts';
import { type Change, type Goal, whatWouldChange } from '../explain/counterfactual.ts';
import { chanceOf, type Shown } from '../explain/effect-words.ts';
import { shownValue } from '../explain/margin.ts';
import { type RowReasons, reasonsInWords } from '../explain/reasons.ts';
import { tablePredictor } from '../explain/table-predictor.ts';
import { explainTableRows } from '../explain/table-rows.ts';
import { counterfactualWords, whatIfHeading } from '../explain/what-if-words.ts';
import { answerTable, type TableAnswers } from '../models/table-model.ts';
import type { LoadedTable } from '../registry/table-bundle.ts';
import type { ToldWhatIf, WhatIfAsked } from './what-if.ts';

/** One row as the model reads it, and what it says of it. */
export interface AskedRow {
  /** Of one row. */
  readonly frame: Frame;
  readonly answers: TableAnswers;
}

/**
 * @param row counted from 1, as people count
 * @throws AppError USAGE for a row the file does not have; BAD_DATA as `readColumns`
 */
export async function askRow(
  engine: Engine,
  source: TableSource,
  bundle: LoadedTable,
  { row, signal }: { row: number; signal?: AbortSignal },
): Promise<AskedRow> {
  if (!Number.isInteger(row) || row < 1 || row > source.rows)
    throw new AppError('USAGE', `--row: expected 1 to ${source.rows}, the rows of the file, got ${row}`);
  const { inputs } = bundle.table.model;
  const read = bundle.features.filter((column) => inputs.includes(column.name));
  const frame = takeRows(await readColumns(engine, source, read, signal), [row - 1]);
  return { frame, answers: await answerTable(bundle.table, frame) };
}

/** @param most reasons told */
export async function explainRow(
  { table, target, background }: LoadedTable,
  { frame }: AskedRow,
  { most, signal }: { most: number; signal?: AbortSignal },
): Promise<{ explanation: Explanation; told: RowReasons }> {
  const [{ explanation, called }] = await explainTableRows(table, frame, { background, signal });
  const [told] = reasonsInWords(explanation, {
    frame,
    background: background.frame,
    shown: shownOf(target.kind, called === undefined ? undefined : target.classes?.[called]),
    most,
  });
  return { explanation, told };
}

/** As for a customer; of classes, `own` says whose probability should change: that of the one called when absent. */
export interface RowWhatIfAsked extends Omit<WhatIfAsked, 'row'> {
  readonly own?: string;
}

/**
 * Changes are to values that rows of the bundle's background have. Without a goal the answer should become another one:
 * across the threshold of a yes, a class called no more (or as likely as not), an amount on the other side of the middle.
 *
 * @throws AppError USAGE for a class or a column there is none of; as `whatWouldChange`
 */
export async function whatIfRow(
  bundle: LoadedTable,
  { frame, answers }: AskedRow,
  { own, goal, limits = {}, ...asked }: RowWhatIfAsked,
): Promise<ToldWhatIf> {
  const { table, target, background, features } = bundle;
  const { inputs } = table.model;
  const known = (columns: readonly string[] = []): readonly string[] => {
    const unknown = columns.find((column) => !features.some((feature) => feature.name === column));
    if (unknown !== undefined)
      throw new AppError('USAGE', `expected columns the model learned from, "${unknown}" is none`);
    // What the model does not read never changes.
    return columns.filter((column) => inputs.includes(column));
  };
  const at = classOf(bundle, answers, own);
  const predictor = tablePredictor(table, at);
  const middle = async (): Promise<number> => {
    const margins = (await predictor.margin(background.frame)).sort();
    return shownValue(predictor.link, margins[Math.floor(margins.length / 2)]);
  };
  const now = at === undefined ? answers.value[0] : answers.value[at];
  const border =
    target.kind === 'binary'
      ? (table.corrections.threshold ?? 0.5)
      : target.kind === 'multiclass'
        ? 0.5
        : await middle();
  const found = await whatWouldChange(predictor, frame, {
    ...asked,
    goal: goal ?? across(border, now),
    limits: {
      immutable: known(limits.immutable),
      onlyRise: known(limits.onlyRise),
      onlyFall: known(limits.onlyFall),
    },
    background: background.frame,
  });
  const shown = shownOf(target.kind, at === undefined ? undefined : target.classes?.[at]);
  const answersTold = found.answers.map((answer) => ({
    ...answer,
    changes: answer.changes.map((change) => inItsKind(change, bundle, frame)),
  }));
  const told = { ...found, answers: answersTold };
  return {
    found: told,
    heading: whatIfHeading(told, shown),
    words: answersTold.map((answer) => counterfactualWords(answer, shown)),
  };
}

function shownOf(kind: LoadedTable['target']['kind'], own: string | undefined): Shown {
  const unit = kind === 'regression' ? 'none' : 'probability';
  return { unit, currency: '', outcome: 'other', ...(own === undefined ? {} : { noun: chanceOf(own) }) };
}

/** A probability at the threshold is a yes already: to lose it, it must be below. */
const across = (border: number, now: number): Goal =>
  now < border ? { over: border } : { under: border * (1 - 1e-9) - 1e-12 };

/** The number of a class; undefined where there are none. @throws AppError USAGE */
function classOf(
  { target }: LoadedTable,
  { called }: TableAnswers,
  own: string | undefined,
): number | undefined {
  if (target.kind !== 'multiclass') {
    if (own === undefined) return undefined;
    throw new AppError('USAGE', '--class is for a target of several classes');
  }
  const classes = target.classes ?? [];
  const at = own === undefined ? called?.[0] : classes.indexOf(own);
  if (at !== undefined && at >= 0) return at;
  throw new AppError('USAGE', `--class: expected one of ${classes.join(', ')}, got "${own}"`);
}

/** Dates and yes-or-no columns are numbers to a model, not to a person. */
function inItsKind(change: Change, { features }: LoadedTable, row: Frame): Change {
  const kind = features.find((feature) => feature.name === change.column)?.kind;
  const column = findColumn(row, change.column);
  if ((kind !== 'date' && kind !== 'boolean') || column?.kind !== 'number') return change;
  const words = kind === 'date' ? momentWords : yesWords;
  return { ...change, from: words(column.values[0]), to: words(Number(change.value)) };
}

const MISSING = name('none', '无');

const momentWords = (ms: number): Name =>
  Number.isNaN(ms) ? MISSING : name(formatMoment(ms), formatMoment(ms));

const yesWords = (value: number): Name =>
  Number.isNaN(value) ? MISSING : value > 0 ? name('yes', '是') : name('no', '否');
