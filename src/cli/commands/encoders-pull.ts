// foresell encoders pull: a published encoder into the workspace, pinned and proved.
import { checkWritable } from '../../data/output-place.ts';
import { pullEncoder } from '../../encoders/hub/pull-encoder.ts';
import type { CommandFile } from '../command.ts';
import {
  bytesOf,
  encoderDirOf,
  encoderDocument,
  hubOf,
  licenceWords,
  megabytes,
  withEncoderDir,
} from '../encoder-options.ts';

export const encodersPullCommand: CommandFile = {
  usage: 'encoders pull <id>',
  summary: 'fetch a published encoder, pin its commit and lock every file by SHA-256',
  examples: [
    'foresell encoders pull sentence-transformers/all-MiniLM-L6-v2',
    'foresell encoders pull BAAI/bge-small-zh-v1.5@main --update',
    'foresell encoders pull intfloat/multilingual-e5-small --hub https://models.example.com --json',
  ],
  declare(command) {
    withEncoderDir(command)
      .option('--hub <address>', 'another hub (default: FORESELL_HUB, else the public one)')
      .option('--update', 'look whether the revision has moved; otherwise the commit in the lock stays')
      .option('--offline', 'ask nobody: only say whether all is here');
  },
  async run(context, [id], options) {
    const { progress, signal } = context;
    const dir = encoderDirOf(context, options);
    checkWritable(dir, 'folder');
    const pulled = await pullEncoder(dir, id, {
      hub: hubOf(options),
      offline: options.offline === true,
      update: options.update === true,
      progress,
      signal,
    });
    const zh = context.language === 'zh';
    const licence = licenceWords(pulled.licence, zh);
    const count = Object.keys(pulled.files).length;
    const size = megabytes(bytesOf(pulled));
    context.say(
      zh
        ? `${pulled.id}，提交 ${pulled.commit.slice(0, 12)}，许可证：${licence}\n${count} 个文件共 ${size}（本次下载 ${pulled.fetched.length} 个）：${pulled.folder}\n下一步：foresell text fit 数据.csv --encoder ${pulled.folder} …`
        : `${pulled.id} at commit ${pulled.commit.slice(0, 12)}, licence: ${licence}\n${count} files, ${size} (${pulled.fetched.length} fetched now): ${pulled.folder}\nnext: foresell text fit DATA.csv --encoder ${pulled.folder} …`,
    );
    context.document({ ...encoderDocument(dir, pulled.id, pulled), fetched: pulled.fetched });
  },
};
