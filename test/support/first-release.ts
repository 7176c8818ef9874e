import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const FIXTURE = resolve(__dirname, '../fixtures/first-release');
const COMPRESSED = '.br';

/** The market over which the first release made it, for the simulator of today. */
export interface FixtureMarket {
  readonly seed: string;
  readonly symbols: readonly string[];
  readonly faults: readonly object[];
  /** Market time at which it was left. */
  readonly left_at: string;
}

function read(name: string): Buffer {
  const bytes = readFileSync(join(FIXTURE, name));
  return name.endsWith(COMPRESSED) ? brotliDecompressSync(bytes) : bytes;
}

function filesIn(folder: string): string[] {
  const root = join(FIXTURE, folder);
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(root, name)).isFile());
}

export const FIXTURE_MARKET = JSON.parse(read('market.json').toString('utf8')) as FixtureMarket;

/** What was asked of that release, and what it answered, by the name of the answer. */
export const FIXTURE_ANSWERS: readonly (readonly [name: string, question: string, answer: string])[] = Object.entries(
  JSON.parse(read('questions.json').toString('utf8')) as Record<string, string>,
).map(([name, question]) => {
  const file = name.endsWith('.csv') ? name : `${name}${COMPRESSED}`;
  return [name, question, read(join('answers', file)).toString('utf8')];
});

/** The tables that its `bi-build` wrote, by file name. */
export function fixtureBuild(): ReadonlyMap<string, string> {
  return new Map(
    filesIn('build').map((name) => [name.slice(0, -COMPRESSED.length), read(join('build', name)).toString('utf8')]),
  );
}

/** Copies the store, the raw files and the spools into a folder: `app.db`, `raw`, `ingest` and `kafka-ingest`. */
export function unpackFixture(folder: string): void {
  for (const name of filesIn('store')) {
    const path = join(folder, name.slice(0, -COMPRESSED.length));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, read(join('store', name)));
  }
}

/** The raw files of its store, by file name. */
export function fixtureRawFiles(): ReadonlyMap<string, Buffer> {
  return new Map(
    filesIn('store/raw').map((name) => [name.slice(0, -COMPRESSED.length), read(join('store/raw', name))]),
  );
}

/** Events that wait in a spool of that release. */
export function waitingEvents(folder: 'ingest' | 'kafka-ingest'): { readonly kind: string; readonly value: string }[] {
  const lines = filesIn(join('store', folder, 'spool'))
    .filter((name) => name.endsWith(`.jsonl${COMPRESSED}`))
    .sort()
    .flatMap((name) => {
      const text = read(join('store', folder, 'spool', name)).toString('utf8');
      return text.trimEnd().split('\n');
    });
  return lines.map((line) => JSON.parse(line) as { kind: string; value: string });
}
