import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { getJson } from '../support/http';
import { describePython, PYTHON } from '../support/python';
import { ServedMarket } from '../support/served-market';

/** How many questions at least; `SCHEMATHESIS_CASES=5000` is the long form. */
const CASES = Number(process.env['SCHEMATHESIS_CASES'] ?? '1000');
const CONFIGURATION = resolve(__dirname, '../../schemathesis.toml');
const HOOKS = resolve(__dirname, '../readers/schemathesis_hooks.py');
const MAX_OUTPUT_BYTES = 64 * 1_048_576;

interface Report {
  readonly complete: boolean;
  readonly operations: { readonly tested: number; readonly errored: number };
  readonly test_cases: { readonly generated: number };
}

interface Description {
  readonly paths: Readonly<Record<string, { readonly get: { readonly parameters?: readonly unknown[] } }>>;
}

/** Questions that schemathesis makes of the description, right ones and wrong ones. */
describePython('an API asked by schemathesis', () => {
  let market: ServedMarket;
  const folder = mkdtempSync(join(tmpdir(), 'csp-schemathesis-'));

  beforeAll(async () => {
    market = await ServedMarket.start();
  });

  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await market.close();
  });

  it(`should pass all of its checks in ${CASES} questions (25)`, async () => {
    const { paths } = await getJson<Description>(`${market.url}/openapi.json`);
    const asked = Object.entries(paths).filter(([path]) => !path.startsWith('/stream/'));
    const withParameters = asked.filter(([, { get }]) => (get.parameters ?? []).length > 0);
    const reportFile = join(folder, 'report.json');
    const flags = [
      ...['--config-file', CONFIGURATION, 'run', `${market.url}/openapi.json`],
      ...['--checks', 'all', '--max-examples', String(Math.ceil(CASES / withParameters.length))],
      ...['--report', 'json', '--report-json-path', reportFile],
    ];
    const outcome = await new Promise<{ code: number; output: string }>((done) => {
      const env = { ...process.env, SCHEMATHESIS_HOOKS: HOOKS };
      const options = { cwd: folder, maxBuffer: MAX_OUTPUT_BYTES, env };
      execFile(join(PYTHON, 'schemathesis'), flags, options, (error, stdout, stderr) => {
        done({ code: error ? Number(error.code ?? 1) : 0, output: `${stdout}${stderr}` });
      });
    });
    if (outcome.code !== 0) throw new Error(`schemathesis ended with ${outcome.code}:\n${outcome.output}`);
    const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
    expect(report).toMatchObject({ complete: true, operations: { tested: asked.length, errored: 0 } });
    expect(report.test_cases.generated).toBeGreaterThanOrEqual(CASES);
  });
});
