// The reply to events: what became of each, as JSON, written by hand as it is the hottest text of the server.
import Type from 'typebox';
import type { EventFate } from '../ingest/door.ts';
import { IGNORE_REASONS, REJECT_REASONS } from '../ingest/outcome.ts';
import { Problem } from './problem.ts';
import type { Answer } from './route.ts';

export const FateSchema = Type.Union([
  Type.Object(
    { status: Type.Enum(['accepted', 'duplicate']), event_id: Type.String() },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      status: Type.Literal('rejected'),
      reason: Type.Enum(Object.keys(REJECT_REASONS)),
      pointer: Type.String({ description: 'JSON pointer into the body' }),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    { status: Type.Literal('ignored'), reason: Type.Enum(Object.keys(IGNORE_REASONS)) },
    { additionalProperties: false },
  ),
]);

/** The answer to every route that takes events, one result an event in the order of the body. */
export const FatesSchema = Type.Object(
  {
    accepted: Type.Integer({ minimum: 0 }),
    duplicates: Type.Integer({ minimum: 0 }),
    rejected: Type.Integer({ minimum: 0 }),
    ignored: Type.Integer({ minimum: 0 }),
    results: Type.Array(FateSchema),
  },
  { additionalProperties: false, title: 'Fates', description: 'Accepted events are on the disk.' },
);

/** Ids that JSON writes as they are. */
const PLAIN = /^[\w./:-]*$/;

const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

/**
 * @param isProblem  false: answered with 200 also where every event was rejected
 * @throws Problem rejected when there were events and every one was rejected: nothing of the request was kept
 */
export function fatesAnswer(fates: readonly EventFate[], { isProblem = true } = {}): Answer {
  let accepted = 0;
  let duplicates = 0;
  let ignored = 0;
  let results = '';
  for (const fate of fates) {
    if (results !== '') results += ',';
    if (fate.status === 'accepted') {
      accepted++;
      results += `{"status":"accepted","event_id":${quoted(fate.event_id)}}`;
    } else if (fate.status === 'duplicate') {
      duplicates++;
      results += `{"status":"duplicate","event_id":${quoted(fate.event_id)}}`;
    } else if (fate.status === 'ignored') {
      ignored++;
      results += `{"status":"ignored","reason":"${fate.reason}"}`;
    } else if (fate.status === 'rejected') {
      results += `{"status":"rejected","reason":"${fate.reason}","pointer":${quoted(fate.pointer)}}`;
    }
  }
  const rejected = fates.length - accepted - duplicates - ignored;
  if (isProblem && rejected > 0 && rejected === fates.length) throw allRejected(fates);
  return `{"accepted":${accepted},"duplicates":${duplicates},"rejected":${rejected},"ignored":${ignored},"results":[${results}]}`;
}

/** Places shown in a problem; the rest is counted. */
const SHOWN = 100;

function allRejected(fates: readonly EventFate[]): Problem {
  const errors = fates
    .slice(0, SHOWN)
    .flatMap((fate) =>
      fate.status === 'rejected'
        ? [{ pointer: fate.pointer, reason: fate.reason, detail: REJECT_REASONS[fate.reason] }]
        : [],
    );
  const count = fates.length === 1 ? 'the event was' : `all ${fates.length} events were`;
  return new Problem('rejected', `${count} rejected, nothing was kept: mend them and send them again`, {
    errors,
  });
}
