// DELETE /v1/users/{id}: one customer out of everything the shop keeps.
import Type from 'typebox';
import { AppError } from '../../core/errors.ts';
import { name } from '../../core/name.ts';
import { Problem } from './problem.ts';
import type { Route } from './route.ts';

const Count = (description: string) => Type.Integer({ minimum: 0, description });

const ErasureSchema = Type.Object(
  {
    found: Count('files in which they stood'),
    left: Count('files in which they still stand: none'),
    rewritten: Count('files of the lake, the journal and the records that were written anew'),
    removed: Count('files that were made of the data and are gone'),
    models: Type.Array(Type.String(), { description: 'models that learned from them: train these again' }),
  },
  { additionalProperties: false, title: 'Erasure' },
);

export const erasureRoutes: readonly Route[] = [
  {
    method: 'DELETE',
    path: '/v1/users/:id',
    tag: 'Customers',
    summary: name('Erase a customer', '擦除一位客户'),
    description: name(
      'From memory and records at once, then from the journal, the lake and every file; answered when a search that decodes each file finds them no more. Answered with 503 while an import writes to the lake: ask again.',
      '立即从内存和各项记录中擦除，随后从日志、数据湖和所有文件中擦除；逐个文件解码检查确认已无该客户后才答复。导入正在写入数据湖时返回 503，请稍后重试。',
    ),
    access: { kind: 'key', scope: 'admin' },
    replies: {
      200: {
        description: 'They are gone; or nobody of that id was known',
        content: { 'application/json': { schema: ErasureSchema } },
      },
    },
    async handle({ shop, params, principal }) {
      const { eraser, records } = shop.ports;
      if (!eraser) throw new Problem('not_ready', 'erasing is not possible here: foresell erase --user ID');
      const about = {
        action: 'user.erase',
        actor: { kind: 'key', id: principal?.keyId ?? '' },
        subject: { kind: 'user', id: params.id },
      } as const;
      try {
        const { before, after, rewritten, removed, models } = await eraser.erase(params.id);
        await records?.append({ ...about, details: { found: before.length, models: models.length } });
        return JSON.stringify({
          ...{ found: before.length, left: after.length },
          ...{ rewritten: rewritten.length, removed: removed.length, models },
        });
      } catch (cause) {
        await records?.append({ ...about, outcome: 'failed' });
        // Which files still hold them is for the operator's log, not for a reply.
        if (cause instanceof AppError && cause.code === 'BAD_DATA')
          throw new Problem(
            'not_ready',
            'the customer still stands in files that could not be changed: run foresell erase',
          );
        throw cause;
      }
    },
  },
];
