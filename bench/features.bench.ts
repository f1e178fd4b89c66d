// Features and sequences at scale: our compilers beside hand-written SQL, in the same run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numberColumn } from '../src/core/frame.ts';
import { DAY_MS, UTC } from '../src/core/time.ts';
import { type Engine, openEngine, sqlText } from '../src/data/engine.ts';
import type { EventType } from '../src/data/event.ts';
import { buildExamples } from '../src/data/examples.ts';
import { defaultView } from '../src/data/features/default-view.ts';
import type { FeatureDefinition, FeatureRule, FeatureView } from '../src/data/features/definition.ts';
import { everyoneKnown } from '../src/data/labels.ts';
import { streamSequences } from '../src/data/sequences.ts';
import type { EventSource } from '../src/data/source.ts';
import { atMost, type Bench, type Target } from './bench.ts';

const START_MS = Date.UTC(2023, 0, 1);
const DAYS = 730;
const AS_OFS = [400, 500, 600, 700].map((day) => START_MS + day * DAY_MS);

export const bench: Bench = async ({ threads, args, log }) => {
  const events = Number(args[0] ?? 2_000_000);
  const dir = mkdtempSync(join(tmpdir(), 'features-'));
  const engine = await openEngine({ threads, memoryLimit: '2GB', tempDir: join(dir, 'spill') });
  try {
    const source = await makeLog(engine, join(dir, 'events.parquet'), events);
    log(`${events} events written`);
    const targets: Target[] = [];
    const figures: Record<string, unknown> = { events, users: Math.floor(events / 20) };

    const [ours, byHand] = await inTurn(
      () => buildExamples(engine, source, { view: EIGHTEEN, population: everyoneKnown, asOfs: AS_OFS }),
      () => handWritten(engine, source),
    );
    const revenue = numberColumn(ours.result.frame, 'revenue').values.reduce((a, b) => a + b, 0);
    if (revenue !== byHand.result) throw new Error(`revenue ${revenue} is not ${byHand.result}`);
    log(`18 aggregates at 4 cut-offs: ${versus(ours, byHand)}`);
    targets.push(
      atMost(
        '18 aggregates at 4 cut-offs, time against hand-written UNION ALL SQL',
        ours.seconds / byHand.seconds,
        1.3,
        `${versus(ours, byHand)}; ours includes the sorted frame of ${ours.result.frame.rows} rows`,
      ),
    );

    const [sequences, bare] = await inTurn(
      () => streamSequences(engine, source, { untilMs: START_MS + DAYS * DAY_MS }),
      () => bareStream(engine, source),
    );
    if (sequences.result.codes.length !== bare.result) throw new Error(`expected ${bare.result} events`);
    log(`sequences: ${versus(sequences, bare)}`);
    targets.push(
      atMost(
        'all sequences, time against the bare sorted stream',
        sequences.seconds / bare.seconds,
        1.3,
        `${versus(sequences, bare)}, ${bare.result} events`,
      ),
    );
    figures.features_seconds = ours.seconds;
    figures.sequences_seconds = sequences.seconds;
    targets.push(atMost('peak memory, GB', peakGb(), 4, 'the whole run, engine included'));

    if (args.includes('default')) {
      const whole = await timed(() =>
        buildExamples(engine, source, {
          view: defaultView(90),
          population: everyoneKnown,
          asOfs: AS_OFS.slice(-1),
        }),
      );
      figures.default_view_one_moment_seconds = whole.seconds;
      figures.default_view_peak_gb = peakGb();
    }
    return {
      bench: 'features',
      protocol: `${events} generated events of ${figures.users} users in one Parquet file, ${threads} threads, engine limit 2 GB`,
      targets,
      figures,
    };
  } finally {
    engine.close();
    rmSync(dir, { recursive: true, force: true });
  }
};

interface Timed<T> {
  readonly result: T;
  readonly seconds: number;
  /** Processor seconds of all threads: what is left when other programs share the machine. */
  readonly cpuSeconds: number;
}

async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { result, seconds: (performance.now() - started) / 1000, cpuSeconds: (user + system) / 1e6 };
}

