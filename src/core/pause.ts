// Lets others have a turn between steps of long work, and hears the call to stop.
import { throwIfAborted } from './errors.ts';

/**
 * Gives the event loop one turn, so that timers, signals and progress bars live, then stops if asked to.
 *
 * @throws AppError INTERRUPTED once the signal has fired
 */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  await new Promise<void>((resolve) => setImmediate(resolve));
  throwIfAborted(signal);
}
