// Batches from the main thread to the worker: a few ahead, never more than were asked for.

import type { Batch } from '../../step/training-step.ts';
import type { BatchSource } from '../batches/batch-source.ts';
import { createInbox, type Inbox } from './inbox.ts';
import {
  type FromWorker,
  receiveError,
  type SourceName,
  sendError,
  type ToWorker,
} from './worker-messages.ts';

/** Batches under way at once: one being trained on, one held to know the epoch's end, one being made, one spare. */
const PREFETCHED = 4;

/** The main side: answers what the worker asks of the sources. */
export interface BatchServer {
  /** Whether the message was for it. */
  receive(message: FromWorker): boolean;
  /** Ends every open stream. */
  close(): void;
}

/**
 * @param post sends to the worker, moving the listed buffers
 * @param onError hears of an error of a source, which also ends its stream
 */
export function serveBatches(
  sources: Partial<Readonly<Record<SourceName, BatchSource>>>,
  post: (message: ToWorker, transfer: readonly ArrayBuffer[]) => void,
  onError: (error: unknown) => void,
): BatchServer {
  const streams = new Map<number, Stream>();
  const answer = async (stream: number, { iterator }: Stream): Promise<void> => {
    try {
      const next = await iterator.next();
      if (!streams.has(stream)) return;
      if (next.done) post({ kind: 'end', stream }, []);
      else {
        const batch = ownCopy(next.value);
        post({ kind: 'batch', stream, batch }, buffersOf(batch));
      }
    } catch (error) {
      onError(error);
      post({ kind: 'source-failed', stream, error: sendError(error) }, []);
    }
  };
  const end = (stream: number): void => {
    // A source may fail at its end: whoever still reads the run hears of it.
    streams.get(stream)?.iterator.return?.().catch(onError);
    streams.delete(stream);
  };
  return {
    receive(message) {
      if (message.kind === 'open') {
        const source = sources[message.source] as BatchSource;
        streams.set(message.stream, {
          iterator: iterate(source, message.epoch, message.from),
          turn: Promise.resolve(),
        });
        return true;
      }
      if (message.kind === 'pull') {
        const stream = streams.get(message.stream);
        // One after the other: an iterator may be asked again only once it has answered.
        if (stream !== undefined) stream.turn = stream.turn.then(() => answer(message.stream, stream));
        return true;
      }
      if (message.kind === 'close') end(message.stream);
      return message.kind === 'close';
    },
    close() {
      for (const stream of [...streams.keys()]) end(stream);
    },
  };
}

interface Stream {
  readonly iterator: AsyncIterator<Batch, void>;
  turn: Promise<void>;
}

async function* iterate(source: BatchSource, epoch: number, from: number): AsyncGenerator<Batch, void> {
  yield* source.batches(epoch, from);
}

/** Arrays of its own, so that moving their memory takes nothing from the caller. */
function ownCopy(batch: Batch): Batch {
  const arrays = Object.entries(batch.arrays).map(([name, values]) => [name, values.slice()] as const);
  return { ...batch, arrays: Object.fromEntries(arrays) };
}

const buffersOf = ({ arrays }: Batch): readonly ArrayBuffer[] =>
  Object.values(arrays).map(({ buffer }) => buffer as ArrayBuffer);

/** The worker's side: sources whose batches come by message. */
export interface BatchReceiver {
  source(name: SourceName): BatchSource;
  receive(message: ToWorker): void;
  /** Whoever waits for a batch gets this error. */
  fail(error: Error): void;
}

export function receiveBatches(post: (message: FromWorker) => void): BatchReceiver {
  const open = new Map<number, Inbox<Batch>>();
  let opened = 0;
  return {
    source: (name) => ({
      async *batches(epoch, from) {
        const stream = opened++;
        const inbox = createInbox<Batch>();
        open.set(stream, inbox);
        post({ kind: 'open', stream, source: name, epoch, from });
        for (let i = 0; i < PREFETCHED; i++) post({ kind: 'pull', stream });
        try {
          for (let batch = await inbox.take(); batch !== undefined; batch = await inbox.take()) {
            post({ kind: 'pull', stream });
            yield batch;
          }
        } finally {
          open.delete(stream);
          post({ kind: 'close', stream });
        }
      },
    }),
    receive(message) {
      if (message.kind === 'batch') open.get(message.stream)?.put(message.batch);
      if (message.kind === 'end') open.get(message.stream)?.end();
      if (message.kind === 'source-failed') open.get(message.stream)?.fail(receiveError(message.error));
    },
    fail(error) {
      for (const inbox of open.values()) inbox.fail(error);
    },
  };
}
