// SentencePiece's compiled map of characters (XLM-R, T5, multilingual E5): a double-array trie with its replacements.
import { refuseTokenizer } from '../bad-tokenizer-file.ts';
import { stretches } from './stretches.ts';
import type { Emit, RewriteStep } from './text-step.ts';

/** Longer clusters of characters, in bytes, are looked up character by character, as SentencePiece's reader does. */
const LONGEST_CLUSTER = 6;

/**
 * @param packed base64 of: bytes of the trie (uint32), the trie's units (uint32 each), texts ended by zero bytes
 * @see Yata's Darts-clone for the units
 */
export function precompiledMap(packed: string): RewriteStep {
  const bytes = new Uint8Array(Buffer.from(packed, 'base64'));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const trieBytes = bytes.length >= 4 ? view.getUint32(0, true) : -1;
  if (trieBytes < 0 || trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length) {
    refuseTokenizer('precompiled_charsmap is cut short');
  }
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const texts = bytes.subarray(4 + trieBytes);
  const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();

  const replacementOf = (part: string): string | undefined => {
    const at = shortestMatch(units, encoder.encode(part));
    if (at === undefined) return undefined;
    const end = texts.indexOf(0, at);
    return decoder.decode(texts.subarray(at, end < 0 ? texts.length : end));
  };

  const trace = (text: string, emit: Emit): void => {
    for (const [from, to] of stretches(text)) {
      for (const { segment, index } of segmenter.segment(text.slice(from, to))) {
        traceCluster(segment, from + index, emit);
      }
    }
  };
  const traceCluster = (cluster: string, start: number, emit: Emit): void => {
    const whole = encoder.encode(cluster).length < LONGEST_CLUSTER ? replacementOf(cluster) : undefined;
    if (whole !== undefined) {
      emit(start, start + cluster.length, whole);
      return;
    }
    let at = start;
    for (const character of cluster) {
      emit(at, at + character.length, replacementOf(character) ?? character);
      at += character.length;
    }
  };
  return {
    kind: 'rewrite',
    apply(text) {
      if (/^[ -~]*$/.test(text)) return text;
      let out = '';
      trace(text, (_from, _to, part) => {
        out += part;
      });
      return out;
    },
    trace,
  };
}

/** The value of the shortest key that begins these bytes: the one the reference takes. */
function shortestMatch(units: Uint32Array, bytes: Uint8Array): number | undefined {
  let node = offsetOf(units[0] ?? 0);
  for (const byte of bytes) {
    if (byte === 0) return undefined;
    node ^= byte;
    const unit = units[node];
    if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return undefined;
    node ^= offsetOf(unit);
    if (((unit >>> 8) & 1) === 1) return (units[node] ?? 0) & 0x7fffffff;
  }
  return undefined;
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
