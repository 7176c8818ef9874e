import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What `cp .env.example .env` leaves in a folder, with some values changed as a person would. */
export function copyDotEnv(folder: string, changes: Readonly<Record<string, string>>): void {
  const unused = new Set(Object.keys(changes));
  const lines = readFileSync(resolve(__dirname, '../../.env.example'), 'utf8').split('\n');
  const changed = lines.map((line) => {
    const name = line.split('=')[0] ?? '';
    if (!unused.delete(name)) return line;
    return `${name}=${changes[name]}`;
  });
  if (unused.size > 0) throw new Error(`.env.example has no ${[...unused].join(', ')}`);
  writeFileSync(join(folder, '.env'), changed.join('\n'));
}
