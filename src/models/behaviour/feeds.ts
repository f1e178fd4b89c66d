// Histories as the arrays a trunk is fed.
import type { Sequences } from '../../core/sequences.ts';
import { tokenFeeds } from '../sequence/neural/events/event-vectors.ts';
import { emptyTokens, type TokenPlan, tokenWriter } from '../sequence/neural/events/tokens.ts';

/** Arrays of `stateSpecs` for some of the histories, padded to `time`; rows beyond those given stay empty. */
export function historyFeeds(histories: Sequences, plan: TokenPlan, batch: number) {
  const { offsets } = histories;
  const write = tokenWriter(plan, histories);
  return (rows: ArrayLike<number>, time: number): Record<string, Int32Array | Float32Array> => {
    const tokens = emptyTokens(plan, batch * time);
    const last = new Int32Array(batch);
    const share = new Float32Array(batch * time);
    for (let r = 0; r < rows.length; r++) {
      const to = offsets[rows[r] + 1];
      const from = Math.max(offsets[rows[r]], to - time);
      write({ from, to, start: offsets[rows[r]] }, tokens, r * time);
      last[r] = r * time + to - from - 1;
      share.fill(1 / (to - from), r * time, last[r] + 1);
    }
    return { ...tokenFeeds(plan, tokens), last, share };
  };
}
