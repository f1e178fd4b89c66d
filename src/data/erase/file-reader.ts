// Files whose format belongs to another room: who asks for a search hands in how they are read.
import type { EventRow } from '../event.ts';

export interface FileReader {
  /** @param file relative to the workspace */
  reads(file: string): boolean;
  /**
   * What stands in it, as columns of events: they are searched as those of the journal are.
   *
   * @throws AppError BAD_FILE, VERSION when it cannot be read; it is then searched as text
   */
  rows(bytes: Uint8Array, file: string): Iterable<Partial<EventRow>>;
}
