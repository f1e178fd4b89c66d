// Who hears of trials and watches: figures, log lines and the audit log are made of it.
import type { EndedRollout, RolloutOrder } from '../../registry/rollout.ts';
import type { WatchOrder } from '../../registry/watch-order.ts';
import type { RolloutFigures } from './live-rollout.ts';
import type { JudgeFigures } from './rollout-judge.ts';

/** Hears of trials, and of promoted versions that are watched; cheap, synchronous, never throws. */
export interface RolloutObserver {
  started(task: string, order: RolloutOrder | WatchOrder): void;
  /** Every ten seconds or so, and at the end. */
  measured(task: string, order: RolloutOrder | WatchOrder, figures: RolloutFigures | JudgeFigures): void;
  ended(task: string, end: EndedRollout): void;
  /** What could not be written down; it is tried again. */
  troubled(task: string, error: unknown): void;
}
