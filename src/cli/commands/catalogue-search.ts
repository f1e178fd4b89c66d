// foresell catalogue search: items by words, by meaning or by a photograph, in the order of what is bought.
import { AppError } from '../../core/errors.ts';
import { withLake } from '../../data/lake/open.ts';
import { needFile } from '../../data/sequences/text-lines.ts';
import { readTable } from '../../data/table/read-table.ts';
import { loadCatalogue } from '../../registry/catalogue-bundle.ts';
import { textTable } from '../../report/text-table.ts';
import { openCatalogue } from '../../serve/catalogue/open-catalogue.ts';
import { isScoreText, popularityScores, readPurchaseScores } from '../../serve/catalogue/purchase-scores.ts';
import {
  type PurchaseScores,
  SEARCH_WAYS,
  type SearchWay,
  searchCatalogue,
} from '../../serve/catalogue/search-catalogue.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { CommandFile } from '../command.ts';
import { type Context, positiveNumber } from '../context.ts';
import { encoderOf } from '../encoder-options.ts';
import { workspaceOf } from '../options.ts';

const TITLE_SHOWN = 60;

export const catalogueSearchCommand: CommandFile = {
  usage: 'catalogue search <dir> [query]',
  summary: 'find items by words, by meaning or by a photograph; put what is bought first',
  examples: [
    'foresell catalogue search catalogue "red running shoes"',
    'foresell catalogue search catalogue "夏季连衣裙" --k 20 --filter "price <= 300"',
    'foresell catalogue search catalogue --photo customer.jpg --json',
    'foresell catalogue search catalogue "gift for her" --intent predictions.csv --user u42',
    'foresell catalogue search catalogue "lamp" --intent popularity --workspace my-shop',
  ],
  declare(command) {
    command
      .option('--k <n>', 'so many items', positiveNumber('--k'), 10)
      .option('--by <way>', 'mixed (both), words or meaning alone', 'mixed')
      .option('--photo <file>', 'a photograph: items that look like it (the catalogue needs pictures)')
      .option('--filter <rule>', "only items for which it holds, such as category = 'Shoes' and price <= 80")
      .option(
        '--intent <scores>',
        'order by the chance of a purchase, too: a file of scores (item_id, value), such as "predict item-purchase" writes, or popularity (from views and purchases of --workspace)',
      )
      .option('--user <id>', 'with --intent FILE: only this user’s scores')
      .option('--encoder <encoder>', 'the text encoder, a folder or owner/name, if it has moved')
      .option('--image-encoder <folder>', 'the image encoder, if it has moved');
  },
  async run(context, [dir, query], options) {
    const way = SEARCH_WAYS.find((own) => own === options.by);
    if (!way) throw new AppError('USAGE', `--by: expected ${SEARCH_WAYS.join(', ')}, got "${options.by}"`);
    const photo = options.photo === undefined ? undefined : String(options.photo);
    if (photo !== undefined) needFile(photo);
    const encoder = await encoderOf(context, options);
    const purchase = options.intent === undefined ? undefined : await intentOf(context, options);
    const open = openCatalogue(loadCatalogue(dir), {
      backend: nodeBackend,
      threads: context.threads,
      ...(encoder !== undefined && { encoder }),
      ...(options.imageEncoder !== undefined && { imageEncoder: String(options.imageEncoder) }),
    });
    try {
      const found = await searchCatalogue(open, {
        ...(query !== undefined && { text: query }),
        ...(photo !== undefined && { picture: photo }),
        way,
        top: Number(options.k),
        ...(options.filter !== undefined && { rules: { where: String(options.filter) } }),
        ...(purchase && { purchase }),
      });
      const [titles, categories] = [open.texts('title'), open.texts('category')];
      const used = usedWay(way, {
        hasMeaning: open.bundle.meaning !== undefined,
        hasText: query !== undefined,
      });
      context.document({
        query: query ?? null,
        by: used,
        results: found.map(({ item, score, fit, purchase: chance }, i) => ({
          rank: i + 1,
          item_id: open.bundle.itemIds[item],
          title: titles[item],
          ...(open.bundle.fields.category && { category: categories[item] }),
          score,
          fit,
          ...(chance !== undefined && { purchase: chance }),
        })),
      });
      context.say(
        found.length === 0
          ? context.language === 'zh'
            ? '没有找到匹配的商品'
            : 'nothing found'
          : textTable(
              headsOf(context, purchase !== undefined),
              found.map((own, i) => [
                String(i + 1),
                open.bundle.itemIds[own.item],
                titles[own.item].slice(0, TITLE_SHOWN),
                own.fit.toFixed(3),
                ...(own.purchase === undefined ? [] : [own.purchase.toFixed(4)]),
              ]),
            ),
      );
    } finally {
      await open.close();
    }
  },
};

const headsOf = ({ language }: Context, hasPurchase: boolean) =>
  language === 'zh'
    ? ['名次', '商品', '标题', '匹配度', ...(hasPurchase ? ['购买概率'] : [])]
    : ['rank', 'item', 'title', 'fit', ...(hasPurchase ? ['P(purchase)'] : [])];

/** What the question was really answered by. */
const usedWay = (
  way: SearchWay,
  { hasMeaning, hasText }: { hasMeaning: boolean; hasText: boolean },
): string => (hasText ? (way === 'mixed' && !hasMeaning ? 'words' : way) : 'photo');

export async function intentOf(context: Context, options: Record<string, unknown>): Promise<PurchaseScores> {
  const from = String(options.intent);
  if (from === 'popularity')
    return withLake(workspaceOf(context), context, (engine, source) =>
      popularityScores(engine, source, context.signal),
    );
  needFile(from);
  const { frame } = await readTable(from, {
    texts: isScoreText,
    ...{ threads: context.threads, signal: context.signal },
  });
  return readPurchaseScores(frame, options.user === undefined ? undefined : String(options.user));
}
