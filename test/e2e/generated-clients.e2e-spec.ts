import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describedCalls, type ApiDescription, type DescribedCall } from '../support/described-calls';
import { getAll, getJson } from '../support/http';
import { describePython, PYTHON, runPython } from '../support/python';
import { ServedMarket } from '../support/served-market';

const ROOT = resolve(__dirname, '../..');
const VALUES = { symbol: 'BTCUSDT', start: '2026-11-19', end: '2026-11-20' } as const;

interface Outcome {
  readonly statuses: readonly (readonly [string, number])[];
  /** Of the hours of a day. */
  readonly closes: readonly string[];
}

const run = promisify(execFile);

/** As strict as a program of somebody else may be. */
const COMPILER_OPTIONS = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  module: 'nodenext',
  target: 'es2022',
  lib: ['es2022', 'dom', 'dom.iterable'],
  types: ['node'],
};

/** A program that makes these calls, and one as it is written by hand; what must not compile is marked. */
function programOf(calls: readonly DescribedCall[]): string {
  const written = calls.map(({ operationId, path, values, kind }) => {
    const options = { ...(Object.keys(values).length === 0 ? {} : { params: values }), parseAs: kind };
    return `await note('${operationId}', client.GET('${path}', ${JSON.stringify(options)}));`;
  });
  return `
import createClient from 'openapi-fetch';
import type { paths } from './schema.js';

const client = createClient<paths>({ baseUrl: process.argv[2] ?? '' });
const statuses: [string, number][] = [];
async function note(name: string, call: Promise<{ response: Response; data?: unknown }>): Promise<void> {
  const { response, data } = await call;
  statuses.push([name, response.status]);
  if (data instanceof ReadableStream) await data.cancel();
}

${written.join('\n')}

// Lists have other formats too, which nobody asks for here.
const lists = createClient<paths, 'application/json'>({ baseUrl: process.argv[2] ?? '' });
const { data: page } = await lists.GET('/candles', {
  params: { query: { symbol: 'BTCUSDT', interval: '1h', start: '${VALUES.start}', end: '${VALUES.end}' } },
});
const closes: string[] = (page?.data ?? []).map((candle) => candle.close);

export async function wrong(): Promise<void> {
  // @ts-expect-error: no such interval
  await lists.GET('/candles', { params: { query: { interval: '7m' } } });
  // @ts-expect-error: no such parameter
  await lists.GET('/candles', { params: { query: { symbl: 'BTCUSDT' } } });
  // @ts-expect-error: no such path
  await lists.GET('/klines');
  // @ts-expect-error: prices are texts
  const close: number | undefined = page?.data[0]?.close;
  console.log(close);
}

console.log(JSON.stringify({ statuses, closes }));
`;
}

/** Clients that generators make of `/openapi.json` compile, and call every route. */
describe('clients generated of the description', () => {
  let market: ServedMarket;
  let calls: DescribedCall[];
  let closes: string[];
  /** Below this project, so that its packages are found. */
  let folder: string;
  let file: string;

  beforeAll(async () => {
    market = await ServedMarket.start();
    const description = await getJson<ApiDescription>(`${market.url}/openapi.json`);
    calls = describedCalls(description, VALUES);
    const hours = `/candles?symbol=BTCUSDT&interval=1h&start=${VALUES.start}&end=${VALUES.end}`;
    closes = (await getAll<{ close: string }>(market.url, hours)).map(({ close }) => close);
    mkdirSync(join(ROOT, '.cache'), { recursive: true });
    folder = mkdtempSync(join(ROOT, '.cache/clients-'));
    file = join(folder, 'openapi.json');
    writeFileSync(file, JSON.stringify(description));
  });

  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await market.close();
  });

  function expectAnswers(outcome: Outcome): void {
    expect(closes).toHaveLength(24);
    expect(outcome.closes).toEqual(closes);
    expect(outcome.statuses.map(([name]) => name)).toEqual(calls.map(({ operationId }) => operationId));
    const wrong = outcome.statuses.filter(([, status], index) => calls[index]?.statuses.includes(status) !== true);
    expect(wrong).toEqual([]);
  }

  it('should call every route in TypeScript: openapi-typescript and openapi-fetch', async () => {
    await run(join(ROOT, 'node_modules/.bin/openapi-typescript'), [file, '-o', join(folder, 'schema.ts')]);
    writeFileSync(join(folder, 'program.ts'), programOf(calls));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const configuration = { compilerOptions: { ...COMPILER_OPTIONS, outDir: 'built' }, files: ['program.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(configuration));
    // Whose fault it is stands on stdout.
    await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder]).catch((error: unknown) => {
      throw new Error(`it does not compile:\n${(error as { stdout: string }).stdout.slice(0, 4_000)}`);
    });
    const { stdout } = await run(process.execPath, [join(folder, 'built/program.js'), market.url]);
    expectAnswers(JSON.parse(stdout) as Outcome);
  });

  describePython('in Python', () => {
    it('should call every route: openapi-python-client', async () => {
      // It would format what it has made with programs that nobody has to have.
      writeFileSync(join(folder, 'config.yml'), 'post_hooks: []\npackage_name_override: market_client\n');
      const made = ['--output-path', join(folder, 'market_client'), '--config', join(folder, 'config.yml')];
      const { stdout, stderr } = await run(join(PYTHON, 'openapi-python-client'), [
        ...['generate', '--path', file, '--meta', 'none', '--fail-on-warning'],
        ...made,
      ]);
      expect(`${stdout}${stderr}`).not.toMatch(/warning|error/i);
      const program = join(ROOT, 'test/readers/generated_client.py');
      await run(join(PYTHON, 'mypy'), ['--strict', '--cache-dir', join(folder, 'mypy'), program], {
        env: { ...process.env, MYPYPATH: folder },
      }).catch((error: unknown) => {
        throw new Error(`its types are wrong:\n${(error as { stdout: string }).stdout.slice(0, 4_000)}`);
      });
      const callsFile = join(folder, 'calls.json');
      writeFileSync(callsFile, JSON.stringify(calls));
      expectAnswers(await runPython<Outcome>('generated_client.py', [folder, market.url, callsFile]));
    });
  });
});
