// The ways of fine-tuning a text encoder, as a table: what is put into it, and which of its weights move.
import { type Name, name } from '../../core/name.ts';
import type { PieceBatch } from '../../encoders/text/text-encoder.ts';
import { isAdapter, withAdapters } from '../../nn/adapt/adapters.ts';
import { lastBlocks } from '../../nn/adapt/freezing.ts';
import { isLora, LORA_GATES, mergeLora, withLora } from '../../nn/adapt/lora.ts';
import type { NameTest } from '../../nn/adapt/pattern.ts';
import { isPrefix, withPrefix } from '../../nn/adapt/prefix.ts';
import { cubicSparsity, withPruning } from '../../nn/compress/pruned-training.ts';
import type { Module, ParameterSpec } from '../../nn/module.ts';
import type { TrainingStep } from '../../nn/step/training-step.ts';
import type { Tensor } from '../../tensor/graph.ts';
import type { TextSettings } from './settings.ts';

/** Pieces to their states, as an encoder gives them. */
export type StatesModule = Module<PieceBatch, Tensor>;

export type Values = Readonly<Record<string, Float32Array>>;

export interface TextMethod {
  /** As written after `--method`; the estimator is `text:ID`, of the full one `text`. */
  readonly id: string;
  readonly label: Name;
  /** @param matrices patterns of the matrices inside the blocks */
  readonly adapt: (states: StatesModule, settings: TextSettings, matrices: readonly string[]) => StatesModule;
  /** Which parameters of the encoder move, of those declared; absent where none does. The head always does. */
  readonly moves?: (parameters: readonly ParameterSpec[], settings: TextSettings) => NameTest;
  /** Whether what moves was put in, begins by changing nothing, and may learn as fast as the head. */
  readonly isAdded?: boolean;
  /** Whether it looks for the layers of our own modules inside, which a model file does not have. */
  readonly needsLayers?: boolean;
  /** Values of the plain encoder that answers as the adapted one. */
  readonly merge?: (values: Values, settings: TextSettings) => Values;
  /** What surrounds each step. */
  readonly around?: (settings: TextSettings, steps: number) => (step: TrainingStep) => TrainingStep;
}

const asItIs = (states: StatesModule): StatesModule => states;

/** AdaLoRA begins with so many times the rank and ends with the rank on average. */
const RANKS_AT_FIRST = 2;
/** Shares of the steps before the first strength is cut and after the last. */
const CUT_FROM = 0.2;
const CUT_UNTIL = 0.7;

export const FULL: TextMethod = {
  id: 'full',
  label: name('all weights', '全量微调'),
  adapt: asItIs,
  moves: () => () => true,
};

export const FROZEN: TextMethod = {
  id: 'frozen',
  label: name('frozen, head alone', '冻结，仅训练输出层'),
  adapt: asItIs,
};

const LORA: TextMethod = {
  id: 'lora',
  label: name('LoRA', 'LoRA'),
  adapt: (states, { rank }, matrices) => withLora(states, { rank, match: matrices }),
  moves: () => isLora,
  isAdded: true,
  merge: (values, { rank }) => mergeLora(values, { rank }),
};

export const TEXT_METHODS: readonly TextMethod[] = [
  FULL,
  {
    id: 'last',
    label: name('top layers', '微调顶层'),
    adapt: asItIs,
    moves: (parameters, { lastBlocks: count }) => lastBlocks(parameters, count),
    needsLayers: true,
  },
  FROZEN,
  LORA,
  {
    id: 'adalora',
    label: name('LoRA, ranks shared out', 'AdaLoRA（按需分配秩）'),
    adapt: (states, { rank }, matrices) =>
      withLora(states, { rank: RANKS_AT_FIRST * rank, match: matrices, gated: true }),
    moves: () => isLora,
    isAdded: true,
    merge: (values, { rank }) => mergeLora(values, { rank: RANKS_AT_FIRST * rank }),
    around: (_, steps) => (step) =>
      withPruning(step, {
        match: LORA_GATES,
        scope: 'global',
        sparsity: cubicSparsity({
          to: 1 - 1 / RANKS_AT_FIRST,
          firstStep: Math.floor(CUT_FROM * steps),
          lastStep: Math.ceil(CUT_UNTIL * steps) + 1,
        }),
        every: Math.max(1, Math.floor(steps / 50)),
      }),
  },
  {
    id: 'adapters',
    label: name('adapters', '适配器'),
    adapt: (states, { adapterWidth }) => withAdapters(states, { width: adapterWidth }),
    moves: () => isAdapter,
    isAdded: true,
    needsLayers: true,
  },
  {
    id: 'prefix',
    label: name('prefix', '前缀'),
    adapt: (states, { prefixLength }) => withPrefix(states, { length: prefixLength }),
    moves: () => isPrefix,
    isAdded: true,
    needsLayers: true,
  },
];

/** The estimator's id. */
export const estimatorId = ({ id }: TextMethod): string => (id === 'full' ? 'text' : `text:${id}`);
