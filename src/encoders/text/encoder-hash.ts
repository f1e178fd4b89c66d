// One number for an encoder: equal plans and equal values give equal hashes.
import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../../core/canonical-json.ts';
import type { EncoderPlan } from './text-encoder.ts';

/** SHA-256 over plan and values, hex; values by name, whatever order they come in. */
export function encoderHash(plan: EncoderPlan, values: Readonly<Record<string, Float32Array>>): string {
  const hash = createHash('sha256');
  const { family, config, tokenizer, graph } = plan;
  hash.update(canonicalJson({ family, config, tokenizer } as Json));
  if (graph) hash.update(graph);
  for (const name of Object.keys(values).sort()) {
    const value = values[name];
    hash.update(`\n${name} ${value.length}\n`);
    hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
  return hash.digest('hex');
}
