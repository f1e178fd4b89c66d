// foresell erase: one customer out of everything, with the proof.
import { AppError } from '../../core/errors.ts';
import { eraseUser } from '../../data/erase/erase-user.ts';
import { stateSnapshotReader } from '../../serve/state/snapshot-reader.ts';
import { auditCommand } from '../audit.ts';
import type { CommandFile } from '../command.ts';
import { workspaceOf } from '../options.ts';

export const eraseCommand: CommandFile = {
  usage: 'erase',
  summary: 'remove a customer from every file of the workspace and prove it by decoding each one',
  examples: ['foresell erase --user 12748', 'foresell erase --user 12748 --json'],
  declare: (command) => void command.option('--user <id>', 'the customer, as the shop knows them'),
  async run(context, _, options) {
    if (options.user === undefined) throw new AppError('USAGE', 'expected --user ID: the customer to erase');
    const workspace = workspaceOf(context);
    const erasure = await eraseUser(workspace, String(options.user), {
      threads: context.threads,
      progress: context.progress,
      signal: context.signal,
      readers: [stateSnapshotReader],
    });
    await auditCommand(workspace.dir, {
      action: 'user.erase',
      subject: { kind: 'user', id: String(options.user) },
      details: { found: erasure.before.length, models: erasure.models.length },
    });
    context.document({ ...erasure, found_before: erasure.before.length, found_after: erasure.after.length });
    const zh = context.language === 'zh';
    if (erasure.before.length === 0) {
      context.say(
        zh
          ? '工作区中没有该编号的客户，未改动任何文件'
          : 'nobody of that id stands in any file of the workspace; nothing was changed',
      );
      return;
    }
    context.say(
      zh
        ? `擦除前找到 ${erasure.before.length} 处，擦除后 ${erasure.after.length} 处（逐个文件解码检查）`
        : `found in ${erasure.before.length} ${erasure.before.length === 1 ? 'place' : 'places'} before, ${erasure.after.length} after (every file decoded)`,
    );
    for (const file of erasure.rewritten) context.say(`  ${zh ? '重写' : 'rewritten'}  ${file}`);
    for (const file of erasure.removed) context.say(`  ${zh ? '删除' : 'removed'}    ${file}`);
    for (const model of erasure.models) {
      context.say(
        `  ${zh ? '请重新训练' : 'train again'} ${model}: ${zh ? '曾用该客户的数据训练' : 'it learned from this customer'}`,
      );
    }
  },
};
