// What a server says of its shops to whoever started it.
import { basename } from 'node:path';
import { type Workspace, workspacePaths } from '../data/workspace.ts';
import { listTasks, promotedTasks } from '../registry/versions.ts';
import type { Refreshed } from '../serve/online/models-in-service.ts';
import type { ShopService } from '../serve/open-service.ts';
import { TRUNK } from '../train/pretrained.ts';
import { NEXT_ITEM } from '../train/sequence/train-next-item.ts';
import type { Context } from './context.ts';

export function sayShop(context: Context, name: string, { started, shop, found }: ShopService): void {
  const { people, events, from } = started;
  const zh = context.language === 'zh';
  const { predictor, recommender, texts } = shop.ports;
  const tasks = [...(predictor?.tasks ?? []), ...(recommender ? [NEXT_ITEM] : []), ...(texts?.tasks ?? [])];
  const origin = zh
    ? { lake: '来自数据湖', snapshot: '来自快照' }[from]
    : { lake: 'from the lake', snapshot: 'from its snapshot' }[from];
  context.say(
    zh
      ? `${name}：${people} 人，${events} 个事件，${origin}；任务 ${tasks.join('、') || '无（foresell train purchase）'}`
      : `${name}: ${people} people, ${events} events, ${origin}; tasks ${tasks.join(', ') || 'none yet (foresell train purchase)'}`,
  );
  for (const { task, message } of found.faults) context.progress.note(`${task}: ${message}`);
}

/** Of what was saved and never promoted nobody would know why it does not answer. */
export function sayUnpromoted(context: Context, workspace: Workspace): void {
  const modelsDir = workspacePaths.models(workspace);
  const served = new Set([...promotedTasks(modelsDir), TRUNK]);
  for (const task of listTasks(modelsDir).filter((own) => !served.has(own)))
    context.say(
      context.language === 'zh'
        ? `  ${task}：已有保存的版本，但均未上线：foresell models promote ${task} --workspace ${workspace.dir}`
        : `  ${task}: no version is promoted, so none answers: foresell models promote ${task} --workspace ${workspace.dir}`,
    );
}

export function sayModels(context: Context, shop: string, { changes, faults }: Refreshed): void {
  const zh = context.language === 'zh';
  for (const { task, version } of changes)
    context.say(
      zh ? `${shop}：${task} 改由 ${version} 回答` : `${shop}: ${task} is answered by ${version} now`,
    );
  for (const { task, message } of faults) context.progress.note(`${shop}: ${task}: ${message}`);
}

/** A folder's name as keys and addresses can carry it. */
export function shopName({ dir }: Workspace): string {
  const name = basename(dir)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return name === '' ? 'shop' : name;
}
