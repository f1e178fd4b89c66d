// Bytes of very many small owners: chains of equal chunks in large pages, so that nothing is copied when an owner grows.

/** Half a chunk is lost an owner, and four bytes of link a chunk: together least where an owner has some hundreds of bytes. */
export const CHUNK = 60;
const PAGE_BITS = 14;
const PAGE_CHUNKS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_CHUNKS - 1;

/** Chunks are numbered from 1; 0 is none. */
export interface ChunkStore {
  /** Memory of all pages. */
  readonly bytes: number;
  /** Chunks in use. */
  readonly used: number;
  /** The first chunk of a new chain. */
  start(): number;
  /**
   * Writes `bytes[0, length)` behind the first `kept` bytes of a chain; what stood there is gone, and chunks left over are
   * wiped and freed.
   *
   * @param chunk in which the kept bytes end; the first where none are
   * @param mark  how many of the new bytes are kept at the next writing
   * @returns     the chunk in which those end
   */
  write(chunk: number, kept: number, data: { bytes: Uint8Array; length: number; mark: number }): number;
  /** Reads `length` bytes behind the first `kept` of a chain. */
  read(chunk: number, kept: number, length: number, into: Uint8Array): void;
  /** Wipes and frees a whole chain. */
  free(head: number): void;
}

/** Where in its chunk the byte at the end of so many bytes stands. */
const offsetOf = (kept: number): number => (kept === 0 ? 0 : ((kept - 1) % CHUNK) + 1);

export function openChunkStore(): ChunkStore {
  const pages: Uint8Array[] = [];
  const links: Uint32Array[] = [];
  let unused = 0;
  let next = 1;
  let used = 0;

  const linkOf = (chunk: number): number => links[chunk >>> PAGE_BITS][chunk & PAGE_MASK];
  const link = (chunk: number, to: number): void => {
    links[chunk >>> PAGE_BITS][chunk & PAGE_MASK] = to;
  };

  function take(): number {
    used++;
    if (unused !== 0) {
      const chunk = unused;
      unused = linkOf(chunk);
      link(chunk, 0);
      return chunk;
    }
    if (next >>> PAGE_BITS === pages.length) {
      pages.push(new Uint8Array(PAGE_CHUNKS * CHUNK));
      links.push(new Uint32Array(PAGE_CHUNKS));
    }
    return next++;
  }

  function free(head: number): void {
    let chunk = head;
    while (chunk !== 0) {
      const after = linkOf(chunk);
      const start = (chunk & PAGE_MASK) * CHUNK;
      pages[chunk >>> PAGE_BITS].fill(0, start, start + CHUNK);
      link(chunk, unused);
      unused = chunk;
      used--;
      chunk = after;
    }
  }

  return {
    get bytes() {
      return pages.length * PAGE_CHUNKS * (CHUNK + 4);
    },
    get used() {
      return used;
    },
    start: take,
    write(first, kept, { bytes, length, mark }) {
      let chunk = first;
      let marked = first;
      let offset = offsetOf(kept);
      let at = 0;
      for (;;) {
        const page = pages[chunk >>> PAGE_BITS];
        const start = (chunk & PAGE_MASK) * CHUNK;
        const until = Math.min(CHUNK, offset + length - at);
        const from = at;
        for (; offset < until; offset++, at++) page[start + offset] = bytes[at];
        if (mark > from && mark <= at) marked = chunk;
        if (at === length) {
          // What a shorter chain leaves in its last chunk could still be somebody's name.
          page.fill(0, start + offset, start + CHUNK);
          free(linkOf(chunk));
          link(chunk, 0);
          return marked;
        }
        let after = linkOf(chunk);
        if (after === 0) {
          after = take();
          link(chunk, after);
        }
        chunk = after;
        offset = 0;
      }
    },
    read(first, kept, length, into) {
      let chunk = first;
      let offset = offsetOf(kept);
      let at = 0;
      while (at < length) {
        if (offset === CHUNK) {
          chunk = linkOf(chunk);
          offset = 0;
        }
        const page = pages[chunk >>> PAGE_BITS];
        const start = (chunk & PAGE_MASK) * CHUNK;
        const until = Math.min(CHUNK, offset + length - at);
        for (; offset < until; offset++, at++) into[at] = page[start + offset];
      }
    },
    free,
  };
}
