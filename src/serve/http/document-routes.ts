// /openapi.json and /docs: the routes, for programs and for people.
import Type from 'typebox';
import { name } from '../../core/name.ts';
import { docsPage } from './docs-page.ts';
import { openApi } from './openapi.ts';
import type { Route } from './route.ts';

const DocumentSchema = Type.Record(Type.String(), Type.Unknown(), { description: 'OpenAPI 3.1' });

/** @param routes all others; they do not change while the server runs */
export function documentRoutes(routes: readonly Route[]): readonly Route[] {
  let documentText: string | undefined;
  let page: ReturnType<typeof docsPage> | undefined;
  const text = () => {
    documentText ??= JSON.stringify(openApi([...routes, ...own]));
    return documentText;
  };
  const own: readonly Route[] = [
    {
      method: 'GET',
      path: '/openapi.json',
      tag: 'Documentation',
      summary: name('This description', '本说明'),
      access: { kind: 'open' },
      replies: {
        200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: DocumentSchema } } },
      },
      handle: () => text(),
    },
    {
      method: 'GET',
      path: '/docs',
      tag: 'Documentation',
      summary: name('This description as a page to read and try', '可阅读、可试用的说明页面'),
      access: { kind: 'open' },
      replies: { 200: { description: 'A page', content: { 'text/html': { schema: Type.String() } } } },
      handle() {
        page ??= docsPage(text());
        return {
          status: 200,
          text: page.html,
          contentType: 'text/html; charset=utf-8',
          headers: { 'content-security-policy': page.policy },
        };
      },
    },
  ];
  return own;
}
