// What an encoder of our own may be told, the defaults with their reasons, and what none may be.
import { AppError } from '../../core/errors.ts';

/** How large it is and how it learns; the reasons stand beside the defaults. */
export interface OwnSettings {
  readonly width: number;
  readonly blocks: number;
  readonly heads: number;
  /** Pieces read at most. */
  readonly length: number;
  /** Pieces of the vocabulary at most; 0: by how much text there is. */
  readonly vocabulary: number;
  readonly dropout: number;
  /** Texts a step; 0: 64, fewer where there would be too few steps. */
  readonly batch: number;
  /** Times each text is read; 0: more often where there is little text. */
  readonly epochs: number;
  /** At most, whatever the epochs. */
  readonly steps: number;
  readonly rate: number;
  readonly weightDecay: number;
  /** Share of the pieces asked about. */
  readonly share: number;
  /** Longest run of pieces hidden together. */
  readonly longestRun: number;
}

/** Small enough for a shop of ten thousand texts to fill, and for two cores to learn in minutes. */
export const OWN_DEFAULTS: OwnSettings = {
  width: 128,
  blocks: 2,
  heads: 4,
  length: 128,
  vocabulary: 0,
  dropout: 0.1,
  batch: 0,
  epochs: 0,
  steps: 20_000,
  rate: 0.0007,
  weightDecay: 0.01,
  // small encoders learn more a step when more is asked (Wettig et al. 2023, arXiv:2202.08005)
  share: 0.2,
  longestRun: 3,
};

interface Bound {
  readonly from: number;
  readonly to: number;
  readonly isWhole: boolean;
}

const whole = (from: number, to: number): Bound => ({ from, to, isWhole: true });
const real = (from: number, to: number): Bound => ({ from, to, isWhole: false });

const BOUNDS: Readonly<Record<keyof OwnSettings, Bound>> = {
  width: whole(4, 4096),
  blocks: whole(1, 64),
  heads: whole(1, 64),
  // an opening and a closing piece, and two that tell of one another
  length: whole(4, 8192),
  vocabulary: whole(0, 1_000_000),
  dropout: real(0, 0.9),
  batch: whole(0, 4096),
  epochs: real(0, 100_000),
  steps: whole(0, 100_000_000),
  rate: real(1e-9, 1),
  weightDecay: real(0, 10),
  share: real(0.01, 0.9),
  longestRun: whole(1, 64),
};

/**
 * The defaults with some of them changed.
 *
 * @throws AppError USAGE for a value out of bounds, or heads that do not divide the width
 */
export function ownSettings(told: Partial<OwnSettings> = {}): OwnSettings {
  const settings: OwnSettings = { ...OWN_DEFAULTS, ...told };
  for (const [name, { from, to, isWhole }] of Object.entries(BOUNDS)) {
    const value = settings[name as keyof OwnSettings];
    if (value >= from && value <= to && (!isWhole || Number.isInteger(value))) continue;
    throw new AppError(
      'USAGE',
      `own encoder: expected ${isWhole ? 'a whole number' : 'a number'} from ${from} to ${to} for "${name}", got ${value}`,
    );
  }
  const { width, heads } = settings;
  if (width % heads === 0) return settings;
  throw new AppError('USAGE', `own encoder: expected heads that divide the width, got ${heads} of ${width}`);
}
