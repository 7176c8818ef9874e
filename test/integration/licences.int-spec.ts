import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

/** What may be in the images: licences that ask for no more than their text beside the program. */
const SHIPPED = ['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', 'Python-2.0'];
/** What may also be used to build and to test, and leaves this repository with nothing: MPL-2.0 (axe-core) looks at the
 * page in tests; CC-BY-4.0 (caniuse-lite) is a table of browsers. */
const USED = [...SHIPPED, 'MPL-2.0', 'CC-BY-4.0', 'Unlicense', 'Zlib', 'CC0-1.0'];

interface Package {
  readonly version?: string;
  readonly dev?: boolean;
  readonly license?: string;
}

const { packages } = JSON.parse(readFileSync(resolve(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Package>>;
};

/** Whether one choice of an SPDX expression is allowed; brackets are around the whole of it, if they are there. */
function isAllowed(expression: string, allowed: readonly string[]): boolean {
  return expression
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((licence) => allowed.includes(licence)));
}

/** What the package itself says where it is installed, else (a binary of another platform) what the lock file says. */
function licenceOf(path: string, { license }: Package): string {
  const manifest = resolve(ROOT, path, 'package.json');
  if (!existsSync(manifest)) return license ?? 'none';
  const said = (JSON.parse(readFileSync(manifest, 'utf8')) as { license?: unknown }).license;
  return typeof said === 'string' ? said : (license ?? 'none');
}

describe('the licences of dependencies', () => {
  const licences = Object.entries(packages)
    .filter(([path]) => path.startsWith('node_modules/'))
    .map(([path, entry]) => ({ path, isShipped: entry.dev !== true, licence: licenceOf(path, entry) }));

  it('should all be among those that are allowed, for what is shipped and for what is used', () => {
    expect(licences.length).toBeGreaterThan(500);
    expect(licences.filter(({ isShipped, licence }) => !isAllowed(licence, isShipped ? SHIPPED : USED))).toEqual([]);
  });

  it.each([
    ['GPL-3.0-only', false],
    ['MPL-2.0', false],
    ['MIT AND GPL-3.0-only', false],
    ['(MIT OR GPL-3.0-only)', true],
    ['Apache-2.0 AND MIT', true],
    ['none', false],
  ])('should take %s for what is shipped: %s', (expression, expected) => {
    expect(isAllowed(expression, SHIPPED)).toBe(expected);
  });
});
