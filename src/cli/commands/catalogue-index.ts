// foresell catalogue index: a shop's items made ready to be searched, compared and looked over.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { ItemCatalogue } from '../../core/item-catalogue.ts';
import { openEngine } from '../../data/engine.ts';
import { withLake } from '../../data/lake/open.ts';
import { checkWritable } from '../../data/output-place.ts';
import { lakeCatalogue, readCatalogue } from '../../data/sequences/read-catalogue.ts';
import { needFile } from '../../data/sequences/text-lines.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { type CatalogueFields, catalogueItems, FIELDS } from '../../train/catalogue/catalogue-items.ts';
import { indexCatalogue } from '../../train/catalogue/index-catalogue.ts';
import type { CommandFile } from '../command.ts';
import type { Context } from '../context.ts';
import { encoderOf } from '../encoder-options.ts';
import { typedCommand, workspaceOf } from '../options.ts';

const FAULTS_SHOWN = 3;

export const catalogueIndexCommand: CommandFile = {
  usage: 'catalogue index [data]',
  summary: 'make a table of items, or a workspace’s own, ready to be searched and looked over',
  examples: [
    'foresell catalogue index items.csv --out catalogue',
    'foresell catalogue index items.csv --title name --encoder sentence-transformers/all-MiniLM-L6-v2 --out catalogue',
    'foresell catalogue index items.parquet --images photos.zip --image-encoder ./encoders/mobilenet-v2 --out catalogue',
    'foresell catalogue index --workspace my-shop --encoder BAAI/bge-small-zh-v1.5 --out catalogue',
  ],
  declare(command) {
    command
      .option('--title <column>', 'the column of titles, if it has another name')
      .option('--description <column>', 'the column of descriptions')
      .option('--category <column>', 'the column of categories')
      .option('--brand <column>', 'the column of brands')
      .option(
        '--image <column>',
        'the column with names of picture files; without one they are named after ids',
      )
      .option(
        '--encoder <encoder>',
        'a text encoder, or owner/name pulled before: items are then found by what they mean, too',
      )
      .option('--images <place>', 'a folder or a .zip of pictures')
      .option('--image-encoder <folder>', 'an image encoder: ONNX with a preprocessor_config.json')
      .option('--out <dir>', 'folder to save to', './foresell-catalogue');
  },
  async run(context, [data], options) {
    const out = String(options.out);
    checkWritable(out, 'folder');
    const text = (key: string) => (options[key] === undefined ? undefined : String(options[key]));
    if (text('images') !== undefined && text('imageEncoder') === undefined)
      throw new AppError('USAGE', '--images needs --image-encoder FOLDER, which says what is on them');
    const encoder = await encoderOf(context, options);
    const asked = Object.fromEntries(
      FIELDS.flatMap((field) => (text(field) === undefined ? [] : [[field, text(field)]])),
    ) as CatalogueFields;
    const { catalogue, fingerprint } =
      data === undefined ? await ownItems(context) : await tableItems(context, data);
    const [imageEncoder, images] = [text('imageEncoder'), text('images')];
    const indexed = await indexCatalogue(catalogueItems(catalogue, asked), {
      out,
      ...(encoder !== undefined && { encoder }),
      ...(imageEncoder !== undefined && { imageEncoder }),
      ...(images !== undefined && { images }),
      backend: nodeBackend,
      fingerprint,
      threads: context.threads,
      seed: context.seed,
      command: typedCommand(),
      now: Date.now,
      progress: context.progress,
      signal: context.signal,
    });
    const { bundle, faults, withPicture, reused, version } = indexed;
    const items = bundle.itemIds.length;
    context.document({
      items,
      fields: bundle.fields,
      text_encoder: bundle.meaning?.encoder.name ?? null,
      image_encoder: bundle.pictures?.encoder.name ?? null,
      texts_reused: reused.texts,
      pictures: withPicture,
      pictures_reused: reused.pictures,
      unreadable_pictures: faults.map(({ name, message }) => ({ name, message })),
      version,
      out,
    });
    const zh = context.language === 'zh';
    context.say(
      zh
        ? `${items} 件商品已建立索引：${out}（标题列 “${bundle.fields.title}”${bundle.meaning ? `，文本编码器 ${bundle.meaning.encoder.name}` : '，仅按词语'}${bundle.pictures ? `，${withPicture} 张图片` : ''}）`
        : `${items} items indexed in ${out} (titles from "${bundle.fields.title}"${bundle.meaning ? `, meaning by ${bundle.meaning.encoder.name}` : ', by words alone'}${bundle.pictures ? `, ${withPicture} pictures` : ''})`,
    );
    if (faults.length > 0) {
      const shown = faults.slice(0, FAULTS_SHOWN).map(({ name, message }) => `${name}: ${message}`);
      context.say(
        `${zh ? `有 ${faults.length} 张图片无法读取` : `${faults.length} pictures could not be read`}: ${shown.join('; ')}${faults.length > FAULTS_SHOWN ? ' …' : ''}`,
      );
    }
    context.say(
      zh
        ? `接下来：foresell catalogue search ${out} "…" · catalogue duplicates ${out} · catalogue categories ${out}`
        : `next: foresell catalogue search ${out} "…" · catalogue duplicates ${out} · catalogue categories ${out}`,
    );
  },
};

interface ReadItems {
  readonly catalogue: ItemCatalogue;
  readonly fingerprint: string;
}

async function tableItems({ threads, signal }: Context, path: string): Promise<ReadItems> {
  needFile(path);
  const scratch = mkdtempSync(join(tmpdir(), 'foresell-catalogue-'));
  try {
    const decoded = join(scratch, 'data');
    mkdirSync(decoded);
    const engine = await openEngine({ tempDir: join(scratch, 'spill'), threads });
    try {
      const catalogue = await readCatalogue(engine, path, [], { scratch: decoded, signal });
      return { catalogue, fingerprint: await digestOf(path) };
    } finally {
      engine.close();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function digestOf(path: string): Promise<string> {
  const digest = createHash('sha256');
  for await (const part of createReadStream(path)) digest.update(part as Buffer);
  return digest.digest('hex');
}

async function ownItems(context: Context): Promise<ReadItems> {
  if (!existsSync(context.workspaceDir))
    throw new AppError(
      'USAGE',
      'expected a table of items (CSV, NDJSON or Parquet), or --workspace DIR of a shop that has some',
    );
  return withLake(workspaceOf(context), context, async (engine, source) => {
    if (source.items === undefined)
      throw new AppError(
        'NOT_ENOUGH_DATA',
        'the workspace has no items: import them with "foresell import FILE --kind items", or name a table',
      );
    const catalogue = await lakeCatalogue(engine, source, [], {
      asOf: source.lastMs,
      signal: context.signal,
    });
    return { catalogue, fingerprint: source.fingerprint };
  });
}
