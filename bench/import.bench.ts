// How fast a CSV becomes a lake, beside a hand-written DuckDB script that parses, checks, dedupes and partitions the same file.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEngine, sqlText } from '../src/data/engine.ts';
import { EVENT_TYPES } from '../src/data/event.ts';
import { importFiles } from '../src/data/import/import-files.ts';
import { parseMapping } from '../src/data/import/mapping.ts';
import { createWorkspace } from '../src/data/workspace.ts';
import { atLeast, atMost, type Bench } from './bench.ts';

const DAYS = 60;
const MEMORY = '2GB';

const MAPPING = `
kind: events
time: { format: auto }
columns:
  event_id: event_id
  type: type
  timestamp: time
  user_id: user_id
  session_id: session_id
  item_id: item_id
  quantity: quantity
  price: price
  currency: { constant: EUR }
`;

/**
 * Each contender runs in a process of its own: its peak memory is its own, and none inherits another's warm caches.
 *
 * Words: number of events (2000000), then any of `linear` (also a tenth of it) and `derived` (also without event ids).
 */
export const bench: Bench = async ({ args, threads, log }) => {
  const [role, ...rest] = args;
  if (role === 'one') {
    console.log(
      JSON.stringify({ seconds: await contend(rest[0] as Contender, rest[1], threads), ...memory() }),
    );
    process.exit(0);
  }
  const events = Number(args.find((word) => /^\d+$/.test(word)) ?? 2_000_000);
  const folder = mkdtempSync(join(tmpdir(), 'foresell-bench-import-'));
  try {
    const file = join(folder, 'events.csv');
    log(`writing ${events} events`);
    await writeEvents(file, events);
    const bytes = statSync(file).size;
    const run = (contender: Contender, path = file) => {
      const figure = inOwnProcess(contender, path, threads);
      log(
        `${contender}: ${figure.seconds.toFixed(1)} s (${figure.cpuSeconds.toFixed(1)} s of CPU), peak ${figure.peakGb.toFixed(2)} GB`,
      );
      return figure;
    };
    const copy = run('copy');
    // Hand-written and ours take turns, so that a slow moment of the machine does not fall on one of them alone.
    const turns = events > 5_000_000 ? 1 : 3;
    const hands = [];
    const ours = [];
    for (let turn = 0; turn < turns; turn++) {
      hands.push(run('hand'));
      ours.push(run('import'));
    }
    const pseudonyms = run('pseudonyms');
    const hand = Math.min(...hands.map(({ seconds }) => seconds));
    const mine = Math.min(...ours.map(({ seconds }) => seconds));
    const peakGb = Math.max(...ours.map((figure) => figure.peakGb), pseudonyms.peakGb);
    const figures: Record<string, unknown> = {
      events,
      csvGb: bytes / 1e9,
      seconds: {
        copy: copy.seconds,
        hand: hands.map((f) => f.seconds),
        import: ours.map((f) => f.seconds),
        pseudonyms: pseudonyms.seconds,
      },
      cpuSeconds: {
        copy: copy.cpuSeconds,
        hand: hands.map((f) => f.cpuSeconds),
        import: ours.map((f) => f.cpuSeconds),
        pseudonyms: pseudonyms.cpuSeconds,
      },
      eventsPerSecond: {
        copy: events / copy.seconds,
        hand: events / hand,
        import: events / mine,
        pseudonyms: events / pseudonyms.seconds,
      },
      peakGb: { copy: copy.peakGb, hand: hands[0].peakGb, import: peakGb },
    };
    const targets = [
      atLeast('import rate / hand-written rate', hand / mine, 0.8, `best of ${turns} runs each, in turns`),
      atLeast('import rate with pseudonyms / hand-written rate', hand / pseudonyms.seconds, 0.25),
      atMost('peak memory, GB', peakGb, 4, `engine limit ${MEMORY}`),
    ];
    if (args.includes('derived')) figures.derivedSeconds = run('derived').seconds;
    if (args.includes('linear')) {
      const small = join(folder, 'tenth.csv');
      await writeEvents(small, events / 10);
      const tenth = run('import', small).seconds;
      targets.push(
        atMost(
          'seconds per event, whole / tenth',
          mine / events / (tenth / (events / 10)),
          1.3,
          `tenth took ${tenth.toFixed(1)} s`,
        ),
      );
    }
    return {
      bench: 'import',
      protocol: `${events} simulated events over ${DAYS} days as CSV, 1 % repeated, .1 % bad; daily zstd partitions; each contender in its own process, ${threads} threads`,
      targets,
      figures,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakGb: number;
}

type Contender = 'copy' | 'hand' | 'import' | 'pseudonyms' | 'derived';

function inOwnProcess(contender: Contender, file: string, threads: number): Run {
  const runner = fileURLToPath(new URL('./run.ts', import.meta.url));
  const text = execFileSync(
    process.execPath,
    ['--import', 'tsx', runner, 'import', 'one', contender, file, '--threads', String(threads)],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return JSON.parse(text) as Run;
}

/** Peak memory, and CPU time: on a busy machine the fairer clock of the two. */
const memory = () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  return { peakGb: (maxRSS * 1024) / 1e9, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 };
};

/** Seconds from an empty folder to a finished lake. */
async function contend(contender: Contender, file: string, threads: number): Promise<number> {
  const folder = `${file}.${contender}`;
  rmSync(folder, { recursive: true, force: true });
  try {
    const startedMs = performance.now();
    if (contender === 'copy') await bareCopy(file, folder, threads);
    else if (contender === 'hand') await handWritten(file, folder, threads);
    else {
      const workspace = createWorkspace(folder, { partition: 'day', pseudonyms: contender === 'pseudonyms' });
      const mapping = parseMapping(
        contender === 'derived' ? MAPPING.replace('  event_id: event_id\n', '') : MAPPING,
      );
      const report = await importFiles(workspace, [file], mapping, { threads, memoryLimit: MEMORY });
      console.error(JSON.stringify({ ...report, seconds: undefined }));
    }
    return (performance.now() - startedMs) / 1000;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A shop's log: sessions of views, carts and purchases over 60 days, one event in a hundred twice, one in a thousand bad. */
async function writeEvents(file: string, events: number): Promise<void> {
  const engine = await openEngine({ memoryLimit: MEMORY });
  const fresh = Math.round(events / 1.01);
  await engine.run(
    `COPY (
       SELECT event_id, type, CASE WHEN n % 1000 = 7 THEN 'soon' ELSE strftime(moment, '%Y-%m-%d %H:%M:%S') END AS "time", user_id, session_id, item_id, quantity, price
       FROM (SELECT n, 'e' || n AS event_id,
           CASE WHEN h % 100 < 80 THEN 'view' WHEN h % 100 < 92 THEN 'add_to_cart' ELSE 'purchase' END AS type,
           TIMESTAMP '2024-01-01' + to_milliseconds(CAST(n * ${(DAYS * 86_400_000) / fresh} AS BIGINT)) AS moment,
           'u' || (hash(n // 6) % ${Math.max(1000, Math.round(events / 20))}) AS user_id, 's' || (n // 6) AS session_id,
           'i' || CAST(floor(20000 * pow((h // 100) % 10007 / 10007.0, 3)) AS INTEGER) AS item_id,
           1 + h % 3 AS quantity, CAST(((h // 7) % 20000) / 100.0 AS DECIMAL(9, 2)) AS price
         FROM (SELECT CASE WHEN i < ${fresh} THEN i ELSE (i - ${fresh}) * 97 END AS n, hash(CASE WHEN i < ${fresh} THEN i ELSE (i - ${fresh}) * 97 END) AS h
               FROM range(${events}) t(i)))
     ) TO ${sqlText(file)} (FORMAT csv, HEADER true)`,
  );
  engine.close();
}

const CSV_COLUMNS =
  "{'event_id': 'VARCHAR', 'type': 'VARCHAR', 'time': 'VARCHAR', 'user_id': 'VARCHAR', 'session_id': 'VARCHAR', 'item_id': 'VARCHAR', 'quantity': 'VARCHAR', 'price': 'VARCHAR'}";

/** The floor: the same file to one Parquet file, nothing looked at. */
async function bareCopy(file: string, folder: string, threads: number): Promise<void> {
  mkdirSync(folder);
  const engine = await openEngine({ threads, memoryLimit: MEMORY, tempDir: join(folder, 'spill') });
  await engine.run(
    `COPY (SELECT * FROM read_csv(${sqlText(file)}, columns = ${CSV_COLUMNS}, header = true)) TO ${sqlText(join(folder, 'all.parquet'))} (FORMAT parquet, COMPRESSION zstd)`,
  );
  engine.close();
}

/** What a careful person writes by hand: typed and checked in one pass, first row of each id, a folder a day. */
async function handWritten(file: string, folder: string, threads: number): Promise<void> {
  mkdirSync(folder);
  const engine = await openEngine({ threads, memoryLimit: MEMORY, tempDir: join(folder, 'spill') });
  await engine.run('SET preserve_insertion_order = false');
  const types = EVENT_TYPES.map(sqlText).join(', ');
  await engine.run(
    `CREATE TABLE parsed AS
     SELECT trim(event_id) AS event_id, lower(trim(type)) AS type, epoch_ms(TRY_CAST("time" AS TIMESTAMP)) AS timestamp, trim(user_id) AS user_id, trim(session_id) AS session_id,
       trim(item_id) AS item_id, TRY_CAST(quantity AS DOUBLE) AS quantity, CAST(TRY_CAST(price AS DECIMAL(18, 2)) * 100 AS BIGINT) AS price_minor, 'EUR' AS currency
     FROM read_csv(${sqlText(file)}, columns = ${CSV_COLUMNS}, header = true, ignore_errors = true)`,
  );
  const good = `timestamp BETWEEN epoch_ms(TIMESTAMP '1990-01-01') AND epoch_ms(now()::TIMESTAMP) + 86400000 AND type IN (${types}) AND price_minor >= 0 AND quantity >= 0`;
  await engine.run(
    `COPY (SELECT * FROM parsed WHERE NOT coalesce(${good}, false)) TO ${sqlText(join(folder, 'rejected.parquet'))} (FORMAT parquet)`,
  );
  await engine.run(
    `COPY (SELECT *, CAST(make_timestamp_ms(timestamp) AS DATE) AS date FROM (SELECT DISTINCT ON (event_id) * FROM parsed WHERE ${good}))
     TO ${sqlText(join(folder, 'events'))} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (date))`,
  );
  engine.close();
}
