import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const COMPOSE = readFileSync(resolve(__dirname, '../../docker/docker-compose.yml'), 'utf8');

/** The lines of each block that begins with a key at this indentation. */
function blocks(text: string, indentation: number): Map<string, string> {
  const key = new RegExp(`^ {${indentation}}([A-Za-z][\\w-]*):`, 'gm');
  const starts = [...text.matchAll(key)];
  return new Map(
    starts.map((match, index) => [match[1] ?? '', text.slice(match.index, starts[index + 1]?.index ?? text.length)]),
  );
}

describe('docker-compose.yml', () => {
  const top = blocks(COMPOSE, 0);

  it('should bound what Docker keeps of the log of every service', () => {
    expect(top.get('x-logging')).toMatch(/driver: json-file\n {2}options:\n {4}max-size: \d+m\n {4}max-file: '\d+'/);
    expect(top.get('x-app')).toContain('\n  logging: *logging\n');
    expect(top.get('x-cli')).toContain('\n  <<: *app\n');
    const services = blocks(top.get('services') ?? '', 2);
    expect(services.size).toBeGreaterThan(5);
    for (const [name, text] of services) {
      expect([name, /\n {4}(?:<<: \*(?:app|cli)|logging: \*logging)\n/.test(text)]).toEqual([name, true]);
    }
  });
});
