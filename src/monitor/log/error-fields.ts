// An error as fields of a log line: what went wrong and where, without the data it went wrong on.
import { AppError } from '../../core/errors.ts';
import { maskShapes } from './redact.ts';

export interface ErrorFields {
  readonly name: string;
  readonly code?: string;
  /** Absent where nobody vouches for it. */
  readonly message?: string;
  readonly stack?: readonly string[];
  readonly cause?: ErrorFields;
}

const MOST_FRAMES = 8;
const MOST_CAUSES = 4;
const QUOTED = /"[^"]*"?|'[^']*'?|`[^`]*`?|“[^”]*”?/g;
const ENGINE_ERRORS: ReadonlySet<string> = new Set(['TypeError', 'RangeError', 'ReferenceError']);

/**
 * Messages of an `AppError` and of our own broken invariants are written by us and hold no customer's data; those of the
 * JavaScript engine lose what stands in quotes; a system error keeps its code and call. What a library says about the
 * value it choked on (`JSON.parse`, a database) may be anybody's data and is left out: name, code and places remain.
 */
export function errorFields(thrown: unknown, depth = 0): ErrorFields {
  if (!(thrown instanceof Error)) return { name: typeof thrown };
  const code = (thrown as { code?: unknown }).code;
  const fields = {
    name: /^[A-Za-z]{1,40}$/.test(thrown.name) ? thrown.name : 'Error',
    code: typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,59}$/.test(code) ? code : undefined,
    message: messageOf(thrown),
    stack: thrown instanceof AppError ? undefined : framesOf(thrown),
    cause:
      thrown.cause === undefined || depth >= MOST_CAUSES ? undefined : errorFields(thrown.cause, depth + 1),
  };
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as unknown as ErrorFields;
}

function messageOf(error: Error): string | undefined {
  if (error instanceof AppError) return maskShapes(error.message);
  if (error.message.startsWith('invariant broken: ')) return maskShapes(error.message.replace(QUOTED, '"…"'));
  if (ENGINE_ERRORS.has(error.name)) return maskShapes(error.message.replace(QUOTED, '"…"'));
  const { syscall } = error as NodeJS.ErrnoException;
  return typeof syscall === 'string' && /^[a-z]+$/.test(syscall) ? `${syscall} failed` : undefined;
}

/** Function and file of each frame, from the package on: no path of the machine, and nothing of the message. */
function framesOf(error: Error): string[] | undefined {
  const frames = (error.stack ?? '')
    .split('\n')
    .map((line) =>
      /^\s+at (?:(?:async )?([\w$.<> ]{1,80}?) \()?(?:file:\/\/)?([^()\s]*?:\d+:\d+)\)?$/.exec(line),
    )
    .filter((match) => match !== null)
    .slice(0, MOST_FRAMES)
    .map(([, call, place]) => {
      const short =
        /(?:^|\/)((?:node_modules|src|dist|bench|test)\/.*)$/.exec(place)?.[1] ?? place.split('/').at(-1);
      return call ? `${call} (${short})` : `${short}`;
    });
  return frames.length > 0 ? frames : undefined;
}
