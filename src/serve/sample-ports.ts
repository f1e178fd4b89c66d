// The smallest ports that keep their promises but for the disk: for tests and for trying a format.
import { AppError } from '../core/errors.ts';
import type { EventRow } from '../data/event.ts';
import type { EventJournal, OnlineState, ShopPorts } from './ports.ts';

export interface SamplePorts extends ShopPorts {
  /** Rows accepted, in order. */
  readonly rows: EventRow[];
  /** What the state was told, in order. */
  readonly applied: EventRow[];
  readonly adopted: [anonymousId: string, userId: string][];
  /** From now on, until healed, appends are refused as after a failed sync. */
  breakJournal(broken: boolean): void;
  /** Appends wait until the function that is given back is called. */
  holdJournal(): () => void;
}

export function samplePorts(name = 'shop'): SamplePorts {
  const rows: EventRow[] = [];
  const applied: EventRow[] = [];
  const adopted: [string, string][] = [];
  const known = new Set<string>();
  let isBroken = false;
  let held: Promise<void> | undefined;
  const journal: EventJournal = {
    get ready() {
      return !isBroken;
    },
    async append(incoming) {
      if (isBroken) throw new AppError('DISK', 'expected the disk to keep events, a sync has failed');
      const fates = incoming.map((row) => {
        if (known.has(row.event_id)) return 'duplicate';
        known.add(row.event_id);
        rows.push(row);
        return 'accepted';
      });
      await held;
      return fates as ('accepted' | 'duplicate')[];
    },
  };
  const state: OnlineState = {
    apply: (incoming) => void applied.push(...incoming),
    adopt: (anonymousId, userId) => void adopted.push([anonymousId, userId]),
  };
  return {
    name,
    journal,
    state,
    rows,
    applied,
    adopted,
    breakJournal: (broken) => {
      isBroken = broken;
    },
    holdJournal() {
      let release = () => {};
      held = new Promise((resolve) => {
        release = () => {
          held = undefined;
          resolve();
        };
      });
      return release;
    },
  };
}
