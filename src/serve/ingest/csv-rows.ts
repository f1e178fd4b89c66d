// CSV (RFC 4180) as rows of cells, each row with its fault if it has one; a fault never swallows the rest of the text.

export interface CsvRow {
  readonly cells: readonly string[];
  readonly fault?: 'bad_quoting';
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;

/** Every line that is not blank, the header among them. A quote that never closes makes its own line faulty. */
export function* csvRows(text: string): Generator<CsvRow> {
  let at = 0;
  while (at < text.length) {
    const start = at;
    const cells: string[] = [];
    let isFaulty = false;
    for (;;) {
      if (text.charCodeAt(at) === QUOTE) {
        const end = closingQuote(text, at + 1);
        const after = end < 0 ? Number.NaN : text.charCodeAt(end + 1);
        const isClosed =
          end >= 0 && (end + 1 === text.length || after === COMMA || after === LF || after === CR);
        if (!isClosed) {
          isFaulty = true;
          break;
        }
        cells.push(text.slice(at + 1, end).replaceAll('""', '"'));
        at = end + 1;
      } else {
        const end = cellEnd(text, at);
        const cell = text.slice(at, end);
        if (cell.includes('"')) isFaulty = true;
        cells.push(cell);
        at = end;
      }
      if (text.charCodeAt(at) !== COMMA) break;
      at++;
    }
    if (isFaulty) at = lineEnd(text, start);
    if (text.charCodeAt(at) === CR) at++;
    if (text.charCodeAt(at) === LF) at++;
    if (isFaulty) yield { cells: [], fault: 'bad_quoting' };
    else if (cells.length > 1 || cells[0].trim() !== '') yield { cells };
  }
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text.charCodeAt(at + 1) !== QUOTE) return at;
  }
  return -1;
}

function cellEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === LF || code === CR) return at;
  }
  return text.length;
}

function lineEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === LF || code === CR) return at;
  }
  return text.length;
}
