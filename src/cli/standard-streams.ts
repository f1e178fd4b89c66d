// Writing bytes to a stream at the reader's pace.
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** @returns what resolves once the stream will take more */
export const writeTo =
  (stream: Writable) =>
  async (bytes: Uint8Array): Promise<void> => {
    // The stream may keep what it was given, the giver uses its buffer again.
    if (bytes.length > 0 && !stream.write(Buffer.from(bytes))) await once(stream, 'drain');
  };
