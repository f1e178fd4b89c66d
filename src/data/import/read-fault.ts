// What a file the engine cannot read is called.
import { AppError } from '../../core/errors.ts';

/** The engine's own messages quote what they stumble over; ours name only the file and what to do. */
export function asReadFault(cause: unknown, name: string): unknown {
  if (cause instanceof AppError || !(cause instanceof Error)) return cause;
  const { message } = cause;
  if (/out of memory/i.test(message)) {
    return new AppError(
      'DISK',
      `"${name}" needs more memory than allowed: raise the memory limit or split the file`,
    );
  }
  if (/strptime|format specifier/i.test(message)) {
    return new AppError(
      'BAD_MAPPING',
      'time.format: expected a format such as %d/%m/%Y %H:%M, this one cannot be read',
    );
  }
  if (/binder error|parser error|catalog error/i.test(message)) return cause;
  return new AppError(
    'BAD_FILE',
    `expected a readable file, "${name}" is damaged or not of the format it seems to have, or the mapping says: export it again, or name its format in a mapping`,
  );
}
