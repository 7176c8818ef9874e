import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type AppProcess } from '../support/app-process';
import { getJson } from '../support/http';
import { Stack } from '../support/stack';

const SYMBOLS = 60;
/** Loaded before the app: a warning as Node and its libraries emit them, once the app is at work. */
const WARNING = "setTimeout(() => process.emitWarning('that \\n was close', 'NearMissWarning'), 1_000);\n";

interface Health {
  readonly processes: Readonly<
    Record<string, { readonly status?: { readonly backfill: { readonly state: string; readonly percent: number } } }>
  >;
}

/** Every line of what a process has said, as JSON. */
function linesOf(output: string): readonly Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      try {
        return JSON.parse(line) as Record<string, unknown>;
      } catch (error) {
        throw new Error(`not a JSON line: ${line}`, { cause: error });
      }
    });
}

describe('what a process says on standard output and standard error', () => {
  let stack: Stack;

  beforeEach(() => {
    stack = new Stack();
  });

  afterEach(async () => {
    await stack.close();
  });

  it(`should be JSON lines alone, without a warning, while ${SYMBOLS} symbols are captured and backfilled`, async () => {
    const { url } = await stack.startSimulator(['--clock-factor', '20', '--weight-limit', '1000000']);
    const { symbols } = await getJson<{ symbols: { symbol: string; status: string }[] }>(`${url}/api/v3/exchangeInfo`);
    const traded = symbols.filter(({ status }) => status === 'TRADING').map(({ symbol }) => symbol);
    expect(traded.length).toBeGreaterThanOrEqual(SYMBOLS);
    const app = await stack.start('standalone-app', {
      SYMBOLS: traded.slice(0, SYMBOLS).join(','),
      CLOCK: 'simulator',
      BACKFILL_DAYS: '2',
      POLL_INTERVAL_SECONDS: '5',
    });
    const health = `${await stack.urlOf('standalone-app')}/health`;
    await eventually('the first backfill is done', async () => {
      const { processes } = await getJson<Health>(health);
      return processes['standalone']?.status?.backfill.state === 'done' ? true : undefined;
    });
    expect(await app.stop()).toBe(0);
    const lines = linesOf(app.output);
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.filter(({ msg }) => String(msg).includes('Warning'))).toEqual([]);
  });

  it.each([
    ['a disk that is full', { outputFile: '/dev/full' }, 'warn', () => undefined],
    [
      'a reader that has gone',
      {},
      'warn',
      (app: AppProcess) => {
        app.closeOutput();
      },
    ],
    [
      'a reader that has gone, with much to say',
      {},
      'debug',
      (app: AppProcess) => {
        app.closeOutput();
      },
    ],
  ] as const)('should not end capture when it is refused: %s', async (_, options, level, refuse) => {
    const settings = { SYMBOLS: 'BTCUSDT', BACKFILL_DAYS: '0', POLL_INTERVAL_SECONDS: '1', LOG_LEVEL: level };
    const simulator = await stack.startSimulator();
    const app = await stack.launch('ingest-app', settings, [], options);
    const url = await stack.urlOf('ingest-app');
    await app.answers(`${url}/readyz`);
    refuse(app);
    // An exchange that is away is something to say.
    await simulator.process.stop('SIGKILL');
    await eventually('lines are dropped', async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return /^csp_log_lines_dropped_total(?:\{[^}]*\})? [1-9]/m.test(text) ? true : undefined;
    });
    await stack.startSimulator();
    await eventually('prices come in again', async () => {
      const { capture } = await getJson<{ capture: { tickers: { state: string } } }>(`${url}/health`);
      return capture.tickers.state === 'ok' ? true : undefined;
    });
    expect(app.isRunning).toBe(true);
    expect(await app.stop()).toBe(0);
  });

  it('should be JSON lines alone when Node warns of something', async () => {
    await stack.startSimulator();
    const preload = join(stack.folder, 'warning.cjs');
    writeFileSync(preload, WARNING);
    const app = await stack.launch('standalone-app', {}, [], { nodeFlags: ['--require', preload] });
    await app.answers(`${await stack.urlOf('standalone-app')}/livez`);
    await eventually('the warning is said', () =>
      Promise.resolve(app.output.includes('NearMissWarning') ? true : undefined),
    );
    expect(await app.stop()).toBe(0);
    const warnings = linesOf(app.output).filter(({ msg }) => String(msg).includes('NearMissWarning'));
    expect(warnings).toEqual([
      expect.objectContaining({ level: 'warn', msg: 'NearMissWarning: that \n was close', process: 'standalone' }),
    ]);
  });
});
