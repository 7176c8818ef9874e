import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { anchorsOf, page, ROOT } from '../support/markdown';
import { describePromtool, promtool } from '../support/promtool';

const RULES = readFileSync(resolve(ROOT, 'deploy/prometheus/alerts.yml'), 'utf8');
const TESTS = readFileSync(resolve(ROOT, 'deploy/prometheus/alerts.test.yml'), 'utf8');

const ALERTS = [...RULES.matchAll(/- alert: (\w+)/g)].map(([, name]) => String(name));

describePromtool('the alert rules', () => {
  it('should be rules, in configurations that Prometheus takes', async () => {
    expect(await promtool(['check', 'rules', 'alerts.yml'])).toMatchObject({ code: 0 });
    for (const file of ['prometheus.yml', 'compose.online.yml', 'compose.kafka.yml']) {
      expect([file, await promtool(['check', 'config', file])]).toMatchObject([file, { code: 0 }]);
    }
  });

  it('should be silent before their cause and fire behind it', async () => {
    expect(await promtool(['test', 'rules', 'alerts.test.yml'])).toEqual({
      code: 0,
      output: expect.stringContaining('SUCCESS') as string,
    });
  });
});

describe('the documents of the alert rules', () => {
  it('should have a test for each alert', () => {
    expect(ALERTS.length).toBeGreaterThan(20);
    expect(ALERTS.filter((name) => !TESTS.includes(`alertname="${name}"`))).toEqual([]);
  });

  it('should have a test that makes the cause of each alert happen to the program', () => {
    const folder = resolve(ROOT, 'test/faults');
    const suites = readdirSync(folder).filter((name) => name.startsWith('alerts-'));
    const text = suites.map((name) => readFileSync(join(folder, name), 'utf8')).join();
    expect(ALERTS.filter((name) => !text.includes(`'${name}'`))).toEqual([]);
  });

  it('should say of each alert, under the heading that it names, what to do', () => {
    const headings = anchorsOf(page('docs/operations.md'));
    const named = [...RULES.matchAll(/remedy: 'docs\/operations\.md#([\w-]+)'/g)].map(([, anchor]) => String(anchor));
    expect(named).toHaveLength(ALERTS.length);
    expect(named.filter((anchor) => !headings.includes(anchor))).toEqual([]);
  });
});
