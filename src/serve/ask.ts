// Asking a saved model from code: everyone's answers at a moment, or one customer's with reasons.
import { join } from 'node:path';
import type { Progress } from '../core/progress.ts';
import { withLake } from '../data/lake/open.ts';
import { storedIds } from '../data/pseudonym.ts';
import type { Workspace } from '../data/workspace.ts';
import type { RowReasons } from '../explain/reasons.ts';
import { loadBundle } from '../registry/bundle.ts';
import { audienceRows } from './audience.ts';
import { predictBatch, rankedRows, rowAbout } from './batch.ts';
import { listByCustomer } from './item-lists.ts';
import { explainPredictions } from './reasons.ts';

export interface AskOptions {
  /** UTC ms; the last event when absent. */
  readonly asOf?: number;
  /** A saved version; the promoted one when absent. */
  readonly version?: string;
  readonly threads?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** One answer about a customer, a visit, or a customer and an item, in whole currency units or as a probability. */
export interface Answer {
  readonly userId: string;
  /** Tasks about items. */
  readonly itemId?: string;
  /** Tasks about visits: the session id, or when the visit began. */
  readonly sessionId?: string;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  /** Amounts: half of customers alike spend more, half less; `value` is what adds up. */
  readonly typical?: number;
  readonly tier?: 'high' | 'mid' | 'low';
}

export interface Answers {
  readonly task: string;
  readonly modelVersion: string;
  /** UTC ms. */
  readonly asOf: number;
  readonly horizonDays: number;
  /** `probability`, or the currency. */
  readonly unit: string;
  /** Best first; of items each customer's together. */
  readonly customers: readonly Answer[];
}

/**
 * Everyone's answers, the highest first; of tasks about items `top` is of each customer.
 *
 * For files of a million customers use the command line, which holds no object a row.
 *
 * @throws AppError NOT_FOUND without a saved model, NOT_ENOUGH_DATA when nobody is known at that moment
 */
export async function predictTask(
  workspace: Workspace,
  task: string,
  options: AskOptions & { readonly top?: number; readonly segment?: string } = {},
): Promise<Answers> {
  const bundle = loadBundle(join(workspace.dir, 'models'), task, options.version);
  return withLake(workspace, options, async (engine, source) => {
    const asOf = options.asOf ?? source.lastMs;
    const predictions = await predictBatch(engine, source, bundle, { ...options, asOf });
    const { forecast, entities, perUnit, unit } = predictions;
    let rows = Array.from(rankedRows(predictions));
    if (options.segment !== undefined) rows = audienceRows(options.segment, predictions, rows);
    const { items, sessions } = predictions.subjects ?? {};
    const listed = items
      ? listByCustomer(predictions, rows, { top: options.top }).rows
      : rows.slice(0, options.top);
    return {
      task,
      modelVersion: bundle.version.version,
      asOf,
      horizonDays: bundle.horizonDays,
      unit,
      customers: listed.map((row) => ({
        userId: entities[row],
        ...(items ? { itemId: items[row] } : {}),
        ...(sessions ? { sessionId: sessions[row] } : {}),
        value: forecast.value[row] / perUnit,
        ...(forecast.low && forecast.high
          ? { low: forecast.low[row] / perUnit, high: forecast.high[row] / perUnit }
          : {}),
        ...(forecast.typical ? { typical: forecast.typical[row] / perUnit } : {}),
        ...(forecast.tier ? { tier: forecast.tier[row] } : {}),
      })),
    };
  });
}

/** Why one customer got that answer, of several (items, visits) the one named or the highest: reasons in both languages, strongest first, effects in the model's minor units. */
export async function explainCustomer(
  workspace: Workspace,
  task: string,
  options: AskOptions & { readonly userId: string; readonly itemId?: string; readonly most?: number },
): Promise<RowReasons> {
  const bundle = loadBundle(join(workspace.dir, 'models'), task, options.version);
  return withLake(workspace, options, async (engine, source) => {
    const asOf = options.asOf ?? source.lastMs;
    const predictions = await predictBatch(engine, source, bundle, {
      ...options,
      asOf,
      onlyEntities: storedIds(workspace.dir, workspace.settings.pseudonyms, options.userId),
    });
    const { reasons } = await explainPredictions(bundle, predictions, {
      rows: [rowAbout(predictions, options.itemId)],
      most: options.most,
      signal: options.signal,
    });
    return reasons[0];
  });
}
