// Looking into JSON that came from outside: nothing is what it should be until it was looked at.

export type JsonObject = Readonly<Record<string, unknown>>;

const NOTHING: JsonObject = Object.freeze(Object.create(null));

/** The object a value is; one without members where it is none. */
export const objectOf = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : NOTHING;

/** The list a value is; empty where it is none. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** An object's own member; never what a prototype has. */
export const member = (object: JsonObject, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;

/** Whether there is anything: JSON's null and the empty text are nothing. */
export const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** The first that is given. */
export const firstGiven = (...values: readonly unknown[]): unknown => values.find(isGiven);

/** The members that no column took; undefined when none is left. */
export function othersThan(object: JsonObject, taken: ReadonlySet<string>): JsonObject | undefined {
  let rest: Record<string, unknown> | undefined;
  for (const name of Object.keys(object)) {
    if (taken.has(name)) continue;
    rest ??= {};
    // A plain assignment to "__proto__" would set the prototype instead.
    Object.defineProperty(rest, name, {
      value: object[name],
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return rest;
}
