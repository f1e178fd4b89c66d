// Every change of the audit log shows, no id stands in it, and what was acknowledged survives a power cut.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { type Fault, simulatedDisk } from '../../data/journal/simulated-disk.ts';
import { auditId, auditKeys } from './audit-chain.ts';
import { type AuditEntry, openAuditLog } from './audit-log.ts';
import { verifyAuditLog } from './verify-audit-log.ts';

const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 0, 5);

const read = (user: string): AuditEntry => ({
  action: 'user.read',
  actor: { kind: 'key', id: 'dashboard' },
  subject: { kind: 'user', id: user },
  details: { status: 200, route: '/v1/users/{id}', email: 'seventeen@shop.example' },
});

async function filled(records = 6) {
  const disk = simulatedDisk({ random: random(1) });
  let now = START;
  const log = await openAuditLog({ disk, secret: SECRET, now: () => now });
  for (let i = 0; i < records; i++) {
    await log.append(read(`customer-${i % 3}`));
    now += DAY_MS / 3;
  }
  await log.close();
  const names = (await disk.list()).sort();
  return { disk, head: log.head, names, text: (name: string) => Buffer.from(disk.bytes(name)).toString() };
}

describe('the audit log', () => {
  it('holds digests in place of ids, the same for the same person', async () => {
    const { names, text } = await filled();
    const whole = names.map(text).join('');
    expect(names).toHaveLength(2);
    for (const word of ['customer-', 'dashboard', 'seventeen']) expect(whole).not.toContain(word);
    const subjects = [...whole.matchAll(/"subject":"(user:[0-9a-f]{32})"/g)].map(([, subject]) => subject);
    expect(subjects.slice(0, 3)).toEqual(subjects.slice(3));
    expect(new Set(subjects).size).toBe(3);
    expect(subjects[0]).toBe(auditId(auditKeys(SECRET), { kind: 'user', id: 'customer-0' }));
    expect(whole).toContain('"route":"/v1/users/{id}"');
  });

  it('is intact as written, and goes on where it ended', async () => {
    const { disk, head } = await filled();
    expect(await verifyAuditLog(disk, SECRET, head)).toMatchObject({ intact: true, records: 6, head });
    const again = await openAuditLog({ disk, secret: SECRET, now: () => START });
    await Promise.all([again.append(read('a')), again.append(read('b')), again.append(read('c'))]);
    await again.close();
    expect(await verifyAuditLog(disk, SECRET, again.head)).toMatchObject({ intact: true, records: 9 });
    expect(await verifyAuditLog(disk, SECRET, head)).toMatchObject({ intact: true });
  });

  it('shows any changed letter', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (where, flip) => {
        const { disk, names, head } = await filled();
        const name = names[where % names.length];
        const bytes = Uint8Array.from(disk.bytes(name));
        bytes[where % bytes.length] ^= flip;
        disk.replace(name, bytes);
        expect((await verifyAuditLog(disk, SECRET, head)).intact).toBe(false);
      }),
      { seed: 3, numRuns: 40 },
    );
  });

  it('shows a record taken out, put in again, or put elsewhere', async () => {
    const changes: ((lines: string[]) => string[])[] = [
      (lines) => lines.filter((_, i) => i !== 1),
      (lines) => [...lines.slice(0, 2), lines[1], ...lines.slice(2)],
      ([a, b, ...rest]) => [b, a, ...rest],
    ];
    for (const change of changes) {
      const { disk, names, text } = await filled();
      const lines = text(names[0]).trimEnd().split('\n');
      disk.replace(names[0], Buffer.from(`${change(lines).join('\n')}\n`));
      const verdict = await verifyAuditLog(disk, SECRET);
      expect(verdict.intact).toBe(false);
      expect(verdict.fault).toMatch(/record/);
    }
  });

  it('shows a cut at the end to whoever noted the head, and to nobody else', async () => {
    const { disk, names, head } = await filled();
    await disk.remove(names[1]);
    expect(await verifyAuditLog(disk, SECRET)).toMatchObject({ intact: true, records: 3 });
    expect(await verifyAuditLog(disk, SECRET, head)).toMatchObject({
      intact: false,
      fault: 'expected at least 6 records, the log ends at 3',
    });
  });

  it('cannot be written anew without the secret', async () => {
    const { disk } = await filled();
    const other = SECRET.map((byte) => byte + 1);
    expect((await verifyAuditLog(disk, other)).records).toBe(0);
    await expect(openAuditLog({ disk, secret: other, now: () => START })).rejects.toThrow(/secret/);
  });

  it('sets aside a record changed at the very end, and says so', async () => {
    const { disk, names, text } = await filled();
    disk.replace(
      names[1],
      Buffer.from(text(names[1]).replace(/"status":200(?![\s\S]*"status")/, '"status":403')),
    );
    const log = await openAuditLog({ disk, secret: SECRET, now: () => START });
    expect([log.torn, log.head.seq]).toEqual([1, 5]);
    expect(text(`${names[1]}.torn`)).toContain('"status":403');
  });

  it('keeps every record it acknowledged through power cuts and failing disks, and its chain whole', async () => {
    let acknowledged = 0;
    let failed = 0;
    for (let seed = 0; seed < 60; seed++) {
      const chance = random(seed);
      const faults = new Map<number, Fault>([
        [3 + chance.integer(60), chance.uniform() < 0.6 ? 'cut' : 'EIO'],
        [3 + chance.integer(60), 'ENOSPC'],
        [3 + chance.integer(60), 'short'],
      ]);
      let calm = false;
      let nth = 0;
      const fault = () => (calm ? undefined : faults.get(++nth));
      let disk = simulatedDisk({ random: chance.fork('disk'), fault });
      let kept = { seq: 0, digest: '' };
      for (let life = 0; life < 3; life++) {
        try {
          const log = await openAuditLog({ disk, secret: SECRET, now: () => START + life * DAY_MS });
          for (let turn = 0; turn < 6; turn++) {
            const both = await Promise.allSettled([log.append(read('a')), log.append(read('b'))]);
            for (const result of both) {
              if (result.status === 'fulfilled') kept = result.value;
              else failed++;
            }
          }
          await log.close();
        } catch {
          failed++;
        }
        nth = 0;
        disk = disk.restart(chance.uniform() < 0.7 ? 'power' : 'process');
      }
      calm = true;
      const log = await openAuditLog({ disk, secret: SECRET, now: () => START });
      await log.append(read('last'));
      await log.close();
      const verdict = await verifyAuditLog(disk, SECRET, kept);
      expect(verdict, `seed ${seed}`).toMatchObject({ intact: true });
      acknowledged += kept.seq;
    }
    expect(failed).toBeGreaterThan(20);
    expect(acknowledged).toBeGreaterThan(400);
  });
});
