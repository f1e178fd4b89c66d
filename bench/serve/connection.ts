// One keep-alive connection of the load generator: bytes out, status and body in, with as little work as a client can do.
import { connect, type Socket } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  /** Valid until the callback returns. */
  readonly body: Buffer;
}

export interface Connection {
  /** Sends a whole request. One at a time: the next one once the answer to this one is there. */
  send(request: Uint8Array): void;
  close(): void;
}

export interface ConnectionEvents {
  opened(): void;
  answered(answer: HttpAnswer): void;
  /** It ended, or never began; nothing more comes of it. */
  ended(error: Error | undefined): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const READ_BYTES = 1 << 16;
/** Connections read one after the other, never at once: one block serves all. */
const block = Buffer.allocUnsafeSlow(READ_BYTES);

/** Answers have a Content-Length, as the server's have. */
export function openConnection(host: string, port: number, events: ConnectionEvents): Connection {
  let rest: Buffer | undefined;
  let error: Error | undefined;
  const read = (bytes: Buffer): void => {
    let whole = rest ? Buffer.concat([rest, bytes]) : bytes;
    rest = undefined;
    while (whole.length > 0) {
      const length = answerLength(whole);
      if (length < 0 || length > whole.length) {
        // The block is read into again.
        rest = Buffer.from(whole);
        return;
      }
      const head = whole.indexOf(HEAD_END);
      const status = (whole[9] - 48) * 100 + (whole[10] - 48) * 10 + (whole[11] - 48);
      const body = whole.subarray(head + HEAD_END.length, length);
      whole = whole.subarray(length);
      events.answered({ status, body });
    }
  };
  const socket: Socket = connect({
    ...{ host, port, noDelay: true },
    onread: {
      buffer: block,
      callback(count, buffer) {
        read((buffer as Buffer).subarray(0, count));
        return true;
      },
    },
  });
  socket.on('connect', events.opened);
  socket.on('error', (cause) => {
    error = cause;
  });
  socket.on('close', () => events.ended(error));
  return {
    send: (request) => void socket.write(request),
    close: () => void socket.destroy(),
  };
}

/** Bytes of the first answer, −1 while its head is not whole. */
function answerLength(bytes: Buffer): number {
  const head = bytes.indexOf(HEAD_END);
  if (head < 0) return -1;
  const length = LENGTH.exec(bytes.toString('latin1', 0, head))?.[1];
  if (length === undefined) throw new Error('expected an answer with a Content-Length');
  return head + HEAD_END.length + Number(length);
}
