// What a data set for next-item models is: what is learned from, what is asked, and what is known of it elsewhere.
import type { CaseView } from '../../src/core/case-view.ts';
import type { ItemAttributes, NextItemCases, Sequences } from '../../src/core/sequences.ts';
import type { RankMetricName } from '../../src/eval/score.ts';

/** Whether what an entity has had is a candidate. */
export type History = 'included' | 'excluded';

/** A number somebody else wrote of the same data and protocol, or of one that differs as `note` says. */
export interface Published {
  readonly model: string;
  readonly metrics: Partial<Record<RankMetricName, number>>;
  readonly source: string;
  readonly note?: string;
}

/** A figure that the best model by validation, or the one named, is to reach. */
export interface SetTarget {
  readonly metric: RankMetricName;
  readonly least: number;
  /** An entry of the table; the one chosen by validation when absent. */
  readonly model?: string;
}

export interface SequenceSet {
  readonly name: string;
  readonly protocol: string;
  readonly train: Sequences;
  /** Chooses epochs and the model the targets are held to. */
  readonly valid: NextItemCases;
  /** Both together: what models learn from in the end. */
  readonly known: Sequences;
  readonly test: CaseView;
  /** Of everything read. */
  readonly counts: { readonly entities: number; readonly items: number; readonly interactions: number };
  /** The way of counting that decides; the other stands beside it. */
  readonly history: History;
  readonly at: readonly number[];
  /** Deciding metric first. */
  readonly metrics: readonly RankMetricName[];
  readonly models: readonly string[];
  readonly targets: readonly SetTarget[];
  readonly published: readonly Published[];
  readonly attributes?: ItemAttributes;
}
