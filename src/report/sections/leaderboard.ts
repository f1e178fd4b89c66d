// All models beside the baselines: score with its interval, bias, cost, and those that were not tried with the reason.

import { drawChart } from '../charts/chart.ts';
import { intervalStrip, stripScale } from '../charts/interval-strip.ts';
import { html, type Markup } from '../html.ts';
import { formatInterval, formatMetric, isBetter, metricWords } from '../metric-words.ts';
import { settingsText } from '../settings-text.ts';
import type { Speech } from '../speech.ts';
import type { Leaderboard, LeaderboardRow, TaskReport } from '../task-document.ts';
import { dataTable, filled, section, valueWithInterval } from './section.ts';

export function leaderboardSection(speech: Speech, task: TaskReport): Markup {
  return section<Leaderboard>(
    speech,
    (board) => ({ title: speech.text('leaderboard.title'), lede: board.metric && lede(speech, board) }),
    filled(task.leaderboard, ({ rows }) => rows),
    (board) => [
      behind(speech, board),
      table(speech, task, board),
      searchedSettings(speech, board),
      refusals(speech, board),
    ],
  );
}

function lede(speech: Speech, board: Leaderboard): string {
  const words = metricWords(board.metric);
  return speech.text('leaderboard.lede', {
    metric: speech.say(words.label),
    says: speech.say(words.says),
    better: speech.text(`better.${words.better}`),
    where: speech.say(board.measuredOn),
  });
}

/** The baseline that is hardest to beat. */
export function bestBaseline(board: Leaderboard): LeaderboardRow | undefined {
  return board.rows
    .filter((row) => row.role === 'baseline' && Number.isFinite(row.score.value))
    .reduce<LeaderboardRow | undefined>(
      (best, row) => (best && !isBetter(board.metric, row.score.value, best.score.value) ? best : row),
      undefined,
    );
}

function table(speech: Speech, task: TaskReport, board: Leaderboard): Markup {
  const { metric, rows } = board;
  const reference = bestBaseline(board)?.score.value;
  const scale = stripScale(
    rows.map((row) => row.score),
    reference,
  );
  const written = (row: LeaderboardRow) => formatMetric(speech, metric, row.score.value, task.unit);
  const strip = (row: LeaderboardRow) => {
    const interval = formatInterval(speech, metric, row.score, task.unit);
    const label = speech.text('strip.label', { name: speech.say(row.label), value: written(row), interval });
    const tone = row.role === 'baseline' ? 'baseline' : 'model';
    return drawChart(intervalStrip(row.score, scale, { tone, label, reference }));
  };
  const metricLabel = speech.say(metricWords(metric).label);
  const metricSays = speech.say(metricWords(metric).says);
  const withBias = rows.some(({ bias }) => bias);
  const withPredict = rows.some(({ predictMs }) => predictMs !== undefined);
  const bias = (row: LeaderboardRow) =>
    row.bias
      ? valueWithInterval(
          formatMetric(speech, 'bias', row.bias.value, task.unit),
          formatInterval(speech, 'bias', row.bias, task.unit),
        )
      : '–';
  const predict = ({ predictMs }: LeaderboardRow) =>
    predictMs === undefined ? '–' : speech.seconds(predictMs / 1000);
  return dataTable({
    caption: speech.text('leaderboard.caption'),
    columns: [
      { head: speech.text('word.model') },
      { head: metricLabel, numeric: true, hint: metricSays },
      { head: speech.text('leaderboard.best') },
      ...(withBias
        ? [
            {
              head: speech.text('leaderboard.bias'),
              numeric: true,
              hint: speech.say(metricWords('bias').says),
            },
          ]
        : []),
      { head: speech.text('leaderboard.fit'), numeric: true },
      ...(withPredict ? [{ head: speech.text('leaderboard.predict'), numeric: true }] : []),
    ],
    rows: rows.map((row) => ({
      tone: row.chosen ? 'chosen' : row.role === 'baseline' ? 'quiet' : undefined,
      cells: [
        modelName(speech, row),
        valueWithInterval(written(row), formatInterval(speech, metric, row.score, task.unit)),
        strip(row),
        ...(withBias ? [bias(row)] : []),
        speech.seconds(row.fitSeconds),
        ...(withPredict ? [predict(row)] : []),
      ],
    })),
  });
}

function modelName(speech: Speech, row: LeaderboardRow): Markup {
  const mark = row.chosen
    ? html` <span class="tag chosen">${speech.text('tag.chosen')}</span>`
    : row.role === 'baseline'
      ? html` <span class="tag">${speech.text('tag.baseline')}</span>`
      : undefined;
  return html`${speech.say(row.label)}${mark}<code class="id">${row.id}</code>`;
}

/** Says so when no model beats the best baseline. */
function behind(speech: Speech, board: Leaderboard): Markup {
  const baseline = bestBaseline(board);
  const ahead =
    baseline !== undefined &&
    board.rows.every(
      ({ role, score }) => role === 'baseline' || !isBetter(board.metric, score.value, baseline.score.value),
    );
  if (!ahead) return html``;
  const words = speech.text('leaderboard.behind', { baseline: speech.say(baseline.label) });
  return html`<p><span class="chip warning">${speech.text('severity.warning')}</span> ${words}</p>`;
}

function searchedSettings(speech: Speech, { rows }: Leaderboard): Markup {
  const told = rows.filter(({ settings }) => settings);
  if (told.length === 0) return html``;
  return html`<h4>${speech.text('leaderboard.settings')}</h4><ul class="plain">${told.map(
    (row) =>
      html`<li><b>${speech.say(row.label)}</b> <code class="id">${row.id}</code> ${settingsText(row)}</li>`,
  )}</ul>`;
}

function refusals(speech: Speech, board: Leaderboard): Markup {
  if (board.refused.length === 0) return html``;
  return html`<h4>${speech.text('leaderboard.refused')}</h4><ul class="plain">${board.refused.map(
    ({ id, label, reason }) =>
      html`<li><b>${speech.say(label)}</b> <code class="id">${id}</code> ${typeof reason === 'string' ? reason : speech.say(reason)}</li>`,
  )}</ul>`;
}
