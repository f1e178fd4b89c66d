// The ways of fine-tuning, as a table: what is put into the trunk, and which of its weights move.
import { type Name, name } from '../../core/name.ts';
import { isAdapter, withAdapters } from '../../nn/adapt/adapters.ts';
import { lastBlocks } from '../../nn/adapt/freezing.ts';
import { isLora, withLora } from '../../nn/adapt/lora.ts';
import type { NameTest } from '../../nn/adapt/pattern.ts';
import { isPrefix, withPrefix } from '../../nn/adapt/prefix.ts';
import type { ParameterSpec } from '../../nn/module.ts';
import type { Trunk } from '../sequence/neural/network.ts';
import type { BehaviourSettings } from './settings.ts';

export interface Method {
  /** As written after `--model`. */
  readonly id: string;
  readonly label: Name;
  /** False where weights start as they were drawn. */
  readonly isPretrained: boolean;
  readonly adapt: (trunk: Trunk, settings: BehaviourSettings) => Trunk;
  /** Which parameters of the trunk move, of those declared; absent where none does. The head always does. */
  readonly moves?: (parameters: readonly ParameterSpec[]) => NameTest;
  /** Whether what moves was put in and begins by changing nothing. */
  readonly isAdded?: boolean;
}

const asItIs = (trunk: Trunk): Trunk => trunk;
const all = (): NameTest => () => true;

/** Of every block the projections of its attention and both layers of its feed-forward half. */
const LORA_MATCH = ['**.attention.*.weight', '**.feedForward.**.weight'];

const label = (en: string, zh: string): Name =>
  name(`Behaviour transformer (${en})`, `行为序列模型（${zh}）`);

export const FULL: Method = {
  id: 'transformer',
  label: name('Behaviour transformer', '行为序列模型（Transformer）'),
  isPretrained: true,
  adapt: asItIs,
  moves: all,
};

/** Fine-tuning beside the full one. */
export const OTHER_METHODS: readonly Method[] = [
  {
    id: 'transformer:frozen',
    label: label('frozen', '冻结主干'),
    isPretrained: true,
    adapt: asItIs,
  },
  {
    id: 'transformer:last-1',
    label: label('last block', '微调末层'),
    isPretrained: true,
    adapt: asItIs,
    moves: (parameters) => lastBlocks(parameters, 1),
  },
  {
    id: 'transformer:lora',
    label: label('LoRA', 'LoRA'),
    isPretrained: true,
    adapt: (trunk, { rank }) => withLora(trunk, { rank, match: LORA_MATCH }),
    moves: () => isLora,
    isAdded: true,
  },
  {
    id: 'transformer:adapters',
    label: label('adapters', '适配器'),
    isPretrained: true,
    adapt: (trunk, { adapterWidth }) => withAdapters(trunk, { width: adapterWidth }),
    moves: () => isAdapter,
    isAdded: true,
  },
  {
    id: 'transformer:prefix',
    label: label('prefix', '前缀'),
    isPretrained: true,
    adapt: (trunk, { prefixLength }) => withPrefix(trunk, { length: prefixLength }),
    moves: () => isPrefix,
    isAdded: true,
  },
  {
    id: 'transformer:scratch',
    label: label('not pretrained', '未预训练'),
    isPretrained: false,
    adapt: asItIs,
    moves: all,
  },
];

export const METHODS: readonly Method[] = [FULL, ...OTHER_METHODS];
