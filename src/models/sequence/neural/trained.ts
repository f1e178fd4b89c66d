// What training leaves: a network, and the weights of each of its committee.
import type { Compression } from '../recommender.ts';
import type { Network } from './network.ts';

/** Weights by name. */
export type Values = Readonly<Record<string, Float32Array>>;

export interface Trained {
  readonly network: Network;
  /** Weights by name, of each network of the committee. */
  readonly members: readonly Values[];
  /** How often everything was read until its weights were at their best, a mean of the committee; absent in older models. */
  readonly readings?: number;
  /** How its weights were made smaller; as they were learned where absent. */
  readonly compressed?: Compression;
}
