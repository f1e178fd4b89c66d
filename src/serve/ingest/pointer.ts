// JSON pointers (RFC 6901).

/** `/name`, with `~` and `/` inside the name escaped. */
export const pointerTo = (name: string | number): string =>
  `/${typeof name === 'number' ? name : name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
