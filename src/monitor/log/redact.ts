// What may stand in a log: known fields as they are, everything else taken out before it is written.

/** Fields whose texts are words of ours or the operator's, never a customer's. Any other text is taken out. */
export const PLAIN_FIELDS: ReadonlySet<string> = new Set([
  'alert',
  'arm',
  'code',
  'detector',
  'entity_type',
  'event_type',
  'feature',
  'format',
  'host',
  'key_id',
  'kind',
  'level',
  'method',
  'metric',
  'model_version',
  'outcome',
  'part',
  'reason',
  'request_id',
  'route',
  'scope',
  'segment',
  'severity',
  'signal',
  'stack',
  'syscall',
  'task',
  'trace_id',
  'unit',
  'version',
  'workspace',
]);

export const REDACTED = '[redacted]';

const MOST_LETTERS = 500;
const MOST_DEPTH = 4;
const MOST_MEMBERS = 32;

/** Shapes of secrets and of persons, wherever they stand. */
const SHAPES: readonly RegExp[] = [
  // an address
  /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}/gu,
  // credentials and queries of a URL
  /(?<=:\/\/)[^/\s@]+(?=@)/g,
  /\?[^\s"]*/g,
  // what follows the name of a secret
  /(?<=\b(?:bearer|basic|token|secret|password|passwd|pwd|api[_-]?key|authorization|cookie|signature)\b["']?\s*[:=]?\s*)[^\s,;"']+/gi,
  // keys of ours, JSON web tokens, long hexadecimal and base64 words
  /\bfs[kb]?_[A-Za-z0-9_-]{8,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g,
  /\b[0-9a-fA-F]{40,}\b/g,
  /(?<![\w/.-])(?=[A-Za-z0-9+_-]*\d)(?=[A-Za-z0-9+_-]*[a-z])(?=[A-Za-z0-9+_-]*[A-Z])[A-Za-z0-9+_-]{32,}={0,2}/g,
  // a payment card, a telephone number
  /\b(?:\d[ -]?){13,19}\b/g,
  /\+\d[\d ()-]{7,}\d/g,
];

/** Words that must never be seen, in every spelling a log might give them. */
export interface Secrets {
  /** From now on these do not appear. */
  add(secret: string): void;
  mask(text: string): string;
}

/** Shorter ones would take half of all words with them. */
const LEAST_SECRET = 6;

export function createSecrets(): Secrets {
  const spellings = new Set<string>();
  return {
    add(secret) {
      if (secret.length < LEAST_SECRET) return;
      const bytes = Buffer.from(secret);
      const ways = [
        secret,
        JSON.stringify(secret).slice(1, -1),
        encodeURIComponent(secret),
        bytes.toString('base64'),
        bytes.toString('base64url'),
        bytes.toString('hex'),
      ];
      for (const way of ways) spellings.add(way);
    },
    mask(text) {
      let masked = text;
      for (const spelling of spellings) {
        if (masked.includes(spelling)) masked = masked.replaceAll(spelling, REDACTED);
      }
      return masked;
    },
  };
}

/** A text without anything that looks like a secret or a person, and not longer than a line should be. */
export function maskShapes(text: string): string {
  let masked = text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text;
  for (const shape of SHAPES) masked = masked.replace(shape, REDACTED);
  return masked;
}

/**
 * The fields of a log line as they may be written: numbers and booleans as they are; texts, and lists of texts, only under
 * a name of `PLAIN_FIELDS`, and there without what looks like a secret. Texts further inside, names that are not plain
 * words, and what lies too deep are taken out.
 */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactMembers(fields, 0);
}

function redactMembers(fields: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  let left = MOST_MEMBERS;
  for (const key of Object.keys(fields)) {
    if (left-- === 0) {
      clean.more = true;
      break;
    }
    // A name that is not a plain word may itself be somebody's data.
    if (!/^[a-z][a-z0-9_]{0,39}$/.test(key) || maskShapes(key) !== key) continue;
    const value = redactValue(fields[key], depth, depth === 0 && PLAIN_FIELDS.has(key));
    if (value !== undefined) clean[key] = value;
  }
  return clean;
}

function redactValue(value: unknown, depth: number, trusted: boolean): unknown {
  switch (typeof value) {
    case 'number':
      // A telephone number or a card is a number too.
      return Number.isSafeInteger(value) && Math.abs(value) >= 1e15 ? REDACTED : value;
    case 'boolean':
    case 'undefined':
      return value;
    case 'string':
      return trusted ? maskShapes(value) : REDACTED;
    case 'object':
      if (value === null) return null;
      if (depth >= MOST_DEPTH) return REDACTED;
      if (Array.isArray(value))
        return value.slice(0, MOST_MEMBERS).map((item) => redactValue(item, depth + 1, trusted));
      return redactMembers(value as Readonly<Record<string, unknown>>, depth + 1);
    default:
      return REDACTED;
  }
}
