// Markup that cannot be injected into: whatever is put into `html` is escaped unless it is markup already.

/** A finished piece of markup. */
export interface Markup {
  readonly markup: string;
}

type Piece = string | number | Markup | undefined | false | readonly Piece[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** C0 controls (but tab and newline) and lone surrogates: legal in a string, not in a page. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the very characters to remove
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** Text as it may stand between tags or inside a quoted attribute. */
export function escapeText(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(UNPRINTABLE, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** Trusts a string that was written by us, not read from anywhere. */
export const trusted = (markup: string): Markup => ({ markup });

/** A template whose holes are escaped; `undefined` and `false` vanish, lists are joined. */
export function html(literal: TemplateStringsArray, ...pieces: Piece[]): Markup {
  let markup = literal[0];
  for (let i = 0; i < pieces.length; i++) markup += write(pieces[i]) + literal[i + 1];
  return { markup };
}

function write(piece: Piece): string {
  if (piece === undefined || piece === false) return '';
  if (typeof piece === 'string') return escapeText(piece);
  if (typeof piece === 'number') return String(piece);
  if (Array.isArray(piece)) return piece.map(write).join('');
  return (piece as Markup).markup;
}
