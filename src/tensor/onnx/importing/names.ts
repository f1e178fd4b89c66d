// Readable names for weights whose exporter lost them: `onnx::MatMul_329` is some layer's weight.

import type { OnnxGraph, OnnxNode } from '../model.ts';

/** Names exporters number for want of a better one: `onnx::MatMul_329`, `val_95`, `constant_7`, `1043`. */
const NUMBERED = /::|^(val|t|const|constant|initializer|weight|param|lifted_tensor)?_?\d+$/i;

/**
 * A name for each initialiser, unique and the same at every import. A name that says something is kept. Else, in order:
 * the weight of a product to which `layer.bias` is added is `layer.weight`; a weight read by a node of the scope
 * `/layer/MatMul` is `layer.weight`; the file's name stays. A name taken twice gets `_2`, `_3`, …
 */
export function nameInitialisers({ nodes, initializers }: OnnxGraph): ReadonlyMap<string, string> {
  const readers = new Map<string, OnnxNode[]>();
  for (const node of nodes)
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  const held = new Set(initializers.map(({ name }) => name));

  const taken = new Set(initializers.map(({ name }) => name).filter((name) => !NUMBERED.test(name)));
  const names = new Map<string, string>();
  for (const { name } of initializers) {
    if (!NUMBERED.test(name)) {
      names.set(name, name);
      continue;
    }
    const reader = firstReader(name, readers);
    const found =
      reader === undefined ? undefined : (nameByBias(reader, readers, held) ?? nameByScope(reader));
    const unique = firstFree(found ?? name, taken);
    taken.add(unique);
    names.set(name, unique);
  }
  return names;
}

/** Who first reads a value for what it is: copies and transposes are looked through. */
function firstReader(name: string, readers: ReadonlyMap<string, readonly OnnxNode[]>): OnnxNode | undefined {
  const all = readers.get(name) ?? [];
  const direct = all.find(({ opType }) => !/^(Identity|Transpose|Cast)$/.test(opType));
  return direct ?? (all[0] && firstReader(all[0].outputs[0] ?? '', readers));
}

function nameByBias(
  reader: OnnxNode,
  readers: ReadonlyMap<string, readonly OnnxNode[]>,
  held: ReadonlySet<string>,
): string | undefined {
  const isProduct = reader.opType === 'MatMul' || reader.opType === 'Gemm';
  const after = isProduct ? readers.get(reader.outputs[0] ?? '') : undefined;
  const shifts = after?.length === 1 && after[0]?.opType === 'Add' ? after[0].inputs : [];
  const bias = [...shifts, ...reader.inputs].find((input) => held.has(input) && /[./]bias$/.test(input));
  return bias?.replace(/bias$/, 'weight');
}

function nameByScope({ name, opType }: OnnxNode): string | undefined {
  const scope = name
    .split('/')
    .filter((part) => part !== '')
    .slice(0, -1);
  if (scope.length === 0) return undefined;
  return [...scope, opType === 'Add' ? 'bias' : 'weight'].join('.');
}

function firstFree(name: string, taken: ReadonlySet<string>): string {
  let unique = name;
  for (let i = 2; taken.has(unique); i++) unique = `${name}_${i}`;
  return unique;
}
