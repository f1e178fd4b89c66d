// foresell audit verify | list: whether the record of who did what is still what was written, and what stands in it.
import { AppError } from '../../core/errors.ts';
import { nodeJournalDisk } from '../../data/journal/journal-disk.ts';
import { knownRecordSecret } from '../../data/record-secret.ts';
import type { Workspace } from '../../data/workspace.ts';
import type { AuditHead, AuditRecord } from '../../monitor/audit/audit-chain.ts';
import { auditId, auditKeys } from '../../monitor/audit/audit-chain.ts';
import { type AUDIT_ACTIONS, parseRecord } from '../../monitor/audit/audit-log.ts';
import { verifyAuditLog } from '../../monitor/audit/verify-audit-log.ts';
import { readSegments } from '../../monitor/records/read-records.ts';
import { textTable } from '../../report/text-table.ts';
import { auditFolder } from '../../serve/operation/operation-paths.ts';
import type { CommandFile } from '../command.ts';
import { UsageError } from '../context.ts';
import { shownMoment, workspaceOf } from '../options.ts';

export const auditVerifyCommand: CommandFile = {
  usage: 'audit verify',
  summary: 'check that no record of who did what was changed, taken out or put in',
  examples: ['foresell audit verify', 'foresell audit verify --json'],
  declare: (command) =>
    void command.option(
      '--head <seq:digest>',
      'the end of the log as it was noted elsewhere: shows also that nothing was cut off',
    ),
  async run(context, _, options) {
    const workspace = workspaceOf(context);
    const kept = options.head === undefined ? undefined : headOf(String(options.head));
    const verdict = await verifyAuditLog(nodeJournalDisk(auditFolder(workspace)), secretOf(workspace), kept);
    context.document(verdict);
    const zh = context.language === 'zh';
    const head = `${verdict.head.seq}:${verdict.head.digest}`;
    if (!verdict.intact)
      throw new AppError('TAMPERED', `the audit log does not hold: ${verdict.fault}; keep it as evidence`);
    context.say(
      zh
        ? `审计日志完好：${verdict.records} 条记录。请把末尾记录保存在别处：${head}`
        : `the audit log holds: ${verdict.records} records. Keep its end elsewhere: ${head}`,
    );
  },
};

export const auditListCommand: CommandFile = {
  usage: 'audit list',
  summary: 'show the newest records: when, what, by whom and about whom as digests',
  examples: [
    'foresell audit list',
    'foresell audit list --user 12748',
    'foresell audit list --most 200 --json',
  ],
  declare(command) {
    command
      .option('--most <n>', 'how many', '50')
      .option('--user <id>', 'only those about this customer, as the shop knows them');
  },
  async run(context, _, options) {
    const workspace = workspaceOf(context);
    const most = Number(options.most);
    if (!Number.isInteger(most) || most < 1)
      throw new UsageError(
        `--most: expected a whole number from 1 on, got "${String(options.most).slice(0, 20)}"`,
      );
    const keys = auditKeys(secretOf(workspace));
    const subject =
      options.user === undefined ? undefined : auditId(keys, { kind: 'user', id: String(options.user) });
    const records: AuditRecord[] = [];
    for await (const { lines } of readSegments(nodeJournalDisk(auditFolder(workspace))))
      for (const line of lines) {
        const record = parseRecord(line);
        if (record && (subject === undefined || record.subject === subject)) records.push(record);
      }
    const shown = records.slice(-most);
    context.document({ records: shown, of: records.length });
    const zh = context.language === 'zh';
    if (shown.length === 0) {
      context.say(zh ? '没有记录' : 'there is no record');
      return;
    }
    context.say(
      textTable(
        zh
          ? ['序号', '时间', '操作', '结果', '操作者', '对象']
          : ['no', 'when', 'what', 'outcome', 'by', 'about'],
        shown.map(({ seq, at, action, outcome, actor, subject: about = '' }) => [
          String(seq),
          shownMoment(workspace, Math.floor(Date.parse(at) / 1000) * 1000),
          action,
          outcome,
          shortened(actor),
          shortened(about),
        ]),
      ),
    );
    if (!zh) return;
    const told = new Set(shown.map(({ action }) => action));
    for (const [action, words] of Object.entries(AUDIT_WORDS_ZH))
      if (told.has(action)) context.say(`  ${action}：${words}`);
  },
};

const AUDIT_WORDS_ZH: Readonly<Record<keyof typeof AUDIT_ACTIONS, string>> = {
  'server.start': '服务开始运行',
  'server.stop': '服务停止',
  'key.create': '创建密钥',
  'key.rotate': '更换密钥',
  'key.revoke': '吊销密钥',
  'key.refuse': '拒绝了密钥或签名',
  'user.read': '读取客户资料',
  'user.erase': '擦除客户',
  'model.promote': '模型投入使用',
  'model.load': '服务载入模型',
  'model.trial': '模型版本试用',
  'model.retrain': '重新训练模型',
  'model.rollback': '退回先前的模型',
  'settings.change': '更改设置',
  'data.import': '导入文件',
  'backup.make': '制作备份',
  'backup.restore': '恢复备份',
};

/** Enough of a digest to tell it from others. */
const shortened = (id: string): string => id.replace(/^([a-z]+:[0-9a-f]{12})[0-9a-f]*$/, '$1');

function secretOf(workspace: Workspace): Uint8Array {
  const secret = knownRecordSecret(workspace.dir);
  if (secret) return secret;
  throw new AppError(
    'NOT_FOUND',
    'expected an audit log: there is none before the first "foresell keys create" or "foresell serve"',
  );
}

function headOf(text: string): AuditHead {
  const [, seq, digest] = /^(\d{1,12}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (digest !== undefined) return { seq: Number(seq), digest };
  throw new UsageError('--head: expected NUMBER:DIGEST as "foresell audit verify" prints it');
}
