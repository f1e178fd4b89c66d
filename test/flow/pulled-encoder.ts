// For tests: a workspace as `encoders pull` leaves it, a tiny seeded encoder in its place and in the lock.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureFile } from '../../src/encoders/hub/download-file.ts';
import { writeLock } from '../../src/encoders/hub/encoder-lock.ts';
import { folderOf } from '../../src/encoders/hub/hub-id.ts';

/** Where the tiny encoder lies that was never pulled: BERT of width 8, random weights, tokenizer of 127 pieces. */
export const TINY_BERT = fileURLToPath(new URL('../fixtures/encoders/bert', import.meta.url));
export const PULLED = 'made-up/tiny-bert';

const COMMIT = 'd'.repeat(40);
const FILES = ['config.json', 'tokenizer.json', 'model.safetensors', 'modules.json', '1_Pooling/config.json'];

/** Lays the tiny encoder among a workspace's as `made-up/tiny-bert`. @returns its folder */
export async function layPulledEncoder(workspace: string): Promise<string> {
  const dir = join(workspace, 'encoders');
  const folder = join(dir, folderOf(PULLED, COMMIT));
  for (const file of FILES) cpSync(join(TINY_BERT, file), join(folder, file), { recursive: true });
  const files = await Promise.all(
    FILES.map(async (file) => {
      const found = await measureFile(join(folder, file));
      if (!found) throw new Error(`${file} was copied and is not there`);
      return [file, { sha256: found.sha256, bytes: found.bytes }] as const;
    }),
  );
  writeLock(dir, {
    [PULLED]: { revision: 'main', commit: COMMIT, licence: 'mit', files: Object.fromEntries(files) },
  });
  return folder;
}
