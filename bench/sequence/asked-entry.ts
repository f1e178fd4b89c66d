// An entry of the table as it is asked for in one word: `ID`, `ID[width:96;epochs:20]`, `ID@180s`, or all of it.
import type { Settings } from '../../src/models/estimator.ts';

export interface AskedEntry {
  readonly id: string;
  /** Told to it alone. */
  readonly settings: Settings;
  /** How long a fit may take; absent for no limit. */
  readonly seconds?: number;
}

const ENTRY = /^(?<id>[^[\]@]+)(?:\[(?<settings>[^[\]@]*)\])?(?:@(?<seconds>\d+(?:\.\d+)?)s)?$/;

export function askedEntry(word: string): AskedEntry {
  const { id, settings = '', seconds } = ENTRY.exec(word)?.groups ?? {};
  if (id === undefined) throw new Error(`expected an entry such as gru[hidden:64]@180s, got "${word}"`);
  return {
    id,
    settings: settingsOf(settings, ';'),
    ...(seconds !== undefined && { seconds: Number(seconds) }),
  };
}

/** `width:32,times:no`: numbers, yes or no, or words. */
export function settingsOf(text: string, separator = ','): Settings {
  const parts = text.split(separator).filter((part) => part !== '');
  return Object.fromEntries(
    parts.map((part) => {
      const [name, value = ''] = part.split(':');
      if (value === 'yes' || value === 'no') return [name, value === 'yes'];
      return [name, Number.isNaN(Number(value)) ? value : Number(value)];
    }),
  );
}
