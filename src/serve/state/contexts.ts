// Device, channel and country of an event as one number: few of them go together, and most events repeat one that was met.

export type Context = readonly [device: string | null, channel: string | null, country: string | null];

export interface Contexts {
  readonly size: number;
  readonly bytes: number;
  /** −1 where there are as many as there may be. */
  code(device: string | null, channel: string | null, country: string | null): number;
  context(code: number): Context;
  /** Gives the next code, however many there are. */
  restore(context: Context): void;
}

/** About what a context and its way there cost the runtime. */
const CONTEXT_BYTES = 300;

type Level<T> = Map<string | null, T>;

/** @param most contexts it holds, so that a sender of ever new ones cannot fill the memory */
export function openContexts(most: number): Contexts {
  const codes: Level<Level<Level<number>>> = new Map();
  const contexts: Context[] = [];

  function add([device, channel, country]: Context): number {
    const channels = below(codes, device);
    const countries = below(channels, channel);
    countries.set(country, contexts.length);
    return contexts.push([device, channel, country]) - 1;
  }

  return {
    get size() {
      return contexts.length;
    },
    get bytes() {
      return contexts.length * CONTEXT_BYTES;
    },
    code(device, channel, country) {
      const known = codes.get(device)?.get(channel)?.get(country);
      if (known !== undefined) return known;
      return contexts.length < most ? add([device, channel, country]) : -1;
    },
    context: (code) => contexts[code],
    restore: (context) => void add(context),
  };
}

function below<T>(level: Level<Level<T>>, key: string | null): Level<T> {
  let found = level.get(key);
  if (!found) {
    found = new Map();
    level.set(key, found);
  }
  return found;
}
