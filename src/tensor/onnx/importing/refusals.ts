// What cannot be imported, said before anything is built: each kind with what to do about it.

import { AppError } from '../../../core/errors.ts';
import type { OnnxNode } from '../model.ts';
import type { Importers } from './node.ts';

const QUANTISED =
  /^(DynamicQuantizeLinear|MatMulInteger|ConvInteger|QuantizeLinear|DequantizeLinear|QLinear.*|QGemm|QAttention|DynamicQuantize.*|MatMulIntegerToFloat|MatMulNBits|MatMulBnb4|QMoE)$/;
const CONTROL = /^(If|Loop|Scan)$/;
const FUSED =
  /^(Attention|MultiHeadAttention|PackedAttention|PackedMultiHeadAttention|GroupQueryAttention|DecoderMaskedSelfAttention|EmbedLayerNormalization|FusedConv|FusedGemm|NhwcConv|RotaryEmbedding)$/;

/** `MatMul`, or `com.microsoft:BiasGelu`: the key of an importer. */
export function typeOf({ opType, domain }: OnnxNode): string {
  return domain === '' ? opType : `${domain}:${opType}`;
}

/** @throws AppError BAD_FILE naming every node that cannot be imported, by reason */
export function refuseUnknown(nodes: readonly OnnxNode[], importers: Importers): void {
  const quantised = nodes.filter(({ opType }) => QUANTISED.test(opType));
  if (quantised.length > 0)
    throw new AppError(
      'BAD_FILE',
      `expected a model in floating point, got a quantised one (${types(quantised).join(', ')}); rounded weights cannot be trained: export the float32 model`,
    );
  const control = nodes.filter(({ opType }) => CONTROL.test(opType));
  if (control.length > 0)
    throw new AppError(
      'BAD_FILE',
      `expected a plain graph, got one with control flow: ${listed(control)}; export the model for one fixed path`,
    );
  const fused = nodes.filter((node) => importers[typeOf(node)] === undefined && FUSED.test(node.opType));
  if (fused.length > 0)
    throw new AppError(
      'BAD_FILE',
      `expected standard ops, got fused ones: ${listed(fused)}; export the model without onnxruntime's optimiser`,
    );
  const unknown = nodes.filter((node) => importers[typeOf(node)] === undefined);
  if (unknown.length > 0)
    throw new AppError(
      'BAD_FILE',
      `expected ops the engine can import, got ${types(unknown).length} it does not know: ${listed(unknown)}`,
    );
}

function types(nodes: readonly OnnxNode[]): readonly string[] {
  return [...new Set(nodes.map(typeOf))].sort();
}

/** `Foo (nodes "a", "b"), Bar (node "c")` */
function listed(nodes: readonly OnnxNode[]): string {
  return types(nodes)
    .map((type) => {
      const named = nodes
        .filter((node) => typeOf(node) === type)
        .map(({ name, outputs }) => `"${name || outputs[0]}"`);
      return `${type} (node${named.length > 1 ? 's' : ''} ${named.join(', ')})`;
    })
    .join(', ');
}
