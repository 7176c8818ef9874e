import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';

const ROOT = resolve(__dirname, '../..');
const FOLDER = resolve(ROOT, 'docker');

interface Service {
  readonly profiles: readonly string[];
  readonly image: string;
  readonly logging: unknown;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly mem_limit: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: Readonly<Record<string, { readonly aliases: readonly string[] }>>;
}

function read(file: string): unknown {
  return parse(readFileSync(resolve(ROOT, file), 'utf8'), { merge: true });
}

const { services } = read('docker/docker-compose.yml') as { services: Readonly<Record<string, Service>> };
const named = (name: string): Service => services[name] ?? { profiles: [], image: '', logging: null, mem_limit: '' };

describe('docker-compose.yml', () => {
  it('should bound what Docker keeps of the log of every service', () => {
    expect(Object.keys(services).length).toBeGreaterThan(5);
    for (const [name, { logging }] of Object.entries(services)) {
      const options = {
        'max-size': expect.stringMatching(/^\d+m$/) as string,
        'max-file': expect.any(String) as string,
      };
      expect([name, logging]).toEqual([name, { driver: 'json-file', options }]);
    }
  });

  it('should pin what it does not build by digest', () => {
    const foreign = Object.values(services)
      .map(({ image }) => image)
      .filter((image) => !image.startsWith('csp-'));
    expect(foreign).toHaveLength(3);
    for (const image of foreign) expect(image).toMatch(/^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
  });
});

describe('the profile monitoring', () => {
  const dashboards = ['deploy/grafana/operations.json', 'bi/grafana/crypto-market-history.json'];

  it.each(['prometheus', 'grafana'])('should run %s for this machine alone, with no rights, bounded', (name) => {
    expect(named(name)).toMatchObject({ profiles: ['monitoring'], read_only: true, cap_drop: ['ALL'] });
    expect(named(name).mem_limit).toMatch(/^\d+m$/);
    expect(named(name).ports?.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it.each(['online', 'kafka'])('should find every file that it mounts beside %s', (monitored) => {
    const mounted = ['prometheus', 'grafana']
      .flatMap((name) => named(name).volumes ?? [])
      .map((volume) => volume.replace('${MONITORED:-online}', monitored).split(':')[0] ?? '')
      .filter((path) => path.startsWith('.'));
    expect(mounted).toHaveLength(5);
    expect(mounted.filter((path) => !existsSync(resolve(FOLDER, path)))).toEqual([]);
  });

  it.each([
    ['online', ['standalone']],
    ['demo', ['simulator']],
    ['kafka', ['api', 'consumer', 'ingest']],
  ])('should read every process of %s', (profile, processes) => {
    const file = profile === 'kafka' ? 'kafka' : 'online';
    const { scrape_configs: jobs } = read(`deploy/prometheus/compose.${file}.yml`) as {
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };
    const targets = jobs.flatMap(({ static_configs: groups }) => groups.flatMap((group) => group.targets));
    const reached = targets.map((target) => {
      const [host = ''] = target.split(':');
      const [name] =
        Object.entries(services).find(
          ([service, { profiles, networks }]) =>
            profiles.includes(profile) && (service === host || networks?.['default']?.aliases.includes(host)),
        ) ?? [];
      return name;
    });
    expect(reached.sort()).toEqual(processes);
    expect(jobs.filter(({ job_name: job }) => !job.startsWith('csp'))).toEqual([]);
  });

  it('should provision the data source of every panel, and both dashboards, whose addresses it replaces', () => {
    const { datasources } = read('deploy/grafana/provisioning/datasources/datasources.yml') as {
      datasources: { type: string }[];
    };
    const { providers } = read('deploy/grafana/provisioning/dashboards/dashboards.yml') as {
      providers: { options: { path: string } }[];
    };
    const provisioned = datasources.map(({ type }) => type);
    const command = named('grafana').entrypoint?.join(' ') ?? '';
    for (const file of dashboards) {
      const text = readFileSync(resolve(ROOT, file), 'utf8');
      // What an import asks for, nobody answers here: a variable chooses the data source in its place.
      expect(text).not.toContain('"__inputs"');
      const { templating } = JSON.parse(text) as {
        templating: { list: { name: string; type: string; query: string }[] };
      };
      const variables = templating.list.filter(({ type }) => type === 'datasource');
      expect(variables.filter(({ query }) => !provisioned.includes(query))).toEqual([]);
      const asked = new Set([...text.matchAll(/"uid": "\$\{(\w+)\}"/g)].map(([, name]) => name));
      expect([...asked]).toEqual(variables.map(({ name }) => name));
      expect(command).toContain(`${String(providers[0]?.options.path)}/`);
      expect(command).toContain(file.split('/').at(-1));
    }
    const [, address = 'none'] = /s#([^#]+)#http:\/\/server:8000#g/.exec(command) ?? [];
    expect(readFileSync(resolve(ROOT, dashboards[1] ?? ''), 'utf8')).toContain(address);
    expect(named('grafana').environment?.['GF_PLUGINS_PREINSTALL']).toMatch(/^[\w-]+@\d+\.\d+\.\d+$/);
    expect(readdirSync(resolve(ROOT, 'deploy/grafana/provisioning')).sort()).toEqual(['dashboards', 'datasources']);
  });
});
