// Where log lines go: written behind the server's back, so that a slow reader of the log never stops an answer.
import { write as writeBytes, writeSync } from 'node:fs';

export interface LineSink {
  write(line: string): void;
  /** Lines given up because the reader did not keep pace. */
  readonly dropped: number;
  /** Writes what is left before it returns: for the last moment of a process. */
  flushNow(): void;
}

export interface LineSinkParts {
  /** 1 is standard output. */
  readonly descriptor: number;
  /** Letters waiting at most; 1 MiB when absent. Beyond it lines are dropped and counted. */
  readonly mostWaiting?: number;
  readonly onDrop?: () => void;
}

const MOST_WAITING = 2 ** 20;
const AGAIN_MS = 20;

/** One write is under way at a time; what arrives meanwhile goes with the next one. */
export function createLineSink({ descriptor, mostWaiting = MOST_WAITING, onDrop }: LineSinkParts): LineSink {
  let waiting = '';
  let inFlight: Buffer | undefined;
  let dropped = 0;
  let broken = false;

  const pump = (): void => {
    if (inFlight !== undefined || waiting === '' || broken) return;
    send(Buffer.from(waiting));
    waiting = '';
  };
  const send = (bytes: Buffer): void => {
    inFlight = bytes;
    writeBytes(descriptor, bytes, 0, bytes.length, null, (error, written) => {
      if (error) {
        if (error.code === 'EAGAIN') setTimeout(send, AGAIN_MS, bytes).unref();
        else {
          // Nobody reads any more (EPIPE, EBADF): the server goes on without a log.
          broken = true;
          inFlight = undefined;
          waiting = '';
        }
        return;
      }
      if (written < bytes.length) return send(bytes.subarray(written));
      inFlight = undefined;
      pump();
    });
  };
  return {
    write(line) {
      if (broken || waiting.length + line.length > mostWaiting) {
        dropped++;
        onDrop?.();
        return;
      }
      const first = waiting === '' && inFlight === undefined;
      waiting += line;
      // One turn later, so that the lines of one burst go in one write.
      if (first) setImmediate(pump);
    },
    get dropped() {
      return dropped;
    },
    flushNow() {
      // What is in flight cannot be called back; only what waits is ours to write.
      const rest = Buffer.from(waiting);
      waiting = '';
      try {
        for (let at = 0; at < rest.length; ) at += writeSync(descriptor, rest, at);
      } catch {
        broken = true;
      }
    },
  };
}
