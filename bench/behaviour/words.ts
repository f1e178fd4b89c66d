// What stands after the benchmark's name: parts as words, sizes as `key=value`, lists with commas.
import type { Settings } from '../../src/models/estimator.ts';

export interface Words {
  /** Parts asked for; all when none was. */
  readonly parts: readonly string[];
  readonly number: (key: string, otherwise: number) => number;
  readonly numbers: (key: string, otherwise: readonly number[]) => readonly number[];
  readonly texts: (key: string, otherwise: readonly string[]) => readonly string[];
  /** Sizes named like settings of the model. */
  readonly settings: Settings;
}

export interface KnownWords {
  readonly parts: readonly string[];
  readonly sizes: readonly string[];
  readonly settings: readonly string[];
}

/** Nothing unknown passes: a misspelt size would measure something else for an hour. */
export function readWords(args: readonly string[], known: KnownWords): Words {
  const said = new Map<string, string>();
  const parts: string[] = [];
  for (const arg of args) {
    const at = arg.indexOf('=');
    const word = at < 0 ? arg : arg.slice(0, at);
    const allowed = at < 0 ? known.parts : [...known.sizes, ...known.settings];
    if (!allowed.includes(word)) throw new Error(`expected one of ${allowed.join(', ')}, got ${word}`);
    if (at < 0) parts.push(word);
    else said.set(word, arg.slice(at + 1));
  }
  const numberIn = (key: string, text: string): number => {
    const value = Number(text);
    if (text === '' || Number.isNaN(value)) throw new Error(`expected a number after ${key}=, got ${text}`);
    return value;
  };
  const listOf = (key: string) => said.get(key)?.split(',');
  return {
    parts: parts.length > 0 ? parts : known.parts,
    number: (key, otherwise) => {
      const text = said.get(key);
      return text === undefined ? otherwise : numberIn(key, text);
    },
    numbers: (key, otherwise) => listOf(key)?.map((text) => numberIn(key, text)) ?? otherwise,
    texts: (key, otherwise) => listOf(key) ?? otherwise,
    settings: Object.fromEntries(
      [...said]
        .filter(([key]) => known.settings.includes(key))
        .map(([key, text]) => [key, numberIn(key, text)]),
    ),
  };
}
