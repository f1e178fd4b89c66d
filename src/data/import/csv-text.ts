// A small reader of CSV text (RFC 4180), for headers and samples; whole files are the engine's work.

/**
 * The first records of a text; the last one is given up when the text ends inside it.
 *
 * @param separator  one character, or `spaces` for runs of blanks
 */
export function readRecords(text: string, separator: string, quote: string, most: number): string[][] {
  if (separator === 'spaces') {
    return text
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '')
      .slice(0, most)
      .map((line) => line.trim().split(/\s+/));
  }
  const records: string[][] = [];
  let record: string[] = [];
  let cell = '';
  let quoted = false;
  const endRecord = () => {
    record.push(cell);
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
    cell = '';
  };
  for (let at = 0; at < text.length && records.length < most; at++) {
    const char = text[at];
    if (quoted) {
      if (char !== quote) cell += char;
      else if (text[at + 1] === quote) {
        cell += quote;
        at++;
      } else quoted = false;
    } else if (char === quote && cell === '') quoted = true;
    else if (char === separator) {
      record.push(cell);
      cell = '';
    } else if (char === '\n') endRecord();
    else if (char !== '\r') cell += char;
  }
  if (records.length < most && !quoted && (record.length > 0 || cell !== '')) endRecord();
  return records;
}
