// foresell encoders show: what one encoder is, and how its vectors are made.

import { openEncoder } from '../../encoders/folder/open-encoder.ts';
import { lockedFolder, readLock } from '../../encoders/hub/encoder-lock.ts';
import { requireHubId } from '../../encoders/hub/hub-id.ts';
import type { CommandFile } from '../command.ts';
import { encoderDirOf, encoderDocument, licenceWords, withEncoderDir } from '../encoder-options.ts';

export const encodersShowCommand: CommandFile = {
  usage: 'encoders show <id>',
  summary: 'show a pulled encoder: licence, files, width, pooling, what it puts in front of texts',
  examples: ['foresell encoders show sentence-transformers/all-MiniLM-L6-v2'],
  declare: withEncoderDir,
  async run(context, [text], options) {
    const dir = encoderDirOf(context, options);
    const folder = await lockedFolder(dir, text);
    const { id } = requireHubId(text);
    const entry = (await readLock(dir))[id];
    const { width, blocks, maxLength, pooling, isNormalised, prefixes, hash, plan } = await openEncoder(
      folder,
      { name: id },
    );
    const document = encoderDocument(dir, id, entry);
    const made = {
      family: plan.family,
      width,
      blocks,
      max_length: maxLength,
      pooling,
      normalised: isNormalised,
      prefixes,
      hash,
    };
    context.document({ ...document, ...made });
    const zh = context.language === 'zh';
    context.say(`${id}  ${entry.revision}  ${entry.commit}`);
    context.say(`  ${zh ? '许可证' : 'licence'}  ${licenceWords(entry.licence, zh)}`);
    context.say(
      zh
        ? `  ${plan.family}，${width} 维，${blocks} 层，最多 ${maxLength} 个词片，池化 ${pooling}${isNormalised ? '，向量长度为一' : ''}`
        : `  ${plan.family}, width ${width}, ${blocks} blocks, at most ${maxLength} pieces, pooling ${pooling}${isNormalised ? ', vectors of length one' : ''}`,
    );
    if (prefixes.query !== '' || prefixes.passage !== '')
      context.say(
        `  ${zh ? '前缀' : 'in front'}  ${JSON.stringify(prefixes.query)} · ${JSON.stringify(prefixes.passage)}`,
      );
    for (const { file, bytes, sha256 } of document.files)
      context.say(`  ${sha256.slice(0, 12)}  ${String(bytes).padStart(11)}  ${file}`);
  },
};
