// Words that mattered, told from answers alone.
import { describe, expect, it } from 'vitest';
import { withoutStretches, wordsOf, wordsThatMattered, wordWorths } from './text-words.ts';

/** A model that counts words it likes and dislikes. */
const WORTH: Readonly<Record<string, number>> = { lovely: 2, awful: -3, 很好: 2, 难吃: -3 };
const margins = async (texts: readonly string[]) =>
  texts.map((text) =>
    Object.entries(WORTH).reduce((sum, [word, worth]) => sum + worth * (text.split(word).length - 1), 0),
  );

describe('words that mattered', () => {
  it('are those whose absence moves the answer, strongest first', async () => {
    const words = await wordsThatMattered('A lovely dress, but the seams are awful.', { margins });
    expect(words.map(({ text, worth }) => [text, worth])).toEqual([
      ['awful', -3],
      ['lovely', 2],
    ]);
  });

  it('are found in Chinese, which has no spaces', async () => {
    const words = await wordsThatMattered('味道很好，但是米饭难吃', { margins });
    expect('难吃').toContain(words[0].text);
    expect(words.some(({ text, worth }) => '很好'.includes(text) && worth > 0)).toBe(true);
  });

  it('are found in long texts by asking about stretches first', async () => {
    const filler = Array.from({ length: 300 }, (_, i) => `word${i}`).join(' ');
    let asked = 0;
    const counting = async (texts: readonly string[]) => {
      asked += texts.length;
      return margins(texts);
    };
    const words = await wordsThatMattered(`${filler} awful ${filler}`, { margins: counting });
    expect(words.map(({ text }) => text)).toEqual(['awful']);
    expect(asked).toBeLessThan(150);
  });

  it('of a text of a million letters cost no more, and a call to stop is heard between the asking', async () => {
    const stop = new AbortController();
    let asked = 0;
    const counting = async (texts: readonly string[]) => {
      asked += texts.length;
      if (asked > 300) stop.abort();
      return margins(texts);
    };
    const endless = `lovely ${'word '.repeat(200_000)}`;
    const words = await wordsThatMattered(endless, { margins: counting });
    expect(words.map(({ text }) => text)).toEqual(['lovely']);
    expect(asked).toBeLessThan(600);
    const stopped = wordsThatMattered(endless, { margins: counting, signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('stand where they stood', async () => {
    const text = 'Lovely, lovely! 👍 不错';
    for (const { start, end, text: word } of await wordWorths(text, { margins }))
      expect(text.slice(start, end)).toBe(word);
    expect(wordsOf(text).map(({ start, end }) => text.slice(start, end))).toContain('👍');
    expect(
      withoutStretches('abcdef', [
        { start: 4, end: 5 },
        { start: 0, end: 2 },
      ]),
    ).toBe('cdf');
  });
});
