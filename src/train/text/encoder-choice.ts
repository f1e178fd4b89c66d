// Which encoder reads the texts: a folder's, or one of the shop's own learned from the very texts at hand.
import { statSync } from 'node:fs';
import { AppError } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import { openAnyEncoder } from '../../encoders/own/own-folder.ts';
import type { OwnSettings } from '../../encoders/own/own-settings.ts';
import { pretrainOwn } from '../../encoders/own/pretrain-own.ts';
import type { TextEncoder } from '../../encoders/text/text-encoder.ts';

/** As typed after `--encoder`. */
export const OWN = 'own';

export interface EncoderRun {
  readonly seed: number;
  readonly threads: number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/**
 * Opens what was chosen; one of the shop's own is pretrained on the texts.
 *
 * @param choice `own`, a folder, or the folder a name stands for
 * @param texts  of the rows learned from; read only for `own`
 * @throws AppError NOT_FOUND, BAD_FILE, NOT_ENOUGH_DATA, INTERRUPTED
 */
export async function chosenEncoder(
  choice: string,
  texts: () => readonly string[],
  { own, ...run }: EncoderRun & { readonly own?: Partial<OwnSettings> },
): Promise<TextEncoder> {
  if (choice !== OWN) return openAnyEncoder(choice);
  const task = { name: 'own', ...run, ...(own && { settings: own }) };
  const { encoder } = await pretrainOwn(texts(), task);
  return encoder;
}

/** @throws AppError USAGE at once for what cannot be an encoder, before anything is read */
export function checkEncoderChoice(choice: string): void {
  if (choice === OWN || statSync(choice, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new AppError(
    'USAGE',
    `--encoder: expected "${OWN}", the folder of an encoder or owner/name of one pulled before, got "${choice}"; fetch one with: foresell encoders pull`,
  );
}
