// All a fine-tuned transformer is made of.
import type { Question } from '../estimator.ts';
import type { Values } from '../sequence/neural/trained.ts';
import type { Beginning } from './beginning.ts';
import type { LearnedTrunk } from './pretrain.ts';
import type { BehaviourSettings } from './settings.ts';

export interface BehaviourParts {
  readonly question: Question;
  readonly settings: BehaviourSettings;
  /** What the trunk reads events by; its own weights are among `values`. */
  readonly trunk: Omit<LearnedTrunk, 'values'>;
  readonly beginning: Beginning;
  /** Of the adapted trunk and the head. */
  readonly values: Values;
  /** Added to the logarithm of every amount, so that the training total is met. */
  readonly level: number;
  /** Event columns there were in training. */
  readonly events: readonly string[];
}
