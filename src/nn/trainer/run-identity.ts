// What makes two runs the same one: sums over the model and over every setting that decides what a step does.

import { canonicalJson, isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import type { TrainingSettings } from './train-options.ts';

/** SHA-256 sums in hexadecimal digits. Not in it: limits, threads, how often something is evaluated, saved or recorded. */
export interface RunIdentity {
  /** Over the programs, and the values of what they are fed and no step moves. */
  readonly model: string;
  /** By setting. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Reads every byte of the programs once. */
export async function identityOf(options: TrainingSettings): Promise<RunIdentity> {
  const { optimiser, schedule, accumulate = 1, clipNorm, averageDecay, parameters = {} } = options;
  const settings = { optimiser, schedule, accumulate, clipNorm, averageDecay, parameters };
  const sums = Object.entries(settings).map(
    async ([name, setting]) => [name, await sumOfPlain(setting ?? null)] as const,
  );
  return { model: await modelSum(options), settings: Object.fromEntries(await Promise.all(sums)) };
}

/**
 * @param saved as a checkpoint holds it
 * @throws AppError VERSION when the checkpoint does not say of which run it is; USAGE naming what differs
 */
export function requireSameRun(saved: unknown, { model, settings }: RunIdentity): void {
  if (!isRecord(saved) || typeof saved.model !== 'string' || !isRecord(saved.settings))
    throw new AppError(
      'VERSION',
      'expected a checkpoint that says of which model and settings it is, got one of an earlier version; train in another folder',
    );
  const before = saved.settings;
  const differing = [
    ...(saved.model === model ? [] : ['the model (or its batch shapes, or the version that compiled it)']),
    ...Object.keys(settings)
      .filter((name) => before[name] !== settings[name])
      .map((name) => `the setting "${name}"`),
  ];
  if (differing.length === 0) return;
  throw new AppError(
    'USAGE',
    `expected the run that made the checkpoint, but ${differing.join(' and ')} differs; go back to it, or train in another folder`,
    { differing },
  );
}

async function modelSum({ programs, values }: TrainingSettings): Promise<string> {
  const fed = new Map<string, Promise<string>>();
  const parts = programs.map(async ({ model, ...program }) => {
    const moved = new Set(Object.keys(program.updates));
    for (const { name } of program.fixed) {
      const value = values[name];
      if (value !== undefined && !moved.has(name) && !fed.has(name)) fed.set(name, sumOf(value));
    }
    return { ...program, model: await sumOf(model) };
  });
  const compiled = await Promise.all(parts);
  const fixed = await Promise.all([...fed].map(async ([name, sum]) => [name, await sum] as const));
  return sumOfPlain({ programs: compiled, values: Object.fromEntries(fixed) });
}

/** Over a spelling in which the order of keys does not matter, and an infinity is a word. */
function sumOfPlain(value: unknown): Promise<string> {
  const finite = JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'number' && !Number.isFinite(part) ? String(part) : part,
  );
  return sumOf(new TextEncoder().encode(canonicalJson(JSON.parse(finite))));
}

async function sumOf(bytes: ArrayBufferView): Promise<string> {
  // The platform's own, which Node and browsers have alike.
  const digest = await crypto.subtle.digest('SHA-256', bytes as ArrayBufferView<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
