// The files of deploy/ against the program: flags it takes, addresses it answers, figures it shows, and rights it does not need.
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { serveCommand } from '../src/cli/commands/serve.ts';
import { buildProgram } from '../src/cli/main.ts';
import { METRICS } from '../src/monitor/metrics/metric-table.ts';
import { prometheusName } from '../src/monitor/metrics/prometheus-name.ts';
import { DEFAULT_LIMITS } from '../src/serve/http/body.ts';
import { predictionRoutes } from '../src/serve/http/prediction-routes.ts';
import { recommendationRoutes } from '../src/serve/http/recommendation-routes.ts';
import { sampleServer } from '../src/serve/http/sample-server.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** A parsed file: whatever stands in it. */
type Tree = ReturnType<typeof parse>;
const yaml = (path: string): Tree[] =>
  parseAllDocuments(read(path), { merge: true }).map((document) => {
    expect(document.errors, path).toEqual([]);
    return document.toJS() as Tree;
  });

const dockerfile = read('deploy/Dockerfile')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const instructions = (name: string): string[] =>
  dockerfile.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1).trim());
const compose = yaml('deploy/compose.yaml')[0];
const manifests = ['writer', 'readers', 'network'].flatMap((name) => yaml(`deploy/kubernetes/${name}.yaml`));
const ofKind = (kind: string): Tree[] => manifests.filter((manifest) => manifest.kind === kind);
const workloads = [...ofKind('StatefulSet'), ...ofKind('Deployment')];
const pods = workloads.map(({ spec }) => spec.template.spec as Tree);
const containersOf = (pod: Tree): Tree[] => [...(pod.containers ?? []), ...(pod.initContainers ?? [])];
const unit = read('deploy/systemd/foresell.service');
const units = readdirSync(join(root, 'deploy/systemd'));

const MIB = 2 ** 20;
const GRACE_SECONDS = (serveCommand.graceMs ?? Number.NaN) / 1000;

