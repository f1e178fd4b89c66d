// Vectors of texts by a fine-tuned encoder: programs compiled when first needed, sessions kept open while asked.
import { throwIfAborted } from '../../core/errors.ts';
import { pieceLengths } from '../../encoders/text/piece-lengths.ts';
import type { PieceBatch } from '../../encoders/text/text-encoder.ts';
import { defineModule } from '../../nn/module.ts';
import { compileInference } from '../../nn/program/training-program.ts';
import { lengthBuckets } from '../../nn/trainer/batches/length-buckets.ts';
import type { Session } from '../../tensor/session/session.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { Values } from './methods.ts';
import { adaptedTexts, pieceSpecs, type TextNetwork } from './network.ts';
import { piecesRead } from './settings.ts';
import { type PieceRows, padRows, rowLengths } from './text-rows.ts';

export interface TextVectors {
  /** [rows, width] */
  read(pieces: PieceRows, signal?: AbortSignal): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Texts at once where there are many, and where somebody waits for one. */
const MANY = 16;
const FEW = 1;
/** Each session holds the encoder's weights. */
const OPEN = 3;

/** @param values of the encoder, by full names */
export function textVectors(
  network: Omit<TextNetwork, 'question'>,
  values: Values,
  threads: number,
): TextVectors {
  const { encoder, settings } = network;
  const still: Omit<TextNetwork, 'question'> = { ...network, settings: { ...settings, dropout: 0 } };
  const buckets = pieceLengths(piecesRead(settings, encoder.maxLength));
  const open = new Map<string, Promise<Session>>();
  const release = async (key: string): Promise<void> => {
    const session = open.get(key);
    open.delete(key);
    await (await session)?.release();
  };
  const sessionAt = async (batch: number, time: number): Promise<Session> => {
    const key = `${batch} ${time}`;
    const known = open.get(key);
    if (known) return known;
    while (open.size >= OPEN) await release(open.keys().next().value as string);
    const module = defineModule('vectors', (scope, given: Readonly<Record<string, unknown>>) => ({
      vectors: adaptedTexts(still, { batch, time }).build(scope, given as unknown as PieceBatch),
    }));
    const opened = nodeBackend.open(compileInference(module, pieceSpecs({ batch, time }), values), {
      threads,
    });
    open.set(key, opened);
    return opened;
  };
  return {
    async read(pieces, signal) {
      const lengths = rowLengths(pieces);
      const all = new Float32Array(lengths.length * encoder.width);
      const batch = lengths.length <= FEW ? FEW : MANY;
      const planned = lengthBuckets(lengths, { buckets, batchSize: batch, seed: 0, shuffle: false });
      for (const { rows, count, length: time } of planned.epoch(0)) {
        throwIfAborted(signal);
        const session = await sessionAt(batch, time);
        const fed = padRows(pieces, rows, { batch, time, padId: encoder.tokenizer.special.pad });
        const { vectors } = await session.run({ ...fed });
        const found = vectors as Float32Array;
        for (let r = 0; r < count; r++)
          all.set(found.subarray(r * encoder.width, (r + 1) * encoder.width), rows[r] * encoder.width);
      }
      return all;
    },
    async close() {
      for (const key of [...open.keys()]) await release(key);
    },
  };
}
