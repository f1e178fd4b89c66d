// foresell sequence predict: what each of many histories goes on with, as lists of items a shop may offer.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { makeFrame } from '../../core/frame.ts';
import type { ItemCatalogue } from '../../core/item-catalogue.ts';
import type { Progress } from '../../core/progress.ts';
import type { ItemAttributes } from '../../core/sequences.ts';
import { type Engine, openEngine } from '../../data/engine.ts';
import { readCatalogue } from '../../data/sequences/read-catalogue.ts';
import { readItems } from '../../data/sequences/read-items.ts';
import { writeTable } from '../../data/table/write-table.ts';
import { type LoadedSequence, loadSequence } from '../../registry/sequence-bundle.ts';
import { catalogueAttributes } from '../../serve/next-item/catalogue-attributes.ts';
import { codedBy, offerItems } from '../../serve/next-item/offer-items.ts';
import { listColumns } from '../../serve/next-item/written-lists.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { type ItemReaders, readNewVectors } from '../../train/sequence/read-vectors.ts';
import { checkSource, readSource, SEQUENCE_FORMATS } from '../../train/sequence/sequence-source.ts';
import type { CommandFile } from '../command.ts';
import { positiveNumber } from '../context.ts';
import { offerOf, withOfferOptions } from '../offer-options.ts';
import { madeByCounts, sayLists } from '../offer-text.ts';
import { readersOf, sequenceSourceOf, withReaderOptions } from '../sequence-options.ts';

export const sequencePredictCommand: CommandFile = {
  usage: 'sequence predict <dir> <data>',
  summary: 'lists of what comes next for every history of a file, by a saved next-item model',
  examples: [
    'foresell sequence predict next-item baskets.txt --format user-lines --out lists.csv',
    "foresell sequence predict next-item events.csv --user user_id --item item_id --time timestamp --items items.csv --filter 'stock > 0' --top 5 --out lists.csv",
    'foresell sequence predict next-item baskets.txt --format user-lines --items items-with-new-ones.csv --encoder sentence-transformers/all-MiniLM-L6-v2 --out lists.csv',
    'foresell sequence predict next-item baskets.txt --format user-lines --items items.csv --filter "category != \'Gifts\'" --exclude-seen yes --diversity 0.3 --out lists.ndjson',
  ],
  declare(command) {
    withOfferOptions(
      withReaderOptions(command)
        .option('--out <file>', 'file ending in .csv, .ndjson or .parquet')
        .option(
          '--format <format>',
          `${SEQUENCE_FORMATS.slice(0, -1).join(', ')} (default: by the name, csv or lines)`,
        )
        .option('--user <column>', 'csv: the column that names the user, or the session')
        .option('--item <column>', 'csv: the column that names the item')
        .option('--time <column>', 'csv: the column of the moment; without it rows are in time order')
        .option('--type <column>', 'csv: the column that says what was done, such as view or purchase')
        .option('--top <k>', 'items on each list', positiveNumber('--top'), 10)
        .option(
          '--exclude-seen <way>',
          'yes: nothing of the own history; bought: nothing bought; no (default: as the model was tested)',
        )
        .option(
          '--candidates <file>',
          'only the items of a text file, such as what is in stock, one id a line',
        ),
    );
  },
  async run(context, [folder, data], options) {
    const { out } = options;
    if (out === undefined)
      throw new AppError('USAGE', 'expected --out FILE ending in .csv, .ndjson or .parquet');
    const source = sequenceSourceOf(data, options);
    if (source.format === 'workspace')
      throw new AppError('USAGE', 'a workspace is predicted by: foresell predict next-item --out FILE');
    const offer = offerOf(options);
    const moved = await readersOf(context, options);
    checkSource(source);
    const saved = loadSequence(folder);
    const scratch = mkdtempSync(join(tmpdir(), 'foresell-lists-'));
    const { seed, threads, progress, signal } = context;
    const engine = await openEngine({ tempDir: join(scratch, 'spill'), threads });
    try {
      const { sequences } = await readSource(source, { scratch, seed, threads, progress, signal });
      const { catalogue, attributes } = await knownItems(engine, saved, {
        ...{ itemsFile: offer.itemsFile, scratch, threads, progress, signal },
        moved,
      });
      const histories = codedBy(catalogue, sequences);
      const lists = await offerItems(saved, {
        ...offer,
        ...{ histories, catalogue, seed, progress, signal },
        ...(attributes && { attributes }),
      });
      const written = {
        ...{ lists, catalogue, entities: histories.entities, entityType: 'user' as const },
        modelVersion: saved.version.version,
      };
      await writeTable(engine, String(out), listColumns(written));
      context.document({
        model: saved.model.recommender,
        model_version: saved.version.version,
        ...{ asked: histories.entities.length, rows: lists.items.length, made_by: madeByCounts(written) },
        new_items: catalogue.itemIds.length - catalogue.known,
        out,
      });
      sayLists(context, written);
      const rows = lists.items.length.toLocaleString('en-US');
      context.say(
        context.language === 'zh'
          ? `已写入 ${rows} 行：${out}（模型 ${saved.version.version}）`
          : `${rows} rows in ${out} (model ${saved.version.version})`,
      );
    } finally {
      engine.close();
      await saved.model.close?.();
      rmSync(scratch, { recursive: true, force: true });
    }
  },
};

interface KnownItems {
  readonly catalogue: ItemCatalogue;
  readonly attributes?: ItemAttributes;
}

interface Knowing {
  readonly itemsFile?: string | undefined;
  readonly scratch: string;
  /** Where encoders and pictures are now. */
  readonly moved: ItemReaders;
  readonly threads: number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** What the table says of the items; without one, what the model was told. */
async function knownItems(
  engine: Engine,
  { model, attributes: told, encoders }: LoadedSequence,
  { itemsFile, scratch, moved, threads, progress, signal }: Knowing,
): Promise<KnownItems> {
  const { itemIds } = model;
  const known = itemIds.length;
  if (itemsFile === undefined)
    return {
      catalogue: { itemIds, known, frame: toldFrame(told, known) },
      ...(told && { attributes: told }),
    };
  const folder = join(scratch, 'items');
  mkdirSync(folder, { recursive: true });
  const reading = { scratch: folder, ...(signal && { signal }) };
  const catalogue = await readCatalogue(engine, itemsFile, itemIds, reading);
  const { attributes } = await readItems(engine, itemsFile, catalogue.itemIds, reading);
  const running = { backend: nodeBackend, moved, threads, progress, ...(signal && { signal }) };
  const vectors = await readNewVectors(catalogue, encoders, running);
  const learned = catalogueAttributes(catalogue, told, attributes);
  return { catalogue, attributes: { ...learned, ...(vectors && { vectors }) } };
}

/** Rules may speak of what the model was told of its items. */
function toldFrame(told: ItemAttributes | undefined, rows: number): ItemCatalogue['frame'] {
  return makeFrame(
    Object.entries(told?.categories ?? {}).map(([kind, { codes, levels }]) => ({
      ...{ name: kind, label: { en: kind, zh: kind }, unit: 'none', group: kind, kind: 'category' },
      ...{ codes, levels },
    })),
    { rows },
  );
}