/** Runs two things in turn, twice each, and keeps the quicker run of each. */
async function inTurn<A, B>(ours: () => Promise<A>, theirs: () => Promise<B>): Promise<[Timed<A>, Timed<B>]> {
  const firstTheirs = await timed(theirs);
  const firstOurs = await timed(ours);
  const lastTheirs = await timed(theirs);
  const lastOurs = await timed(ours);
  return [
    firstOurs.seconds < lastOurs.seconds ? firstOurs : lastOurs,
    firstTheirs.seconds < lastTheirs.seconds ? firstTheirs : lastTheirs,
  ];
}

const versus = (ours: Timed<unknown>, theirs: Timed<unknown>): string =>
  `${ours.seconds.toFixed(2)} s against ${theirs.seconds.toFixed(2)} s; processor time ${ours.cpuSeconds.toFixed(2)} s against ${theirs.cpuSeconds.toFixed(2)} s`;

/** `maxRSS` is in KiB. */
const peakGb = (): number => (process.resourceUsage().maxRSS * 1024) / 1e9;

/** Users of very different activity, events in time order, all types; the same file for the same size. */
async function makeLog(engine: Engine, file: string, events: number): Promise<EventSource> {
  const users = Math.floor(events / 20);
  await engine.run(`COPY (
    SELECT 'e' || lpad(i::VARCHAR, 10, '0') AS event_id,
      CASE WHEN kind < 70 THEN 'view' WHEN kind < 76 THEN 'search' WHEN kind < 88 THEN 'add_to_cart'
        WHEN kind < 98 THEN 'purchase' ELSE 'refund' END AS type,
      ${START_MS} + (i * ${DAYS * DAY_MS}) // ${events} AS timestamp,
      'u' || lpad(floor(${users} * pow(h1, 2))::BIGINT::VARCHAR, 8, '0') AS user_id, NULL::VARCHAR AS anonymous_id,
      's' || (i // 5)::VARCHAR AS session_id, 'item' || floor(20000 * pow(h2, 2))::BIGINT::VARCHAR AS item_id,
      CASE WHEN kind BETWEEN 88 AND 99 THEN 1.0 + floor(4 * h3) END AS quantity,
      CASE WHEN kind BETWEEN 88 AND 99 THEN 100 + floor(9900 * h3)::BIGINT END AS price_minor, 'EUR' AS currency,
      CASE WHEN kind BETWEEN 88 AND 99 THEN 'o' || (i // 3)::VARCHAR END AS order_id, NULL::VARCHAR AS query,
      NULL::DOUBLE AS rating, NULL::VARCHAR AS text, CASE WHEN h2 < .5 THEN 'phone' ELSE 'desktop' END AS device,
      'web' AS channel, 'c' || floor(30 * h1)::INT::VARCHAR AS country, NULL::INTEGER AS position, NULL::VARCHAR AS props
    FROM (SELECT i, hash(i) % 100 AS kind, (hash(i + 1000000007) % 1000003) / 1000003.0 AS h1,
      (hash(i + 2000000011) % 1000003) / 1000003.0 AS h2, (hash(i + 3000000019) % 1000003) / 1000003.0 AS h3
      FROM range(${events}) AS t(i))
  ) TO ${sqlText(file)} (FORMAT parquet, COMPRESSION zstd)`);
  return {
    events: `read_parquet(${sqlText(file)})`,
    currency: 'EUR',
    zone: UTC,
    firstMs: START_MS,
    lastMs: START_MS + DAYS * DAY_MS,
    rows: events,
    fingerprint: `generated ${events}`,
  };
}

const only = (type: EventType) => ({ types: [type] });

