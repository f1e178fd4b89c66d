// The most memory this process held at once while some work was done, where the system keeps count of it.
import { readFileSync, writeFileSync } from 'node:fs';

/** Writing 5 there sets the high-water mark of resident memory back to what is resident now (Linux, proc(5)). */
const CLEAR = '/proc/self/clear_refs';
const STATUS = '/proc/self/status';

export interface Held<T> {
  readonly result: T;
  readonly seconds: number;
  /** Mebibytes resident at most, all of the process; absent where the system does not tell. */
  readonly peakMb?: number;
  /** The same less what was resident when the work began. */
  readonly grownMb?: number;
}

export async function holding<T>(work: () => Promise<T>): Promise<Held<T>> {
  const before = resetPeak();
  const startedMs = performance.now();
  const result = await work();
  const seconds = (performance.now() - startedMs) / 1000;
  if (before === undefined) return { result, seconds };
  const peakMb = residentMb('VmHWM');
  return { result, seconds, peakMb, grownMb: peakMb - before };
}

/** @returns what is resident now; `undefined` where the mark cannot be set back */
function resetPeak(): number | undefined {
  try {
    writeFileSync(CLEAR, '5');
    return residentMb('VmRSS');
  } catch {
    return undefined;
  }
}

function residentMb(field: 'VmRSS' | 'VmHWM'): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(STATUS, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}
