import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describePromtool, promtool } from '../support/promtool';

const ROOT = resolve(__dirname, '../..');
const RULES = readFileSync(resolve(ROOT, 'deploy/prometheus/alerts.yml'), 'utf8');
const TESTS = readFileSync(resolve(ROOT, 'deploy/prometheus/alerts.test.yml'), 'utf8');
const OPERATIONS = readFileSync(resolve(ROOT, 'docs/operations.md'), 'utf8');

const ALERTS = [...RULES.matchAll(/- alert: (\w+)/g)].map(([, name]) => String(name));
const anchorOf = (heading: string): string => heading.toLowerCase().replaceAll(' ', '-');

describePromtool('the alert rules', () => {
  it('should be rules, in a configuration that Prometheus takes', async () => {
    expect(await promtool(['check', 'rules', 'alerts.yml'])).toMatchObject({ code: 0 });
    expect(await promtool(['check', 'config', 'prometheus.yml'])).toMatchObject({ code: 0 });
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

  it('should say of each alert, under the heading that it names, what to do', () => {
    const headings = [...OPERATIONS.matchAll(/^#{2,3} (.+)$/gm)].map(([, heading]) => anchorOf(String(heading)));
    const named = [...RULES.matchAll(/remedy: 'docs\/operations\.md#([\w-]+)'/g)].map(([, anchor]) => String(anchor));
    expect(named).toHaveLength(ALERTS.length);
    expect(named.filter((anchor) => !headings.includes(anchor))).toEqual([]);
  });
});
