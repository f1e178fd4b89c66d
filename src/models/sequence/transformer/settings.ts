// What the behaviour transformer may be told beside what every network may, and what of it is worth searching.
import { AppError } from '../../../core/errors.ts';
import type { SearchSpace, Settings } from '../../estimator.ts';
import {
  NETWORK_BOUNDS,
  NETWORK_SPACE,
  type NetworkSettings,
  networkDefaults,
  whole,
} from '../neural/settings.ts';
import { tellSettings } from '../told.ts';

export interface TransformerSettings extends NetworkSettings {
  readonly blocks: number;
  /** Must divide the width. */
  readonly heads: number;
  /**
   * Hides events and asks for them between those before and after (BERT's way) instead of asking what comes next at each.
   * Fewer questions a pass: slower to learn; states that have seen both sides. Without `repeats`.
   */
  readonly masked: boolean;
}

/** Defaults for so many training events: a second block pays where there is enough to fill it. */
export const defaultSettings = (events: number): TransformerSettings => ({
  ...networkDefaults(events),
  blocks: events < 1e6 ? 1 : 2,
  heads: 2,
  masked: false,
});

export const TRANSFORMER_SPACE: SearchSpace = {
  ...NETWORK_SPACE,
  blocks: { kind: 'choice', options: [1, 2, 3] },
};

const BOUNDS: SearchSpace = { ...NETWORK_BOUNDS, blocks: whole(1, 24), heads: whole(1, 64) };

/** @throws AppError USAGE for a setting there is not, of another type, or out of bounds */
export function toldSettings(id: string, events: number, told: Settings): TransformerSettings {
  const asked = tellSettings(id, defaultSettings(events), BOUNDS, told);
  const settings = { ...asked, repeats: asked.repeats && !asked.masked };
  if (settings.width % settings.heads === 0) return settings;
  throw new AppError(
    'USAGE',
    `"${id}": expected heads that divide the width ${settings.width}, got ${settings.heads}`,
  );
}
