// foresell trunk export: a pretrained trunk as one file for another shop, and what of this one is in it.
import { exportTrunk } from '../../train/transfer-trunk.ts';
import type { CommandFile } from '../command.ts';
import { workspaceOf } from '../options.ts';

export const trunkExportCommand: CommandFile = {
  usage: 'trunk export <file>',
  summary:
    'write a pretrained trunk to one file for another shop: no item, no customer and no event is in it',
  examples: [
    'foresell trunk export fashion.trunk',
    'foresell trunk export fashion.trunk --trunk v3 --workspace ./shop-a --json',
  ],
  declare(command) {
    command.option('--trunk <version>', 'which one, such as v3', 'latest');
  },
  async run(context, [file], options) {
    const { threads, progress, signal } = context;
    const exported = await exportTrunk(workspaceOf(context), {
      ...{ reference: String(options.trunk), file, threads, now: Date.now, progress, signal },
    });
    const { version, bytes, weights, itemsTold, types, categories } = exported;
    const count = (value: number): string => value.toLocaleString('en-US');
    context.say(
      context.language === 'zh'
        ? `已写出 ${file}（trunk ${version}，${count(bytes)} 字节）\n包含：${count(weights)} 个数，${types.length} 种行为（${types.join('、')}），${categories.length} 个品类名称${itemsTold > 0 ? `，由 ${count(itemsTold)} 件商品学得的“内容到向量”对照表` : ''}\n不包含：商品编号、客户、行为、计数、时刻\n下一步：foresell trunk import ${file} --workspace 另一家店`
        : `wrote ${file} (trunk ${version}, ${count(bytes)} bytes)\nin it: ${count(weights)} numbers, ${types.length} kinds of events (${types.join(', ')}), the names of ${categories.length} categories${itemsTold > 0 ? `, a table from what is known of items to their vectors, learned from ${count(itemsTold)} of them` : ''}\nnot in it: ids of items, customers, events, counts, moments\nnext: foresell trunk import ${file} --workspace ANOTHER-SHOP`,
    );
    const { itemsTold: told, ...rest } = exported;
    context.document({ ...rest, items_told: told });
  },
};
