// foresell trunk import: a trunk learned in another shop as one of this shop's, its items known by their content.
import { importTrunk } from '../../train/transfer-trunk.ts';
import type { CommandFile } from '../command.ts';
import { typedCommand, workspaceOf } from '../options.ts';

export const trunkImportCommand: CommandFile = {
  usage: 'trunk import <file>',
  summary: 'take in a trunk of another shop: checked before it is read, then it serves "train --pretrained"',
  examples: [
    'foresell trunk import fashion.trunk',
    'foresell trunk import fashion.trunk --workspace ./shop-b --json',
    'foresell pretrain --continue latest',
  ],
  async run(context, [file]) {
    const { threads, progress, signal } = context;
    const { version, ...facts } = await importTrunk(workspaceOf(context), {
      ...{ file, command: typedCommand(), threads, now: Date.now, progress, signal },
    });
    const { weights, items, itemsTold, categoriesKnown, categories, hasTower } = facts;
    const count = (value: number): string => value.toLocaleString('en-US');
    context.say(
      context.language === 'zh'
        ? `已保存 trunk ${version.version}：${count(weights)} 个参数\n本店 ${count(items)} 件商品，其中 ${count(itemsTold)} 件按内容获得初始向量${hasTower ? '' : '（该文件不含对照表）'}；${categories} 个品类中按名称认识 ${categoriesKnown} 个\n下一步：foresell pretrain --continue ${version.version}，或 foresell train purchase --model transformer:lora --pretrained ${version.version}`
        : `saved trunk ${version.version}: ${count(weights)} weights\nof ${count(items)} items ${count(itemsTold)} begin with a vector by what is known of them${hasTower ? '' : ' (the file has no table for it)'}; of ${categories} categories it knows ${categoriesKnown} by name\nnext: foresell pretrain --continue ${version.version}, or foresell train purchase --model transformer:lora --pretrained ${version.version}`,
    );
    context.document({
      version: version.version,
      ...{ weights, items, items_told: itemsTold, categories, categories_known: categoriesKnown },
      item_tower: hasTower,
    });
  },
};