/** Eighteen aggregates; {@link handWritten} says the same in SQL. */
const EIGHTEEN: FeatureView = {
  name: 'eighteen',
  version: 1,
  features: Object.entries({
    views_7d: { kind: 'count', filter: only('view'), lookbackMs: 7 * DAY_MS },
    views_30d: { kind: 'count', filter: only('view'), lookbackMs: 30 * DAY_MS },
    views_90d: { kind: 'count', filter: only('view'), lookbackMs: 90 * DAY_MS },
    carts_30d: { kind: 'count', filter: only('add_to_cart'), lookbackMs: 30 * DAY_MS },
    carts_90d: { kind: 'count', filter: only('add_to_cart'), lookbackMs: 90 * DAY_MS },
    searches_30d: { kind: 'count', filter: only('search'), lookbackMs: 30 * DAY_MS },
    lines_30d: { kind: 'count', filter: only('purchase'), lookbackMs: 30 * DAY_MS },
    lines_90d: { kind: 'count', filter: only('purchase'), lookbackMs: 90 * DAY_MS },
    lines_365d: { kind: 'count', filter: only('purchase'), lookbackMs: 365 * DAY_MS },
    lines: { kind: 'count', filter: only('purchase') },
    revenue_30d: { kind: 'sum', field: 'value', filter: only('purchase'), lookbackMs: 30 * DAY_MS },
    revenue_90d: { kind: 'sum', field: 'value', filter: only('purchase'), lookbackMs: 90 * DAY_MS },
    revenue_365d: { kind: 'sum', field: 'value', filter: only('purchase'), lookbackMs: 365 * DAY_MS },
    revenue: { kind: 'sum', field: 'value', filter: only('purchase') },
    refunded: { kind: 'sum', field: 'value', filter: only('refund') },
    largest: { kind: 'max', field: 'value', filter: only('purchase') },
    silent_days: { kind: 'recency', clock: 'elapsed', filter: {} },
    known_days: { kind: 'tenure', clock: 'elapsed', filter: {} },
  } satisfies Record<string, FeatureRule>).map(
    ([name, rule]): FeatureDefinition => ({
      name,
      label: { en: name, zh: name },
      unit: 'none',
      group: 'engagement',
      rule,
    }),
  ),
};

async function handWritten(engine: Engine, source: EventSource): Promise<number> {
  const value = 'CAST(round(price_minor * quantity) AS BIGINT)';
  const at = (asOf: number): string => {
    const when = (type: string, days?: number): string =>
      `FILTER (WHERE type = '${type}'${days ? ` AND timestamp > ${asOf - days * DAY_MS}` : ''})`;
    return `SELECT user_id, ${asOf} AS as_of,
      count(*) ${when('view', 7)}, count(*) ${when('view', 30)}, count(*) ${when('view', 90)},
      count(*) ${when('add_to_cart', 30)}, count(*) ${when('add_to_cart', 90)}, count(*) ${when('search', 30)},
      count(*) ${when('purchase', 30)}, count(*) ${when('purchase', 90)}, count(*) ${when('purchase', 365)},
      count(*) ${when('purchase')}, sum(${value}) ${when('purchase', 30)}, sum(${value}) ${when('purchase', 90)},
      sum(${value}) ${when('purchase', 365)}, CAST(coalesce(sum(${value}) ${when('purchase')}, 0) AS DOUBLE) AS revenue,
      sum(${value}) ${when('refund')}, max(${value}) ${when('purchase')},
      (${asOf} - max(timestamp)) / ${DAY_MS}.0, (${asOf} - min(timestamp)) / ${DAY_MS}.0
      FROM ${source.events} WHERE timestamp <= ${asOf} AND user_id IS NOT NULL GROUP BY user_id`;
  };
  // Into a table: streaming a large UNION ALL stands still for ever in the engine (its workers wait on each other).
  await engine.run(`CREATE OR REPLACE TEMP TABLE by_hand AS ${AS_OFS.map(at).join(' UNION ALL ')}`);
  const [{ revenue }] = await engine.rows<{ revenue: number }>('SELECT sum(revenue) AS revenue FROM by_hand');
  await engine.run('DROP TABLE by_hand');
  return revenue;
}

/** The same columns, sorted, with nothing done to them. */
async function bareStream(engine: Engine, source: EventSource): Promise<number> {
  let events = 0;
  await engine.stream(
    `SELECT user_id, timestamp, item_id, type FROM ${source.events} ORDER BY user_id, timestamp`,
    (_, rows) => {
      events += rows;
    },
  );
  return events;
}
