// foresell restore: a backup becomes a workspace again, or is only checked.
import { AppError } from '../../core/errors.ts';
import { formatMoment } from '../../core/time.ts';
import { checkBackup, restoreBackup } from '../../data/backup/restore-backup.ts';
import type { CommandFile } from '../command.ts';

export const restoreCommand: CommandFile = {
  usage: 'restore <from>',
  summary: 'make a workspace of a backup, every byte checked; with --check nothing is written',
  examples: [
    'foresell restore backups/monday.tar --check',
    'foresell restore backups/monday.tar --to shop-restored',
    'gpg --decrypt monday.tar.gpg | foresell restore - --to shop-restored',
  ],
  declare(command) {
    command
      .option('--to <folder>', 'a new folder; one that holds something is left alone')
      .option('--check', 'read all of it and compare it with its checksums');
  },
  async run(context, [from], options) {
    const { to, check } = options as { to?: string; check?: boolean };
    if ((to === undefined) === (check !== true))
      throw new AppError('USAGE', 'expected either --to FOLDER or --check');
    const source = from === '-' ? process.stdin : from;
    const watching = { progress: context.progress, signal: context.signal };
    const { files, lake, takenMs, product } =
      to === undefined ? await checkBackup(source, watching) : await restoreBackup(source, to, watching);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    context.document({
      from,
      ...(to !== undefined && { to }),
      whole: true,
      taken: new Date(takenMs).toISOString(),
      product,
      files: files.length,
      bytes,
      lake_events: lake.events,
    });
    const zh = context.language === 'zh';
    const size = `${(bytes / 1e6).toFixed(1)} MB`;
    const moment = formatMoment(takenMs);
    context.say(
      zh
        ? `${moment} 的备份完整：${files.length} 个文件，${size}，每个字节都与校验和一致`
        : `the backup of ${moment} is whole: ${files.length} files, ${size}, each as its checksum says`,
    );
    if (to !== undefined)
      context.say(
        zh
          ? `已恢复到 ${to}；启动：foresell serve --workspace ${to}。此后被擦除的客户须再次擦除：foresell erase --user 编号`
          : `restored to ${to}; serve it: foresell serve --workspace ${to}. Erase again whoever was erased since: foresell erase --user ID`,
      );
  },
};
