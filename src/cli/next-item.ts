// `train next-item` and `predict next-item`: the question that is answered by lists of items rather than by a number.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import { DAY_MS, formatMoment } from '../core/time.ts';
import { withLake } from '../data/lake/open.ts';
import { erasedSince } from '../data/lake/read.ts';
import { writeTable } from '../data/table/write-table.ts';
import { workspacePaths } from '../data/workspace.ts';
import { loadSequence } from '../registry/sequence-bundle.ts';
import { offerShop } from '../serve/next-item/offer-shop.ts';
import { listColumns } from '../serve/next-item/written-lists.ts';
import { nodeBackend } from '../tensor/session/session-node.ts';
import { readNewVectors } from '../train/sequence/read-vectors.ts';
import { NEXT_ITEM, trainNextItem } from '../train/sequence/train-next-item.ts';
import type { Context } from './context.ts';
import { offerOf } from './offer-options.ts';
import { madeByCounts, sayLists } from './offer-text.ts';
import { asOfOf, workspaceOf } from './options.ts';
import { sequenceDocument } from './sequence-document.ts';
import { readersOf, sequenceFitOptions } from './sequence-options.ts';
import { saySequence } from './sequence-text.ts';

export const isNextItem = (task: string): boolean => task === NEXT_ITEM;

/** @throws AppError USAGE for an option that is of other tasks */
function refuse(options: Record<string, unknown>, names: readonly string[]): void {
  const stray = names.find((name) => options[name] !== undefined);
  if (stray === undefined) return;
  const flag = stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new AppError('USAGE', `--${flag}: not an option of "${NEXT_ITEM}"`);
}

/** As `sequence fit` on the workspace; `--as-of` is the moment from which on events are the test. */
export async function runTrainNextItem(context: Context, options: Record<string, unknown>): Promise<void> {
  refuse(options, ['horizon', 'repeat', 'pretrained', 'features']);
  const workspace = workspaceOf(context);
  const asOf = asOfOf(workspace, options);
  const asked = await sequenceFitOptions(context, workspace.dir, {
    ...options,
    ...{ format: 'workspace', out: '', at: '10,20', excludeSeen: options.excludeSeen ?? 'both' },
  });
  const run = await trainNextItem(workspace, {
    ...asked,
    ...(asOf !== undefined && { testFromMs: asOf }),
    promote: options.promote !== false,
  });
  saySequence(context, run);
  context.document(sequenceDocument(run));
}

/** Lists for everybody known by the moment. */
export async function runPredictNextItem(context: Context, options: Record<string, unknown>): Promise<void> {
  refuse(options, ['segment']);
  const workspace = workspaceOf(context);
  const out = options.out as string | undefined;
  if (out === undefined)
    throw new AppError('USAGE', 'expected --out FILE ending in .csv, .ndjson or .parquet');
  const offer = offerOf(options);
  const moved = await readersOf(context, options);
  const saved = loadSequence(workspacePaths.models(workspace), {
    reference: options.modelVersion as string | undefined,
  });
  const scratch = mkdtempSync(join(tmpdir(), 'foresell-lists-'));
  try {
    await withLake(workspace, context, async (engine, source) => {
      const asOf = asOfOf(workspace, options) ?? source.lastMs;
      if (asOf > source.lastMs + DAY_MS) context.progress.note(endsBefore(context, asOf, source.lastMs));
      const shop = await offerShop(engine, source, saved, {
        ...offer,
        ...{ asOf, scratch, seed: context.seed, progress: context.progress, signal: context.signal },
        vectorsOf: (catalogue) =>
          readNewVectors(catalogue, saved.encoders, {
            ...{ backend: nodeBackend, moved, threads: context.threads },
            ...{ progress: context.progress, signal: context.signal },
          }),
        ...(options.segmentBy !== undefined && { segmentBy: String(options.segmentBy) }),
      });
      const written = { ...shop, asOf, modelVersion: saved.version.version };
      await writeTable(engine, out, listColumns(written));
      if (erasedSince(workspace, source)) {
        // Thrown inside `withLake`, this begins anew on the lake without the customer.
        rmSync(out, { force: true });
        throw new AppError('BUSY', 'a customer was erased meanwhile: run the same command again');
      }
      context.document({
        task: NEXT_ITEM,
        model: saved.model.recommender,
        model_version: saved.version.version,
        as_of: formatMoment(asOf),
        unit: 'score',
        ...{ rows: shop.lists.items.length, asked: shop.entities.length, made_by: madeByCounts(written) },
        new_items: shop.catalogue.itemIds.length - shop.catalogue.known,
        out,
        protocol: saved.protocol,
        metrics: saved.scores,
      });
      sayLists(context, written);
      const rows = shop.lists.items.length.toLocaleString('en-US');
      context.say(
        context.language === 'zh'
          ? `已写入 ${rows} 行：${out}（模型 ${saved.version.version}）`
          : `${rows} rows in ${out} (model ${saved.version.version})`,
      );
    });
  } finally {
    await saved.model.close?.();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function endsBefore(context: Context, asOf: number, lastMs: number): string {
  const days = Math.floor((asOf - lastMs) / DAY_MS);
  return context.language === 'zh'
    ? `! 日志止于 ${formatMoment(lastMs)}，比该时点早 ${days} 天：其间的行为未知；请先导入较新的事件`
    : `! the log ends at ${formatMoment(lastMs)}, ${days} days before that moment: what was done since is unknown; import newer events first`;
}
