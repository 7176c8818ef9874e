import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PACKAGE_NAME = 'crypto-streaming-platform';

/** Version of the platform, from the package that this file belongs to; `unknown` when it was shipped without. */
export function platformVersion(folder: string = __dirname): string {
  const file = join(folder, 'package.json');
  if (existsSync(file)) {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
    if (name === PACKAGE_NAME) return version ?? 'unknown';
  }
  const parent = dirname(folder);
  return parent === folder ? 'unknown' : platformVersion(parent);
}
