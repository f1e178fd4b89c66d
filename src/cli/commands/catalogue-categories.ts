// foresell catalogue categories: what belongs where, for items without a category and items filed doubtfully.
import { AppError } from '../../core/errors.ts';
import { loadCatalogue } from '../../registry/catalogue-bundle.ts';
import { textTable } from '../../report/text-table.ts';
import { catalogueCategories } from '../../serve/catalogue/judge-catalogue.ts';
import { openCatalogue } from '../../serve/catalogue/open-catalogue.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { CommandFile } from '../command.ts';
import type { Context } from '../context.ts';
import { tableOutOf, writeTableTo } from '../table-output.ts';

const SHOWN = 15;
const TITLE_SHOWN = 48;
const DOUBT = 0.05;

export const catalogueCategoriesCommand: CommandFile = {
  usage: 'catalogue categories <dir>',
  summary: 'name categories of items that have none, and doubt those that look wrong',
  examples: [
    'foresell catalogue categories catalogue',
    'foresell catalogue categories catalogue --doubt .02 --out categories.csv',
    'foresell catalogue categories catalogue --json',
  ],
  declare(command) {
    command
      .option('--doubt <p>', 'a category is doubtful whose probability is under this', String(DOUBT))
      .option('--out <file>', 'file ending in .csv, .ndjson or .parquet: every item’s likeliest category');
  },
  async run(context, [dir], options) {
    const doubt = Number(options.doubt);
    if (!(doubt >= 0 && doubt < 1))
      throw new AppError('USAGE', `--doubt: expected a probability from 0 to 1, got "${options.doubt}"`);
    const out = tableOutOf(options);
    const open = openCatalogue(loadCatalogue(dir), { backend: nodeBackend, threads: context.threads });
    try {
      if (open.bundle.fields.category === undefined)
        throw new AppError(
          'USAGE',
          'the catalogue was indexed without a category: index it again with --category COLUMN',
        );
      const { seed, threads, progress, signal } = context;
      const said = await catalogueCategories(open, { backend: nodeBackend, seed, threads, progress, signal });
      const [titles, categories] = [open.texts('title'), open.texts('category')];
      const { itemIds } = open.bundle;
      const row = (item: number) => ({
        item_id: itemIds[item],
        title: titles[item],
        category: categories[item],
        suggested: said.levels[said.likeliest[item]],
        probability: said.probability[item],
        ...(Number.isNaN(said.own[item]) ? {} : { own_probability: said.own[item] }),
      });
      const places = Array.from(itemIds.keys());
      const missing = places.filter((item) => categories[item] === '');
      const doubtful = places
        .filter((item) => said.own[item] < doubt)
        .sort((a, b) => said.own[a] - said.own[b] || a - b);
      if (out !== undefined) {
        await writeTableTo(
          out,
          [
            { name: 'item_id', values: itemIds },
            { name: 'category', values: categories },
            { name: 'suggested', values: Array.from(said.likeliest, (code) => said.levels[code]) },
            { name: 'probability', values: said.probability },
            { name: 'own_probability', values: said.own },
          ],
          context,
        );
      }
      context.document({
        items: itemIds.length,
        categories: said.levels.length,
        held_out: {
          items: said.held.items,
          accuracy: said.held.accuracy,
          majority: said.held.majority,
          log_loss: said.held.logLoss,
          ece: said.held.ece,
        },
        missing: missing.map(row),
        doubtful: doubtful.map(row),
        ...(out !== undefined && { out }),
      });
      sayRows(
        context,
        context.language === 'zh' ? '没有类别的商品' : 'items without a category',
        missing.map(row),
      );
      sayRows(
        context,
        context.language === 'zh' ? '类别可疑的商品' : 'items filed doubtfully',
        doubtful.map(row),
      );
      const share = (value: number) => `${(100 * value).toFixed(1)} %`;
      context.say(
        context.language === 'zh'
          ? `${said.levels.length} 个类别；在未参与学习的 ${said.held.items} 件商品上准确率 ${share(said.held.accuracy)}（总猜最大类：${share(said.held.majority)}）；${missing.length} 件没有类别，${doubtful.length} 件可疑${out === undefined ? '' : `，已写入 ${out}`}`
          : `${said.levels.length} categories; right for ${share(said.held.accuracy)} of ${said.held.items} items not learned from (always the largest: ${share(said.held.majority)}); ${missing.length} without one, ${doubtful.length} doubtful${out === undefined ? '' : `, in ${out}`}`,
      );
    } finally {
      await open.close();
    }
  },
};

interface ShownRow {
  readonly item_id: string;
  readonly title: string;
  readonly category: string;
  readonly suggested: string;
  readonly probability: number;
}

function sayRows(context: Context, head: string, rows: readonly ShownRow[]): void {
  if (rows.length === 0) return;
  const heads =
    context.language === 'zh'
      ? ['商品', '标题', '现类别', '建议', '概率']
      : ['item', 'title', 'category', 'suggested', 'P'];
  context.say(head);
  context.say(
    textTable(
      heads,
      rows
        .slice(0, SHOWN)
        .map((row) => [
          row.item_id,
          row.title.slice(0, TITLE_SHOWN),
          row.category,
          row.suggested,
          row.probability.toFixed(3),
        ]),
    ),
  );
  if (rows.length > SHOWN) context.say('…');
  context.say('');
}
