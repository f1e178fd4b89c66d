// What a thing is called for people: always in both languages.

/** A human name in English and Chinese. */
export interface Name {
  readonly en: string;
  readonly zh: string;
}

export type Language = keyof Name;

export const LANGUAGES: readonly Language[] = ['en', 'zh'];

export const name = (en: string, zh: string): Name => ({ en, zh });
