// What published files call the weights of BERT, RoBERTa and DistilBERT, by our names for them.

/** Families whose network is `bertStates`. */
export type BertFamily = 'bert' | 'roberta' | 'distilbert';

export interface WeightPlace {
  /** The name in the file, without what a task head's file puts in front (`bert.`). */
  readonly name: string;
  /** Files keep matrices as [outputs, inputs]; ours are [inputs, outputs]. */
  readonly isTurned: boolean;
}

interface NamesInFile {
  readonly top: Readonly<Record<string, string>>;
  readonly blocks: string;
  readonly block: Readonly<Record<string, string>>;
}

const TOP = {
  'pieces.weight': 'embeddings.word_embeddings.weight',
  places: 'embeddings.position_embeddings.weight',
  types: 'embeddings.token_type_embeddings.weight',
  norm: 'embeddings.LayerNorm',
};

const BERT: NamesInFile = {
  top: TOP,
  blocks: 'encoder.layer',
  block: {
    'attention.query': 'attention.self.query',
    'attention.key': 'attention.self.key',
    'attention.value': 'attention.self.value',
    'attention.output': 'attention.output.dense',
    attentionNorm: 'attention.output.LayerNorm',
    'feedForward.inner': 'intermediate.dense',
    'feedForward.output': 'output.dense',
    feedForwardNorm: 'output.LayerNorm',
  },
};

const NAMES: Readonly<Record<BertFamily, NamesInFile>> = {
  bert: BERT,
  roberta: BERT,
  distilbert: {
    top: TOP,
    blocks: 'transformer.layer',
    block: {
      'attention.query': 'attention.q_lin',
      'attention.key': 'attention.k_lin',
      'attention.value': 'attention.v_lin',
      'attention.output': 'attention.out_lin',
      attentionNorm: 'sa_layer_norm',
      'feedForward.inner': 'ffn.lin1',
      'feedForward.output': 'ffn.lin2',
      feedForwardNorm: 'output_layer_norm',
    },
  },
};

/** Our leaf's name in a file: a norm's scale and shift are its weight and bias. */
const LEAVES: Readonly<Record<string, string>> = {
  weight: 'weight',
  bias: 'bias',
  scale: 'weight',
  shift: 'bias',
};

/** Where a parameter of `bertStates` lies in a file of that family. */
export function placeInFile(family: BertFamily, parameter: string): WeightPlace {
  const { top, blocks, block } = NAMES[family];
  const whole = top[parameter];
  if (whole !== undefined) return { name: whole, isTurned: false };
  const dot = parameter.lastIndexOf('.');
  const [owner, leaf] = [parameter.slice(0, dot), LEAVES[parameter.slice(dot + 1)] as string];
  const [, number, part] = /^blocks\.(\d+)\.(.+)$/.exec(owner) ?? [];
  if (part === undefined) return { name: `${top[owner]}.${leaf}`, isTurned: false };
  return {
    name: `${blocks}.${number}.${block[part]}.${leaf}`,
    isTurned: leaf === 'weight' && !part.endsWith('Norm'),
  };
}
