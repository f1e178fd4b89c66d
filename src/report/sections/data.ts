// What was read, accepted, set aside and why, over which time.
import { columnsChart } from '../charts/columns.ts';
import type { DataQuality, ReportDocument } from '../document.ts';
import { html, type Markup } from '../html.ts';
import type { Finding } from '../part.ts';
import type { Speech } from '../speech.ts';
import { dataTable, facts, figure, section } from './section.ts';

const GAPS_SHOWN = 3;

export function dataSection(speech: Speech, document: ReportDocument): Markup {
  return section<DataQuality>(
    speech,
    { title: speech.text('overview.data'), lede: speech.text('overview.dataLede') },
    document.data,
    (data) => [
      counts(speech, document, data),
      data.findings.length > 0 ? findingList(speech, data.findings) : html``,
      months(speech, data),
      quarantine(speech, data),
    ],
  );
}

function counts(speech: Speech, document: ReportDocument, data: DataQuality): Markup {
  const ofRows = (rows: number) => (data.rows > 0 ? speech.share(rows / data.rows) : undefined);
  const setAside = data.quarantined.reduce((sum, { rows }) => sum + rows, 0);
  return facts([
    { term: speech.text('data.rows'), value: speech.count(data.rows) },
    { term: speech.text('data.accepted'), value: speech.count(data.accepted), note: ofRows(data.accepted) },
    {
      term: speech.text('data.duplicates'),
      value: speech.count(data.duplicates),
      note: ofRows(data.duplicates),
    },
    { term: speech.text('data.quarantined'), value: speech.count(setAside), note: ofRows(setAside) },
    { term: speech.text('data.customers'), value: speech.count(data.customers) },
    { term: speech.text('data.orders'), value: speech.count(data.orders) },
    { term: speech.text('data.items'), value: speech.count(data.items) },
    { term: speech.text('data.anonymous'), value: speech.share(data.anonymousShare) },
    {
      term: speech.text('data.range'),
      value: speech.range(
        speech.moment(data.firstEvent).slice(0, 10),
        speech.moment(data.lastEvent).slice(0, 10),
      ),
      wide: true,
    },
    { term: speech.text('data.gaps'), value: gapsInWords(speech, data), wide: true },
    { term: speech.text('data.zone'), value: data.timeZone },
    { term: speech.text('data.currency'), value: document.currency },
  ]);
}

function gapsInWords(speech: Speech, { gaps }: DataQuality): string {
  if (gaps.length === 0) return speech.text('data.noGaps');
  const shown = gaps
    .slice(0, GAPS_SHOWN)
    .map(({ firstDay, lastDay, days }) =>
      days === 1 ? firstDay : speech.text('data.gap', { from: firstDay, to: lastDay, days }),
    );
  const more = gaps.length - shown.length;
  if (more > 0) shown.push(speech.text('data.moreGaps', { count: more }));
  return shown.join(speech.language === 'zh' ? '；' : '; ');
}

function months(speech: Speech, { months: rows }: DataQuality): Markup {
  if (rows.length === 0) return html``;
  const chart = (unit: 'count' | 'money', label: string, value: (row: (typeof rows)[number]) => number) =>
    figure(
      speech,
      columnsChart(
        speech,
        rows.map((row) => ({ month: row.month, value: value(row), partial: row.partial })),
        { unit, label },
      ),
      { title: label },
    );
  return html`<div class="charts">${chart('count', speech.text('months.events'), (row) => row.events)}${chart(
    'money',
    speech.text('months.revenue'),
    (row) => row.netRevenueMinor,
  )}</div><details><summary>${speech.text('word.numbers')}</summary>${dataTable({
    columns: [
      { head: speech.text('months.month') },
      { head: speech.text('months.eventsColumn'), numeric: true },
      { head: speech.text('word.customers'), numeric: true },
      { head: speech.text('months.revenueColumn'), numeric: true },
    ],
    rows: rows.map((row) => ({
      cells: [
        row.partial ? `${row.month} (${speech.text('months.partial')})` : row.month,
        speech.count(row.events),
        speech.count(row.customers),
        speech.money(row.netRevenueMinor),
      ],
    })),
  })}</details>`;
}

function quarantine(speech: Speech, { quarantined, rows }: DataQuality): Markup {
  if (quarantined.length === 0) return html``;
  return html`<h4>${speech.text('data.reasons')}</h4>${dataTable({
    caption: speech.text('data.reasons'),
    columns: [
      { head: speech.text('data.reason') },
      { head: speech.text('data.reasonRows'), numeric: true },
      { head: speech.text('data.share'), numeric: true },
    ],
    rows: quarantined.map((entry) => ({
      cells: [
        html`${speech.say(entry.reason)} <code class="id inline">${entry.code}</code>`,
        speech.count(entry.rows),
        speech.share(entry.rows / Math.max(1, rows), 2),
      ],
    })),
  })}`;
}

/** Findings in words, each with its weight as a word and a colour. */
export function findingList(speech: Speech, findings: readonly Finding[]): Markup {
  return html`<ul class="findings">${findings.map(
    ({ severity, words }) =>
      html`<li><span class="chip ${severity}">${speech.text(`severity.${severity}`)}</span> <span>${speech.say(words)}</span></li>`,
  )}</ul>`;
}