describe('commands', () => {
  const program = buildProgram(new AbortController().signal);
  /** What is wrong with a line that runs foresell: a command there is not, an option it does not take. */
  function complaints(words: readonly string[]): string[] {
    const named = (commands: readonly Command[], word: string): Command | undefined =>
      commands.find((own) => own.name() === word);
    const first = named(program.commands, words[0]);
    const command = first && first.commands.length > 0 ? named(first.commands, words[1]) : first;
    if (!command) return [`${words[0]} is no command`];
    const known = new Set(command.options.map(({ long }) => long));
    return words
      .filter((word) => word.startsWith('--') && !known.has(word))
      .map((word) => `${words[0]} ${word}`);
  }
  const shellLines = (text: string): string[][] =>
    [...text.matchAll(/foresell (?=backup |restore |serve |keys )([^&|;'`\n]+)/g)].map(([, line]) =>
      line.trim().split(/\s+/),
    );
  const lines = [
    JSON.parse(instructions('CMD').at(-1) as string) as string[],
    ...pods.flatMap((pod) =>
      containersOf(pod).flatMap(({ args }) => (args ? [args as unknown as string[]] : [])),
    ),
    ...pods.flatMap((pod) =>
      containersOf(pod).flatMap(({ command }) => shellLines((command as unknown as string[])?.[2] ?? '')),
    ),
    ...[
      ...`${unit}\n${read('deploy/systemd/foresell-backup.service')}`.matchAll(
        /(?:foresell\.js|\$\$FORESELL) (\w[^;'\n]+)/g,
      ),
    ].map(([, line]) => line.trim().split(/\s+/)),
    ...['docs/deployment.md', 'docs/deployment.zh-CN.md'].flatMap((path) => shellLines(read(path))),
  ];

  test('are ones there are, with options they take', () => {
    expect(lines.length).toBeGreaterThan(14);
    expect(lines.map(([first]) => first)).toContain('restore');
    expect(lines.flatMap(complaints)).toEqual([]);
  });

  test('a wrong one would be found', () => {
    expect(complaints(['serve', '--tls'])).toEqual(['serve --tls']);
    expect(complaints(['server'])).toEqual(['server is no command']);
  });
});

describe('the image', () => {
  test('is built of pinned bases by lines that are run as they are written', () => {
    const bases = [instructions('ARG')[0].split('=')[1], compose.services.proxy.image];
    for (const base of bases) expect(base).toMatch(/:\d+\.\d+\.\d+/);
    expect(instructions('FROM').filter((from) => !from.startsWith(`\${NODE_IMAGE}`))).toEqual([]);
    expect(instructions('ADD')).toEqual([]);
    for (const name of ['ENTRYPOINT', 'CMD'])
      for (const line of instructions(name)) expect(() => JSON.parse(line), line).not.toThrow();
    const [health] = instructions('HEALTHCHECK');
    expect(JSON.parse(health.slice(health.indexOf('[')))[0]).toBe('node');
    expect(health).toContain(`:${instructions('EXPOSE')[0]}/readyz`);
    for (const run of instructions('RUN')) expect(run).not.toMatch(/curl|wget|npm install|apt/);
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    expect(Number(/node:(\d+)/.exec(bases[0])?.[1])).toBeGreaterThanOrEqual(
      Number(/(\d+)/.exec(engines.node)?.[1]),
    );
  });

  test('runs as an account without rights, which owns its folders', () => {
    const [user] = instructions('USER');
    expect(user).toMatch(/^[1-9]\d+:[1-9]\d+$/);
    expect(dockerfile.findIndex((line) => line.startsWith('USER '))).toBeGreaterThan(
      dockerfile.findLastIndex((line) => line.startsWith('RUN ')),
    );
    const [uid, gid] = user.split(':');
    for (const folder of JSON.parse(instructions('VOLUME')[0]) as string[])
      expect(
        instructions('RUN').some((run) => run.includes(`-o ${uid} -g ${gid}`) && run.includes(folder)),
      ).toBe(true);
    for (const pod of pods) {
      const { runAsUser, runAsGroup, runAsNonRoot } = pod.securityContext;
      expect([runAsUser, runAsGroup, runAsNonRoot]).toEqual([Number(uid), Number(gid), true]);
    }
  });

  test('takes in everything it copies, and nothing that is private', () => {
    const rules = read('.dockerignore').split('\n');
    expect(rules[1]).toBe('*');
    const allowed = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
    const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n');
    const copied = instructions('COPY')
      .filter((line) => !line.includes('--from='))
      .flatMap((line) =>
        line
          .split(/\s+/)
          .filter((word) => !word.startsWith('--'))
          .slice(0, -1),
      );
    expect(copied.length).toBeGreaterThan(8);
    for (const source of copied) {
      expect(
        tracked.some((path) => path === source || path.startsWith(`${source}/`)),
        source,
      ).toBe(true);
      expect(
        allowed.some((path) => path === source || path.startsWith(`${source}/`)),
        source,
      ).toBe(true);
    }
    for (const path of allowed) expect(path).not.toMatch(/foresell-|workspace|keys|\.git$|\.env/);
  });
});

describe('containers', () => {
  test('cannot gain rights, write to their image, or take all of the machine', () => {
    const { foresell, proxy } = compose.services;
    for (const service of [foresell, proxy]) {
      expect(service.read_only).toBe(true);
      expect(service.cap_drop).toEqual(['ALL']);
      expect(service.security_opt).toEqual(['no-new-privileges:true']);
      expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    }
    expect(foresell.ports).toBeUndefined();
    expect(compose.networks.inside.internal).toBe(true);
    const all = pods.flatMap(containersOf);
    expect(all).toHaveLength(5);
    for (const { securityContext, resources, name } of all) {
      expect(securityContext, name).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(resources.limits.memory, name).toMatch(/^\d+[MG]i$/);
    }
    for (const pod of pods) {
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.securityContext.seccompProfile.type).toBe('RuntimeDefault');
    }
  });

  test('have every volume they mount, and write where one is', () => {
    for (const [at, pod] of pods.entries()) {
      const claims = ((workloads[at].spec.volumeClaimTemplates ?? []) as Tree[]).map(
        ({ metadata }) => metadata.name as string,
      );
      const volumes = new Set([...(pod.volumes ?? []).map(({ name }: Tree) => String(name)), ...claims]);
      for (const { volumeMounts, args } of containersOf(pod)) {
        const mounts = (volumeMounts ?? []) as Tree[];
        for (const { name } of mounts) expect(volumes.has(name), name).toBe(true);
        const words = (args ?? []) as unknown as string[];
        const workspace = words[words.findIndex((word) => word === '--workspace' || word === '--to') + 1];
        if (words.length > 0)
          expect(
            mounts.some(({ mountPath }) => workspace.startsWith(`${mountPath}/`)),
            workspace,
          ).toBe(true);
      }
    }
    const claimed = pods.flatMap((pod) =>
      (pod.volumes ?? []).flatMap(
        ({ persistentVolumeClaim }: Tree) => persistentVolumeClaim?.claimName ?? [],
      ),
    );
    const claims = ofKind('PersistentVolumeClaim').map(({ metadata }) => metadata.name);
    expect(new Set(claimed)).toEqual(new Set(claims));
  });

  test('have time to end in order, and keep the name their locks carry', () => {
    expect(Number.parseInt(compose.services.foresell.stop_grace_period, 10)).toBeGreaterThan(GRACE_SECONDS);
    for (const pod of pods) expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(GRACE_SECONDS);
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(GRACE_SECONDS);
    expect(compose.services.foresell.hostname).toBe('foresell');
    const [writer] = ofKind('StatefulSet');
    expect(writer.spec.replicas).toBe(1);
    expect(writer.spec.template.spec.shareProcessNamespace).toBe(true);
  });

  test('are asked at the port they listen on, at addresses that answer without a key', async () => {
    const { app } = sampleServer();
    for (const pod of pods) {
      const [served] = pod.containers;
      const args = served.args as unknown as string[];
      expect(String(served.ports[0].containerPort)).toBe(args[args.indexOf('--port') + 1]);
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
        const { path, port } = served[probe].httpGet;
        expect(port).toBe(served.ports[0].name);
        expect((await app.inject({ url: path })).statusCode, path).toBe(200);
      }
    }
    await app.close();
    for (const { spec } of ofKind('Service')) expect(spec.ports[0].targetPort).toBe('http');
  });
});

describe('scaling', () => {
  test('the autoscaler looks at a figure that the adapter makes of one the server shows', () => {
    const [scaler] = ofKind('HorizontalPodAutoscaler');
    const [rule] = yaml('deploy/kubernetes/prometheus-adapter.yaml')[0].rules.custom;
    expect(rule.name.as).toBe(scaler.spec.metrics[0].pods.metric.name);
    const row = METRICS['http.server.request.duration'];
    const shown = prometheusName('http.server.request.duration', row.kind, row.unit);
    expect(rule.seriesQuery.startsWith(`${shown}_bucket{`)).toBe(true);
    expect(row.labels).toContain('http.route');
    const { kind, name } = scaler.spec.scaleTargetRef;
    expect(ofKind(kind).map(({ metadata }) => metadata.name)).toContain(name);
    expect(kind).not.toBe('StatefulSet');
  });

  test('services, budgets and policies choose pods there are', () => {
    const labels = workloads.map(
      ({ spec }) => spec.template.metadata.labels as unknown as Record<string, string>,
    );
    const selectors = [
      ...ofKind('Service').map(({ spec }) => spec.selector),
      ...ofKind('PodDisruptionBudget').map(({ spec }) => spec.selector.matchLabels),
      ...ofKind('NetworkPolicy').map(({ spec }) => spec.podSelector.matchLabels),
    ] as unknown as Record<string, string>[];
    expect(selectors).toHaveLength(5);
    for (const selector of selectors)
      expect(
        labels.some((own) => Object.entries(selector).every(([key, value]) => own[key] === value)),
        JSON.stringify(selector),
      ).toBe(true);
  });
});

describe('the doors', () => {
  test('lead every address but those for inside to a server; readers get questions only', async () => {
    const { app } = sampleServer({
      parts: { routes: [...predictionRoutes, ...recommendationRoutes] },
    });
    const described = (await app.inject({ url: '/openapi.json' })).json() as {
      paths: Record<string, unknown>;
    };
    await app.close();
    const paths = Object.keys(described.paths);
    const [writer, readers] = ofKind('Ingress').map(({ spec }) =>
      spec.rules[0].http.paths.map(({ path }: Tree) => String(path)),
    );
    const through = (doors: readonly string[]): string[] =>
      paths.filter((path) => doors.some((door) => path.startsWith(`${door}/`) || path === door));
    expect(paths.filter((path) => !through(writer).includes(path)).sort()).toEqual(
      paths.filter((path) => /^\/(livez|readyz|metrics|docs|openapi\.json|debug\/)/.test(path)).sort(),
    );
    expect(through(readers).length).toBeGreaterThan(2);
    expect(
      through(readers).filter((path) => !/^\/v1\/(predictions|explanations|recommendations)/.test(path)),
    ).toEqual([]);
  });

  test('let bodies through that the server takes', () => {
    const most = DEFAULT_LIMITS.bodyBytes / MIB;
    expect(read('deploy/proxy/Caddyfile')).toContain(`max_size ${most}MiB`);
    expect(read('deploy/proxy/nginx.conf')).toContain(`client_max_body_size ${most}m;`);
    for (const { metadata } of ofKind('Ingress'))
      expect(metadata.annotations['nginx.ingress.kubernetes.io/proxy-body-size']).toBe(`${most}m`);
  });

  test('name the caller themselves', () => {
    expect(read('deploy/proxy/Caddyfile')).toContain('header_up X-Forwarded-For {remote_host}');
    expect(read('deploy/proxy/nginx.conf')).toContain('X-Forwarded-For $remote_addr;');
  });
});

describe('systemd', () => {
  const { error } = spawnSync('systemd-analyze', ['--version']);
  test.skipIf(error)('finds no fault with the units (skipped without systemd-analyze)', () => {
    for (const name of units) {
      const { stderr } = spawnSync('systemd-analyze', ['verify', join(root, 'deploy/systemd', name)], {
        encoding: 'utf8',
      });
      const faults = stderr
        .split('\n')
        .filter((line) => line.includes('foresell') && !/not executable/.test(line));
      expect(faults).toEqual([]);
    }
  });

  test.skipIf(error)('calls their exposure low: at most 2 of 10', () => {
    for (const name of units.filter((own) => own.endsWith('.service'))) {
      const { stdout } = spawnSync(
        'systemd-analyze',
        ['security', '--offline=true', '--no-pager', join(root, 'deploy/systemd', name)],
        { encoding: 'utf8' },
      );
      expect(Number(/exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]), name).toBeLessThanOrEqual(2);
    }
  });
});

test('the example of a secret is read by the server', () => {
  const [secret] = yaml('deploy/kubernetes/webhooks-secret.example.yaml');
  const content = parse(secret.stringData['webhooks.yaml']) as { incoming: Record<string, string>[] };
  expect(Object.keys(content.incoming[0])).toEqual(['id', 'source', 'secret']);
});
