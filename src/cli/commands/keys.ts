// foresell keys create | list | rotate | revoke: who may call the server.
import { parseSpan } from '../../core/time.ts';
import { textTable } from '../../report/text-table.ts';
import { type KeyRecord, SCOPES, type Scope } from '../../serve/http/api-key.ts';
import { createKey, expireKey, isScope, readKeys, rotateKey } from '../../serve/key-file.ts';
import { auditCommand } from '../audit.ts';
import type { CommandFile } from '../command.ts';
import { type Context, UsageError } from '../context.ts';
import { shownMoment, workspaceOf } from '../options.ts';

const ALL = Object.keys(SCOPES).join(', ');
const now = (): number => Date.now();

export const keysCreateCommand: CommandFile = {
  usage: 'keys create',
  summary: 'make an API key; it is shown this once and kept as a hash',
  examples: [
    'foresell keys create --label checkout --scope events:write predictions:read',
    'foresell keys create --label shop-page --browser --origin https://shop.example',
  ],
  declare(command) {
    command
      .option('--label <text>', 'what it is for, to know it by', 'unnamed')
      .option('--scope <scopes...>', `what it may do: ${ALL} (default: events:write and predictions:read)`)
      .option('--browser', 'for a page everybody can read: it may send events and nothing else')
      .option('--origin <origins...>', 'pages a browser’s key may be used from, such as https://shop.example')
      .option('--expires <span>', 'refused after this long: 90d, 12h');
  },
  async run(context, _, options) {
    const { dir } = workspaceOf(context);
    const scopes = (options.scope as string[] | undefined) ?? ['events:write', 'predictions:read'];
    const unknown = scopes.find((scope) => !isScope(scope));
    if (unknown !== undefined)
      throw new UsageError(`--scope: expected ${ALL}, got "${unknown.slice(0, 40)}"`);
    const { text, record } = createKey(
      dir,
      {
        kind: options.browser === true ? 'browser' : 'server',
        scopes: scopes as Scope[],
        label: String(options.label),
        ...(options.expires !== undefined && { expiresMs: now() + parseSpan(String(options.expires)) }),
        ...(options.origin !== undefined && { origins: options.origin as string[] }),
      },
      { now },
    );
    await auditCommand(dir, {
      action: 'key.create',
      subject: { kind: 'key', id: record.id },
      details: { kind: record.kind, scope: record.scopes },
    });
    context.document({ ...shown(record), key: text });
    sayKey(context, text, record);
  },
};

export const keysListCommand: CommandFile = {
  usage: 'keys list',
  summary: 'list the API keys: id, what each may do, until when',
  examples: ['foresell keys list', 'foresell keys list --json'],
  async run(context) {
    const workspace = workspaceOf(context);
    const keys = readKeys(workspace.dir);
    context.document({ keys: keys.map(shown) });
    const zh = context.language === 'zh';
    if (keys.length === 0) {
      context.say(
        zh ? '还没有密钥，可以运行：foresell keys create' : 'there is no key yet: foresell keys create',
      );
      return;
    }
    const heads = zh
      ? ['编号', '用途', '种类', '权限', '创建', '有效至']
      : ['id', 'label', 'kind', 'may', 'made', 'until'];
    const until = ({ expiresMs }: KeyRecord): string => {
      if (expiresMs === undefined) return zh ? '一直有效' : 'always';
      const moment = shownMoment(workspace, expiresMs);
      return expiresMs > now() ? moment : `${zh ? '已失效' : 'ended'} ${moment}`;
    };
    context.say(
      textTable(
        heads,
        keys.map((key) => [
          key.id,
          key.label,
          zh ? { server: '服务器', browser: '浏览器' }[key.kind] : key.kind,
          key.scopes.join(' '),
          shownMoment(workspace, key.createdMs),
          until(key),
        ]),
      ),
    );
  },
};

export const keysRotateCommand: CommandFile = {
  usage: 'keys rotate <id>',
  summary: 'make a new key with the rights of an old one, which goes on for a while',
  examples: ['foresell keys rotate 3kq0-Zb1 --grace 24h'],
  declare(command) {
    command.option('--grace <span>', 'how long the old key goes on', '24h');
  },
  async run(context, [id], options) {
    const workspace = workspaceOf(context);
    const graceMs = parseSpan(String(options.grace));
    const { text, record, old } = rotateKey(workspace.dir, id, { now, graceMs });
    await auditCommand(workspace.dir, {
      action: 'key.rotate',
      subject: { kind: 'key', id: old.id },
      details: { key_id: record.id, grace_ms: graceMs },
    });
    context.document({ ...shown(record), key: text, replaces: shown(old) });
    sayKey(context, text, record);
    const until = shownMoment(workspace, old.expiresMs ?? now());
    context.say(context.language === 'zh' ? `旧密钥可用到 ${until}` : `the old key goes on until ${until}`);
  },
};

export const keysRevokeCommand: CommandFile = {
  usage: 'keys revoke <id>',
  summary: 'refuse a key from now on',
  examples: ['foresell keys revoke 3kq0-Zb1'],
  async run(context, [id]) {
    const { dir } = workspaceOf(context);
    const record = expireKey(dir, id, { atMs: now() });
    await auditCommand(dir, { action: 'key.revoke', subject: { kind: 'key', id: record.id } });
    context.document(shown(record));
    context.say(
      context.language === 'zh'
        ? '密钥已失效；运行中的服务几秒内生效'
        : 'the key is refused from now on; a running server knows within seconds',
    );
  },
};

/** Without the hash: nobody needs it. */
const shown = ({ id, kind, scopes, label, createdMs, expiresMs, origins }: KeyRecord) => ({
  ...{ id, kind, scopes, label, created: new Date(createdMs).toISOString() },
  ...(expiresMs !== undefined && { expires: new Date(expiresMs).toISOString() }),
  ...(origins && { origins }),
});

function sayKey(context: Context, text: string, { id }: KeyRecord): void {
  const zh = context.language === 'zh';
  context.say(text);
  context.say(
    zh
      ? `编号 ${id}。这是唯一一次显示密钥，请保存好；请求头写 Authorization: Bearer 密钥`
      : `id ${id}. It is shown this once: keep it. Send it as Authorization: Bearer KEY`,
  );
}
