// Which pieces have a part of their own: what the post-processor puts around a text, and pad, unknown and mask by name.
import { isRecord, type Json } from '../../core/canonical-json.ts';
import {
  type FilePart,
  filePart,
  listOf,
  optionalPart,
  refuseTokenizer,
  textOf,
} from './bad-tokenizer-file.ts';
import type { SpecialPieces } from './tokenizer.ts';

/** Pieces put before and after every text. */
export interface Frame {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const NO_FRAME: Frame = { before: [], after: [] };

/** Names that files without a configuration use, the first known taken. */
const USUAL_NAMES = {
  pad: ['[PAD]', '<pad>', '<|padding|>'],
  mask: ['[MASK]', '<mask>'],
} as const;

/** @throws AppError BAD_FILE when the post-processor names a piece there is not */
export function readFrame(part: FilePart | undefined, idOf: (piece: string) => number | undefined): Frame {
  if (part === undefined) return NO_FRAME;
  const type = textOf(part, 'type');
  if (type === 'ByteLevel') return NO_FRAME;
  if (type === 'Sequence') {
    return listOf(part, 'processors')
      .map((each, i) => readFrame(filePart(each, `${part.at}.processors[${i}]`), idOf))
      .reduce(
        (inner, outer) => ({
          before: [...outer.before, ...inner.before],
          after: [...inner.after, ...outer.after],
        }),
        NO_FRAME,
      );
  }
  if (type === 'BertProcessing' || type === 'RobertaProcessing') {
    return { before: [pairedId(part, 'cls', idOf)], after: [pairedId(part, 'sep', idOf)] };
  }
  if (type === 'TemplateProcessing') return readTemplate(part, idOf);
  return refuseTokenizer(`post-processor "${type}" at ${part.at} is none Foresell knows`);
}

function pairedId(part: FilePart, name: string, idOf: (piece: string) => number | undefined): number {
  const [piece] = listOf(part, name);
  const id = typeof piece === 'string' ? idOf(piece) : undefined;
  return id ?? refuseTokenizer(`${part.at}.${name} is no piece of the vocabulary`);
}

function readTemplate(part: FilePart, idOf: (piece: string) => number | undefined): Frame {
  const before: number[] = [];
  const after: number[] = [];
  let isAfter = false;
  listOf(part, 'single').forEach((each, i) => {
    const item = filePart(each, `${part.at}.single[${i}]`);
    const special = optionalPart(item, 'SpecialToken');
    if (special === undefined) {
      isAfter = true;
      return;
    }
    const id = idOf(textOf(special, 'id'));
    if (id === undefined) refuseTokenizer(`${special.at} names a piece that is not in the vocabulary`);
    (isAfter ? after : before).push(id);
  });
  return { before, after };
}

/** @param config tokenizer_config.json, special_tokens_map.json or both laid together */
export function readSpecialPieces(
  config: Json | undefined,
  frame: Frame,
  known: { idOf(piece: string): number | undefined; unknown: number | undefined },
): SpecialPieces {
  const named = (name: string): number | undefined => {
    const value = isRecord(config) && Object.hasOwn(config, name) ? config[name] : undefined;
    const piece = isRecord(value) ? value.content : value;
    return typeof piece === 'string' ? known.idOf(piece) : undefined;
  };
  const usual = (names: readonly string[]): number | undefined =>
    names.map(known.idOf).find((id) => id !== undefined);
  const unknown = known.unknown ?? named('unk_token');
  return {
    // Padding is masked wherever it stands, so that a tokenizer without a piece for it may use any.
    pad: named('pad_token') ?? usual(USUAL_NAMES.pad) ?? unknown ?? 0,
    unknown,
    opening: frame.before[0],
    closing: frame.after.at(-1),
    mask: named('mask_token') ?? usual(USUAL_NAMES.mask),
  };
}
