// foresell catalogue duplicates: items that are the same thing said differently, in groups.
import { AppError } from '../../core/errors.ts';
import { loadCatalogue } from '../../registry/catalogue-bundle.ts';
import { catalogueDuplicates } from '../../serve/catalogue/judge-catalogue.ts';
import { openCatalogue } from '../../serve/catalogue/open-catalogue.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { CommandFile } from '../command.ts';
import { tableOutOf, writeTableTo } from '../table-output.ts';

const SHOWN = 10;
const TITLE_SHOWN = 70;

export const catalogueDuplicatesCommand: CommandFile = {
  usage: 'catalogue duplicates <dir>',
  summary: 'find items that are the same thing said differently; sizes, colours and quantities keep apart',
  examples: [
    'foresell catalogue duplicates catalogue',
    'foresell catalogue duplicates catalogue --out duplicates.csv',
    'foresell catalogue duplicates catalogue --threshold .9 --across-categories --json',
  ],
  declare(command) {
    command
      .option(
        '--threshold <likeness>',
        'how alike titles must be, from 0 to 1 (default: by the shape of the data)',
      )
      .option('--across-categories', 'items of different categories may be duplicates, too')
      .option('--out <file>', 'file ending in .csv, .ndjson or .parquet: one item a row, with its group');
  },
  async run(context, [dir], options) {
    const threshold = options.threshold === undefined ? undefined : Number(options.threshold);
    if (threshold !== undefined && !(threshold > 0 && threshold <= 1))
      throw new AppError(
        'USAGE',
        `--threshold: expected a number above 0 and up to 1, got "${options.threshold}"`,
      );
    const out = tableOutOf(options);
    const open = openCatalogue(loadCatalogue(dir), { backend: nodeBackend, threads: context.threads });
    try {
      const found = await catalogueDuplicates(open, {
        ...(threshold !== undefined && { threshold }),
        acrossCategories: options.acrossCategories === true,
        signal: context.signal,
      });
      const { itemIds } = open.bundle;
      const titles = open.texts('title');
      if (out !== undefined) {
        const rows = found.groups.flatMap(({ items, likeness }, group) =>
          items.map((item) => ({ group: group + 1, item, likeness })),
        );
        await writeTableTo(
          out,
          [
            { name: 'group', values: Int32Array.from(rows, (row) => row.group) },
            { name: 'item_id', values: rows.map((row) => itemIds[row.item]) },
            { name: 'title', values: rows.map((row) => titles[row.item]) },
            { name: 'likeness', values: Float64Array.from(rows, (row) => row.likeness) },
          ],
          context,
        );
      }
      const within = found.groups.reduce((sum, { items }) => sum + items.length, 0);
      context.document({
        items: itemIds.length,
        groups: found.groups.map(({ items, likeness }) => ({
          item_ids: items.map((item) => itemIds[item]),
          likeness,
        })),
        items_in_groups: within,
        threshold: found.threshold,
        threshold_by: threshold !== undefined ? 'given' : found.isFound ? 'shape of the data' : 'usual',
        pairs_compared: found.compared,
        ...(out !== undefined && { out }),
      });
      const zh = context.language === 'zh';
      for (const { items, likeness } of found.groups.slice(0, SHOWN)) {
        context.say(`${likeness.toFixed(2)}`);
        for (const item of items.slice(0, SHOWN))
          context.say(`  ${itemIds[item]}  ${titles[item].slice(0, TITLE_SHOWN)}`);
        if (items.length > SHOWN) context.say('  …');
      }
      context.say(
        zh
          ? `${itemIds.length} 件商品中有 ${found.groups.length} 组重复，共 ${within} 件（相似度阈值 ${found.threshold.toFixed(2)}）${out === undefined ? '' : `，已写入 ${out}`}`
          : `${found.groups.length} groups with ${within} of ${itemIds.length} items (likeness from ${found.threshold.toFixed(2)} on)${out === undefined ? '' : `, in ${out}`}`,
      );
    } finally {
      await open.close();
    }
  },
};
