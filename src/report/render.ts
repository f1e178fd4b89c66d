// The single-file report: every string escaped, nothing loaded, nothing sent.
import { createHash } from 'node:crypto';
import { LANGUAGES, type Language } from '../core/name.ts';
import { isMissing, type ReportDocument } from './document.ts';
import { html, type Markup, trusted } from './html.ts';
import { SCRIPT } from './script.ts';
import { overviewPart } from './sections/overview.ts';
import { reproductionPart } from './sections/reproduction.ts';
import { taskPart } from './sections/task.ts';
import { type Speech, speech } from './speech.ts';
import { STYLE } from './style.ts';

/**
 * Draws a whole report as one HTML file in both languages. Pure: the same document gives the same bytes (for one
 * version of the runtime's locale data).
 */
export function renderReport(document: ReportDocument): string {
  const first = document.language;
  const title = speech(first, document.currency, 'UTC', document.about).text('page.title', {
    shop: document.shop,
  });
  return html`<!doctype html>
<html lang="${TAGS[first]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${SCRIPT_DIGEST}'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
${LANGUAGES.map((language) => page(document, language))}
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`.markup;
}

const TAGS: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-CN' };

/** The page allows this one script and no other: markup that slipped in could not run. */
const SCRIPT_DIGEST = createHash('sha256').update(SCRIPT).digest('base64');

/** One part of the page with its place in the navigation. */
interface PagePart {
  readonly id: string;
  readonly label: string;
  readonly body: Markup;
}

function page(document: ReportDocument, language: Language): Markup {
  const { data } = document;
  const voice = speech(
    language,
    document.currency,
    data && !isMissing(data) ? data.timeZone : 'UTC',
    document.about,
  );
  const parts: PagePart[] = [
    { id: 'overview', label: voice.text('nav.overview'), body: overviewPart(voice, document) },
    ...document.tasks.map((task) => ({
      id: task.id,
      label: voice.say(task.title),
      body: taskPart(voice, task),
    })),
    { id: 'reproduce', label: voice.text('nav.reproduce'), body: reproductionPart(voice, document) },
  ];
  const title = voice.text('page.title', { shop: document.shop });
  return html`<div class="page" lang="${TAGS[language]}" data-page="${language}" data-title="${title}"${language !== document.language && html` hidden`}>
<a class="skip" href="#${language}-main">${voice.text('page.skip')}</a>
<header class="masthead"><div class="bar"><span class="brand">Foresell</span>${switcher(voice)}</div>
<h1>${title}</h1>
<p class="made">${madeLine(voice, document)}</p></header>
<nav aria-label="${voice.text('nav.label')}"><ul>${parts.map(
    ({ id, label }) => html`<li><a href="#${language}-${id}">${label}</a></li>`,
  )}</ul></nav>
<main id="${language}-main">${parts.map(
    ({ id, label, body }) =>
      html`<article id="${language}-${id}" data-part="${id}" aria-label="${label}">${body}</article>`,
  )}</main>
<footer><p>${voice.text('page.offline')}</p>${document.attribution && html`<p>${voice.say(document.attribution)}</p>`}</footer>
</div>`;
}

/** When it was made and which time the data span. */
function madeLine(voice: Speech, { madeAt, data }: ReportDocument): string {
  const made = voice.text('page.made', { when: voice.moment(madeAt) });
  if (!data || isMissing(data)) return made;
  const [from, to] = [data.firstEvent, data.lastEvent].map((moment) => voice.moment(moment).slice(0, 10));
  return `${made} · ${voice.text('page.data', { from, to })}`;
}

const OWN_NAMES: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' };

function switcher(voice: Speech): Markup {
  return html`<div class="languages" role="group" aria-label="${voice.text('page.language')}">${LANGUAGES.map(
    (language) =>
      html`<button type="button" data-speak="${language}" lang="${TAGS[language]}" aria-pressed="${language === voice.language ? 'true' : 'false'}">${OWN_NAMES[language]}</button>`,
  )}</div>`;
}
