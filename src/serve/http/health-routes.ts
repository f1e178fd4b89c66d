// /livez and /readyz: whether the process answers, and whether it can keep and answer what is asked.
import Type from 'typebox';
import { name } from '../../core/name.ts';
import type { ServedShop } from '../shop.ts';
import type { Route } from './route.ts';

const LiveSchema = Type.Object({ status: Type.Literal('live') });
const ReadySchema = Type.Object({
  status: Type.Enum(['ready', 'not_ready']),
  journal: Type.Boolean({ description: 'every journal takes events' }),
  predictor: Type.Boolean({ description: 'every model is loaded' }),
});

/** Whether every shop takes events and answers. */
export const areReady = (shops: ReadonlyMap<string, ServedShop>): boolean =>
  [...shops.values()].every(({ ports }) => ports.journal.ready && (ports.predictor?.ready ?? true));

/** @param isClosing whether the server is on its way down: then it is alive, and not ready */
export function healthRoutes(
  shops: ReadonlyMap<string, ServedShop>,
  isClosing: () => boolean,
): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/livez',
      tag: 'Operation',
      summary: name('Whether the process is alive', '进程是否存活'),
      access: { kind: 'open' },
      replies: { 200: { description: 'It is', content: { 'application/json': { schema: LiveSchema } } } },
      handle: () => '{"status":"live"}',
    },
    {
      method: 'GET',
      path: '/readyz',
      tag: 'Operation',
      summary: name(
        'Whether the server takes events and answers questions',
        '服务器是否可以接收事件并回答问题',
      ),
      access: { kind: 'open' },
      replies: {
        200: { description: 'It does', content: { 'application/json': { schema: ReadySchema } } },
        503: { description: 'It does not now', content: { 'application/json': { schema: ReadySchema } } },
      },
      handle() {
        const all = [...shops.values()];
        const journal = all.every(({ ports }) => ports.journal.ready);
        const predictor = all.every(({ ports }) => ports.predictor?.ready ?? true);
        const isReady = journal && predictor && !isClosing();
        const text = JSON.stringify({ status: isReady ? 'ready' : 'not_ready', journal, predictor });
        return { status: isReady ? 200 : 503, text };
      },
    },
  ];
}
