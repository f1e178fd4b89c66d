// Expressions of tokenizer files, said in JavaScript.
import { describe, expect, it } from 'vitest';
import { readExpression } from './expression.ts';

const found = (expression: string, text: string): readonly string[] =>
  text.match(readExpression(expression)) ?? [];

describe('an expression of a tokenizer file', () => {
  it('cuts text as GPT-2 does', () => {
    const gpt2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
    expect(found(gpt2, "It's 42 über-cool!  鞋")).toEqual([
      'It',
      "'s",
      ' 42',
      ' über',
      '-',
      'cool',
      '!',
      ' ',
      ' 鞋',
    ]);
  });

  it('folds case where it says so alone, and takes possessive for greedy', () => {
    const gpt4 = String.raw`(?i:'s|'t|'re|[dm])|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}`;
    expect(found(gpt4, "IT'RE x1234")).toEqual(['IT', "'RE", ' x', '123', '4']);
    expect(found('(?i:ab)c', 'ABc abc ABC')).toEqual(['ABc', 'abc']);
  });

  it('knows words and digits of every script', () => {
    expect(found(String.raw`\w+|[^\w\s]`, 'größe, 鞋子٣!')).toEqual(['größe', ',', '鞋子٣', '!']);
    expect(found(String.raw`[\d\-]+`, '12-٣٤ x')).toEqual(['12-٣٤']);
  });

  it('knows scripts by their names alone, in classes and out of them', () => {
    expect(found(String.raw`[\p{Han}\p{Hiragana}]+|\p{Thai}+`, 'red 鞋子ひ ไทย')).toEqual(['鞋子ひ', 'ไทย']);
    expect(found(String.raw`\P{Han}+`, '鞋red子')).toEqual(['red']);
  });

  it('reads escapes JavaScript has no need of', () => {
    expect(found(String.raw`\"|\'|\-|\+|\ `, `a"b'c-d+e f`)).toEqual(['"', "'", '-', '+', ' ']);
    expect(found(String.raw`\++`, 'a++b')).toEqual(['++']);
  });

  it('refuses what JavaScript cannot say', () => {
    expect(() => readExpression(String.raw`\Aword`)).toThrow(SyntaxError);
    expect(() => readExpression('(?<=a)(?>b)')).toThrow(SyntaxError);
    expect(() => readExpression('(a')).toThrow(SyntaxError);
    expect(() => readExpression(String.raw`\p{L`)).toThrow(SyntaxError);
    expect(() => readExpression(String.raw`[\u{41`)).toThrow(SyntaxError);
  });
});
