// Settings of a model on one line, as they would be typed.
import type { LeaderboardRow } from './task-document.ts';

const DIGITS = 3;

/** Such as `learningRate=0.0312, leaves=17`. */
export const settingsText = ({ settings = {} }: Pick<LeaderboardRow, 'settings'>): string =>
  Object.entries(settings)
    .map(
      ([name, value]) => `${name}=${typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value}`,
    )
    .join(', ');
