// `make demo`: the exchange simulator and the standalone app together, on this machine only. Nothing leaves it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    recordings: { type: 'string' },
    'simulator-port': { type: 'string', default: '9100' },
    port: { type: 'string', default: process.env.PORT?.trim() || '8000' },
  },
});

/** What is captured of the simulated market; one of them is halted every night, so that there is something to find. */
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'BNBUSDT', 'XRPUSDT', 'ADAUSDT', 'DOGEUSDT', 'PEPEUSDT'];
const HALT = {
  kind: 'stop',
  symbol: 'ADAUSDT',
  start: '2018-04-18T02:00:00Z',
  end: '2018-04-18T05:00:00Z',
  days: 36_525,
};
const STATUS_EVERY_MS = 5_000;
/** The build of the tables has what capture and readers leave. */
const BUILD_PRIORITY = 10;
const mainOf = (app) => fileURLToPath(new URL(`../dist/apps/${app}/src/main.js`, import.meta.url));
const base = `http://localhost:${options.port}`;
const children = [];
let ending = false;

function say(text) {
  process.stdout.write(`${text}\n`);
}

function start(name, args, env = {}) {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  child.on('exit', (code, signal) => {
    if (ending) return;
    say(`\n${name} ended by itself (${signal ?? `exit code ${code}`}); see the lines above.`);
    void end(1);
  });
  return child;
}

async function end(code) {
  if (ending) return;
  ending = true;
  await Promise.all(
    children
      .filter((child) => child.exitCode === null && child.signalCode === null)
      .map(async (child) => {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }),
  );
  say(code === 0 ? '\nThe demo has ended; what it captured stays in data/demo.' : '');
  process.exit(code);
}

function firstLine(child, pattern) {
  return new Promise((resolve) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const line = text.split('\n').find((candidate) => pattern.test(candidate));
      if (line) resolve(line);
    });
  });
}

async function getJson(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

async function untilReady(url) {
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
      if (response.ok) return;
    } catch {
      // Not listening yet: asked again.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** One line of what is there now: the newest price, how far the first backfill is, and what is wrong if anything is. */
async function readStatus() {
  const [latest, health] = await Promise.all([getJson(`${base}/trades/latest?limit=1`), getJson(`${base}/health`)]);
  const [event] = latest.data;
  const price = event ? `${event.symbol} ${event.lastPrice} at ${event.timestamp_utc.slice(11, 19)}` : 'no price yet';
  const backfill = health.processes.standalone?.status?.backfill;
  const progress =
    backfill?.state === 'running'
      ? `backfill ${backfill.percent} % (${backfill.rows} minutes so far, ${backfill.eta_seconds ?? '?'} s left)`
      : `backfill ${backfill?.state ?? 'waiting'}`;
  const said = health.reasons.length === 0 ? '' : `  ${health.reasons.join('; ')}`;
  const line = `${new Date().toISOString().slice(11, 19)}  ${health.status}  ${price}  ${progress}${said}`;
  return { line, isFilled: backfill?.state === 'done' };
}

/** Writes the tables as files, for /data/ to serve, in a process of its own. */
async function buildTables(env) {
  const child = spawn(process.execPath, [mainOf('cli'), 'bi-build'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  const exit = once(child, 'exit');
  try {
    setPriority(child.pid, BUILD_PRIORITY);
  } catch {
    // It has ended already, and says so itself.
  }
  const [code] = await exit;
  if (ending) return;
  say(
    code === 0
      ? `The tables are there as files: ${base}/data/latest/daily_ohlc.parquet and others, listed at ${base}/data/`
      : 'The tables could not be written as files; see the lines above.',
  );
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end(0));

const simulatorUrl = `http://127.0.0.1:${options['simulator-port']}`;
const isRecorded = options.recordings !== undefined;
const simulator = start('The exchange simulator', [
  mainOf('exchange-simulator'),
  '--port',
  options['simulator-port'],
  ...(isRecorded ? ['--recordings', options.recordings, '--place', 'past'] : ['--faults', JSON.stringify([HALT])]),
]);
say(await firstLine(simulator, /listening on/));

const { origin } = await getJson(`${simulatorUrl}/_simulator/origin`);
const { symbols } = await getJson(`${simulatorUrl}/api/v3/exchangeInfo`);
const folder = `data/demo/${origin.replaceAll(':', '-')}`;
const recordedSymbols = symbols.map(({ symbol }) => symbol).join(',');
const chosen = process.env.SYMBOLS?.trim() || (isRecorded ? recordedSymbols : SYMBOLS.join(','));
const captured = chosen.split(',').map((symbol) => symbol.trim());
const shown = encodeURIComponent(captured[0]);
const halted =
  !isRecorded && captured.includes(HALT.symbol)
    ? `${HALT.symbol} is halted from 02:00 to 05:00 UTC every day.\n\n`
    : '';
const settings = {
  BINANCE_REST_URLS: simulatorUrl,
  CLOCK: 'simulator',
  SYMBOLS: chosen,
  POLL_INTERVAL_SECONDS: process.env.POLL_INTERVAL_SECONDS?.trim() || '5',
  STORAGE_PATH: `${folder}/app.db`,
  RAW_DIR: `${folder}/raw`,
  INGEST_STATE_DIR: `${folder}/ingest`,
  BI_BUILD_DIR: `${folder}/bi/build`,
  PORT: options.port,
  LOG_LEVEL: process.env.LOG_LEVEL?.trim() || 'warn',
  MALLOC_ARENA_MAX: '1',
};
const app = start('The standalone app', ['--max-semi-space-size=4', mainOf('standalone-app')], settings);
app.stdout.pipe(process.stdout);
await untilReady(`${base}/readyz`);

say(`
The demo is running (${origin}; files in ${folder}). Open

  ${base}/                                              what is recorded, live
  ${base}/docs                                          Swagger UI
  ${base}/health                                        what captures, what serves
  ${base}/trades/latest?symbol=${shown}                  grows with each poll
  ${base}/candles?symbol=${shown}&interval=1h            exact candles
  ${base}/bi/daily_ohlc.csv?symbol=${shown}&days=30      what a dashboard reads
  ${base}/data/                                         every table as files, once the backfill is done

${halted}Ctrl-C ends it.
`);

let isBuilt = false;
while (!ending) {
  try {
    const { line, isFilled } = await readStatus();
    say(line);
    if (isFilled && !isBuilt) {
      isBuilt = true;
      void buildTables(settings);
    }
  } catch (error) {
    if (!ending) say(`no answer: ${error.message}`);
  }
  await new Promise((resolve) => setTimeout(resolve, STATUS_EVERY_MS));
}
