// The documentation as one page that fetches nothing from anywhere: reads the OpenAPI document in it, sends trial requests.
import { createHash } from 'node:crypto';

/**
 * @param documentText  the OpenAPI document as JSON
 * @returns the page, and the content security policy under which its own script and style run and no others
 */
export function docsPage(documentText: string): { readonly html: string; readonly policy: string } {
  // Inside a script element only the end tag could end it.
  const data = documentText.replaceAll('<', '\\u003c');
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Foresell API</title><style>${STYLE}</style></head>
<body><header><h1>Foresell API</h1><label><span data-say="key"></span> <input id="key" type="password" autocomplete="off" placeholder="fsk_…"></label>
<button id="language" type="button">中文</button></header>
<main id="operations"></main>
<script type="application/json" id="document">${data}</script>
<script>${SCRIPT}</script></body></html>
`;
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const policy = [
    "default-src 'none'",
    `script-src ${hash(SCRIPT)}`,
    `style-src ${hash(STYLE)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { html, policy };
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1c2430;--dim:#5b6675;--line:#d9dee5;--paper:#fff;--soft:#f5f7f9;--post:#0b6b4f;--get:#1f5fa8}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--dim:#9aa5b4;--line:#333c48;--paper:#14181e;--soft:#1c222a;--post:#4cc79f;--get:#7db4f0}}
*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
header{display:flex;gap:1rem;align-items:center;flex-wrap:wrap;padding:1rem 1.5rem;border-bottom:1px solid var(--line)}
h1{font-size:1.25rem;margin:0;flex:1}h2{font-size:1rem;color:var(--dim);margin:2rem 0 .5rem}
main{max-width:60rem;margin:0 auto;padding:0 1.5rem 4rem}
details{border:1px solid var(--line);border-radius:6px;margin:.5rem 0}summary{cursor:pointer;padding:.6rem .8rem;display:flex;gap:.8rem;align-items:baseline;flex-wrap:wrap}
.method{font:600 .8rem ui-monospace,monospace;min-width:3rem;color:var(--get)}.post{color:var(--post)}code,pre,textarea{font:.85rem/1.45 ui-monospace,monospace}
.path{font:.95rem ui-monospace,monospace}.about{color:var(--dim)}.inside{padding:0 .8rem .8rem}
input,textarea,select,button{font:inherit;color:inherit;background:var(--soft);border:1px solid var(--line);border-radius:4px;padding:.3rem .5rem}
textarea{width:100%;min-height:9rem}button{cursor:pointer}button:focus-visible,input:focus-visible,textarea:focus-visible,summary:focus-visible{outline:2px solid var(--get);outline-offset:2px}
pre{background:var(--soft);border:1px solid var(--line);border-radius:4px;padding:.6rem;overflow:auto;max-height:26rem;white-space:pre-wrap}
table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
`;

/** Everything is put into the page as text, never as markup. */
const SCRIPT = `
(() => {
  const api = JSON.parse(document.getElementById('document').textContent);
  const words = {
    en: { key: 'Key', try: 'Send', schema: 'Body', replies: 'Answers', address: 'Address', body: 'Body to send', scope: 'needs the scope', none: 'no body', other: '中文' },
    zh: { key: '密钥', try: '发送', schema: '正文', replies: '答复', address: '地址', body: '要发送的正文', scope: '所需权限', none: '无正文', other: 'English',
      groups: { Events: '事件', Predictions: '预测', Customers: '客户', Operation: '运行', Documentation: '文档', 'Open Inference Protocol': 'Open Inference 协议' } },
  };
  let language = (navigator.language || 'en').startsWith('zh') ? 'zh' : 'en';
  const say = (word) => words[language][word];
  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const resolve = (schema) => schema && schema.$ref ? api.components.schemas[schema.$ref.split('/').pop()] : schema;
  const kind = (schema) => {
    const named = schema.$ref ? schema.$ref.split('/').pop() : undefined;
    const known = resolve(schema) || {};
    if (named) return named;
    if (known.enum) return known.enum.map((value) => JSON.stringify(value)).join(' | ');
    if (known.const !== undefined) return JSON.stringify(known.const);
    if (known.anyOf) return known.anyOf.map(kind).join(' | ');
    if (known.type === 'array') return kind(known.items || {}) + '[]';
    return known.type || '…';
  };
  const fields = (schema, depth = 0) => {
    const known = resolve(schema) || {};
    if (known.anyOf && !known.properties) {
      const parts = known.anyOf.filter((part) => (resolve(part) || {}).properties || (resolve(part) || {}).type === 'array');
      return parts.length ? fields(parts[0], depth) : null;
    }
    if (known.type === 'array') return fields(known.items || {}, depth);
    if (!known.properties) return null;
    const rows = Object.entries(known.properties).map(([name, part]) => make('tr', {},
      make('td', {}, make('code', {}, name + ((known.required || []).includes(name) ? ' *' : ''))),
      make('td', {}, kind(part)), make('td', { class: 'about' }, part.description || '')));
    return make('table', {}, make('tbody', {}, ...rows));
  };
  const send = async (method, path, parameters, area, type, output) => {
    let address = path;
    const query = new URLSearchParams();
    for (const [parameter, input] of parameters) {
      if (parameter.in === 'path') address = address.replace('{' + parameter.name + '}', encodeURIComponent(input.value));
      else if (parameter.in === 'query' && input.value) query.set(parameter.name, input.value);
    }
    const headers = {};
    for (const [parameter, input] of parameters) if (parameter.in === 'header' && input.value) headers[parameter.name] = input.value;
    const key = document.getElementById('key').value.trim();
    if (key) headers.authorization = 'Bearer ' + key;
    if (area) headers['content-type'] = type.value;
    output.textContent = '…';
    try {
      const started = performance.now();
      const reply = await fetch(address + (query.size ? '?' + query : ''), { method, headers, body: area ? area.value : undefined });
      const took = Math.round(performance.now() - started);
      let text = await reply.text();
      try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* shown as it came */ }
      output.textContent = reply.status + ' ' + reply.statusText + '  (' + took + ' ms)\\n' + (text || say('none'));
    } catch (error) { output.textContent = String(error); }
  };
  const card = (path, method, operation) => {
    const zh = language === 'zh';
    const title = (zh && operation['x-summary-zh']) || operation.summary;
    const about = (zh && operation['x-description-zh']) || operation.description;
    const content = operation.requestBody ? operation.requestBody.content : undefined;
    const parameters = (operation.parameters || []).map((parameter) => [parameter, make('input', { 'aria-label': parameter.name, placeholder: parameter.name })]);
    const type = content ? make('select', { 'aria-label': 'Content-Type' }, ...Object.keys(content).map((name) => make('option', {}, name))) : null;
    const area = content ? make('textarea', { 'aria-label': say('body'), spellcheck: 'false' }) : null;
    const show = () => {
      const example = content[type.value].example;
      area.value = example === undefined ? '' : typeof example === 'string' ? example : JSON.stringify(example, null, 2);
    };
    if (area) { show(); type.addEventListener('change', show); }
    const output = make('pre', { 'aria-live': 'polite', hidden: '' });
    const button = make('button', { type: 'button' }, say('try'));
    button.addEventListener('click', () => { output.hidden = false; send(method.toUpperCase(), path, parameters, area, type, output); });
    const table = content ? fields(Object.values(content)[0].schema) : null;
    const replies = make('table', {}, make('tbody', {}, ...Object.entries(operation.responses).map(([status, reply]) =>
      make('tr', {}, make('td', {}, make('code', {}, status)), make('td', { class: 'about' }, reply.description)))));
    return make('details', {},
      make('summary', {}, make('span', { class: 'method ' + method }, method.toUpperCase()), make('span', { class: 'path' }, path), make('span', { class: 'about' }, title)),
      make('div', { class: 'inside' },
        about ? make('p', {}, about) : null,
        operation['x-scope'] ? make('p', { class: 'about' }, say('scope') + ' ', make('code', {}, operation['x-scope'])) : null,
        table ? make('h2', {}, say('schema')) : null, table,
        make('h2', {}, say('replies')), replies,
        make('p', {}, ...parameters.map(([, input]) => input), ...(type ? [type] : []), ' ', button), area, output));
  };
  const draw = () => {
    document.documentElement.lang = language;
    for (const element of document.querySelectorAll('[data-say]')) element.textContent = say(element.dataset.say);
    document.getElementById('language').textContent = say('other');
    const groups = new Map();
    for (const [path, methods] of Object.entries(api.paths))
      for (const [method, operation] of Object.entries(methods)) {
        const tag = operation.tags[0];
        groups.set(tag, [...(groups.get(tag) || []), card(path, method, operation)]);
      }
    document.getElementById('operations').replaceChildren(...[...groups].flatMap(([tag, cards]) => [make('h2', {}, (words[language].groups || {})[tag] || tag), ...cards]));
  };
  document.getElementById('language').addEventListener('click', () => { language = language === 'zh' ? 'en' : 'zh'; draw(); });
  draw();
})();
`;
