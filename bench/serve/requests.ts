// Requests as bytes made once: only what differs from one to the next is written anew.

/** A whole HTTP/1.1 request. */
export function httpRequest(
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
): Buffer {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ host: 'bench', ...headers, 'content-length': String(bytes.length) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), bytes]);
}

/** In a template the place of a number that no other place and no other request has. */
export const UNIQUE = '#'.repeat(12);
/** The place of one of so many numbers, drawn by a multiplicative hash. */
export const PERSON = '@'.repeat(6);

export interface Numbers {
  /** The first request's number. */
  readonly from?: number;
  /** People, numbered from 0. */
  readonly people: number;
}

/**
 * Requests from a template, its places filled.
 *
 * @returns the nth request, bytes of its own: a write that the kernel did not take at once keeps them
 */
export function numbered(template: Buffer, { from = 0, people }: Numbers): (nth: number) => Buffer {
  const unique = placesOf(template, UNIQUE);
  const persons = placesOf(template, PERSON);
  return (nth) => {
    const bytes = Buffer.allocUnsafe(template.length);
    template.copy(bytes);
    for (let k = 0; k < unique.length; k++)
      writeNumber(bytes, unique[k], UNIQUE.length, from + nth * unique.length + k);
    for (let k = 0; k < persons.length; k++) {
      const drawn = Math.imul(from + nth * persons.length + k, 0x9e3779b1) >>> 0;
      writeNumber(bytes, persons[k], PERSON.length, drawn % people);
    }
    return bytes;
  };
}

function placesOf(template: Buffer, mark: string): readonly number[] {
  const places: number[] = [];
  for (let at = template.indexOf(mark); at >= 0; at = template.indexOf(mark, at + mark.length))
    places.push(at);
  return places;
}

function writeNumber(bytes: Buffer, at: number, digits: number, number: number): void {
  let left = number;
  for (let digit = digits - 1; digit >= 0; digit--) {
    const tenth = Math.floor(left / 10);
    bytes[at + digit] = 48 + left - tenth * 10;
    left = tenth;
  }
}
