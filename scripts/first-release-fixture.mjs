// `node scripts/first-release-fixture.mjs FOLDER`, where FOLDER is a built clone of the first release (commit d1d1d09): writes
// test/fixtures/first-release anew, with what that release stored, left waiting and answered over its own exchange simulator.
// Takes about three minutes of real time, two hours and a half of the market's.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const [, , clone] = process.argv;
if (clone === undefined) {
  process.stderr.write('give the folder of a built clone of the first release (commit d1d1d09)\n');
  process.exit(2);
}
const RELEASE = resolve(clone);
const TARGET = fileURLToPath(new URL('../test/fixtures/first-release', import.meta.url));
const PATIENCE_MS = 240_000;

/** What a test has to ask today's simulator for, to have the same market. */
const MARKET = {
  seed: 'first-release',
  symbols: ['BTCUSDT', 'NEOUSDT'],
  faults: [
    { kind: 'stop', start: '2026-03-14T02:00:00.000Z', end: '2026-03-14T03:00:00.000Z' },
    { kind: 'revise', symbol: 'BTCUSDT', open_time: '2026-03-14T23:10:00.000Z' },
  ],
};
const MARKET_START = '2026-03-14T22:40:00Z';
const CLOCK_FACTOR = 60;
/** The minute that is revised is captured before it is, and once more after. */
const REVISED_AT = Date.parse('2026-03-14T23:12:00Z');
const HISTORY_UNTIL = Date.parse('2026-03-15T00:20:00Z');
/** Events that are to wait. */
const WAITING_EVENTS = 30;

const DAYS = 'start=2026-03-13&end=2026-03-15';
const BOTH = `symbols=${MARKET.symbols.join(',')}`;
const HOUR = 'start=2026-03-14T23:00:00Z&end=2026-03-15T00:00:00Z';
/** Everything in them was over when it was asked for. */
const QUESTIONS = {
  'daily_ohlc.csv': `/bi/daily_ohlc.csv?${BOTH}&${DAYS}`,
  'daily_volume.csv': `/bi/daily_volume.csv?${BOTH}&${DAYS}`,
  'hourly_ohlcv.csv': `/bi/hourly_ohlcv.csv?${BOTH}&${DAYS}`,
  'daily_metrics.csv': `/bi/daily_metrics.csv?${BOTH}&${DAYS}`,
  'data_quality.csv': `/bi/data_quality.csv?${BOTH}&${DAYS}`,
  'candles-1d.json': `/candles?${BOTH}&interval=1d&${DAYS}`,
  'candles-1h.json': `/candles?${BOTH}&interval=1h&${DAYS}`,
  'candles-1m.json': `/candles?${BOTH}&interval=1m&limit=5000&${HOUR}`,
  'candles-15m-as-known.json': `/candles?${BOTH}&interval=15m&${HOUR}&as_of=2026-03-14T23:12:30Z`,
  'trades.json': `/trades/range?${BOTH}&limit=5000&${HOUR}`,
  'daily-metrics.json': `/daily-metrics?${BOTH}&${DAYS}`,
  'coverage.json': `/coverage?${BOTH}&limit=5000&${DAYS}`,
};

const work = mkdtempSync(join(tmpdir(), 'first-release-'));
const PORTS = { simulator: 18_460, api: 18_461, ingest: 18_462 };
const EXCHANGE = `http://127.0.0.1:${PORTS.simulator}`;
const API = `http://127.0.0.1:${PORTS.api}`;
const INGEST = `http://127.0.0.1:${PORTS.ingest}`;
const ENVIRONMENT = {
  PATH: process.env.PATH,
  BROKER_MODE: 'direct',
  BINANCE_REST_URLS: EXCHANGE,
  STORAGE_PATH: 'app.db',
  RAW_DIR: 'raw',
  INGEST_STATE_DIR: 'ingest',
  HOST: '127.0.0.1',
  PORT: String(PORTS.api),
  INGEST_PORT: String(PORTS.ingest),
  INGEST_URL: INGEST,
  SYMBOLS: MARKET.symbols.join(','),
  POLL_INTERVAL_SECONDS: '60',
  BACKFILL_DAYS: '1',
  CLOCK: 'simulator',
  LOG_LEVEL: 'warn',
};

const running = new Set();

function run(command, args, options = {}) {
  const child = spawn(command, args, { cwd: work, stdio: ['ignore', 'pipe', 'inherit'], ...options });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Starts an app of that release. */
function start(name, environment = {}, args = []) {
  const main = join(RELEASE, `dist/apps/${name}/src/main.js`);
  const child = run(process.execPath, [main, ...args], { env: { ...ENVIRONMENT, ...environment } });
  child.stdout.resume();
  return child;
}

async function stop(child, signal = 'SIGTERM') {
  const ended = once(child, 'exit');
  child.kill(signal);
  const [code] = await ended;
  if (signal === 'SIGTERM' && code !== 0) throw new Error(`a process ended with ${code}`);
}

async function until(what, probe) {
  process.stdout.write(`until ${what} ...\n`);
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; await delay(100)) {
    if (await probe().catch(() => false)) return;
  }
  throw new Error(`gave up waiting until ${what}`);
}

async function text(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status}`);
  return answer.text();
}

const json = async (url) => JSON.parse(await text(url));
const isUp = async (url) => (await fetch(url)).ok;
const marketTime = async () => Date.parse((await json(`${EXCHANGE}/_simulator/clock`)).now);

async function setFaults(faults) {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${EXCHANGE}/_simulator/faults`, { method: 'PUT', headers, body: JSON.stringify(faults) });
  if (!answer.ok) throw new Error(`faults: HTTP ${answer.status}`);
}

/** A history that was fetched and captured, with a stop of the exchange, a revised minute and a midnight in it. */
async function captureHistory() {
  const app = start('standalone-app');
  await until('the market is where a minute is to be revised', async () => (await marketTime()) > REVISED_AT);
  await setFaults(MARKET.faults);
  await until('midnight has passed', async () => (await marketTime()) > HISTORY_UNTIL);
  await until('no minute is missing', async () => {
    const pages = await Promise.all(
      MARKET.symbols.map((symbol) => json(`${API}/coverage?symbol=${symbol}&limit=5000`)),
    );
    return pages.every(({ data }) => data.length > 0 && data.every(({ state }) => state !== 'missing'));
  });
  await stop(app);
}

/** Events that wait in the spool, because another process locks the database. */
async function leaveWaiting() {
  const app = start('ingest-app');
  await until('capture is ready', () => isUp(`${INGEST}/readyz`));
  const script = `
    const database = new (require('better-sqlite3'))(process.argv[1], { timeout: 60000 });
    database.exec('BEGIN IMMEDIATE');
    console.log('locked');
    process.on('SIGTERM', () => { database.exec('ROLLBACK'); database.close(); process.exit(0); });
    setInterval(() => {}, 1000);`;
  const holder = run(process.execPath, ['-e', script, join(work, 'app.db')], { cwd: RELEASE });
  await once(holder.stdout, 'data');
  await waits();
  // An orderly stop would wait for the database.
  await stop(app, 'SIGKILL');
  await stop(holder);
}

/** Events that wait in the spool, because there is no broker; beside them the cursors of capture. */
async function leaveWaitingForBroker() {
  const app = start('ingest-app', {
    BROKER_MODE: 'kafka',
    KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1',
    INGEST_STATE_DIR: 'kafka-ingest',
  });
  await waits();
  await stop(app);
}

async function waits() {
  await until('events wait', async () => {
    const { capture } = await json(`${INGEST}/health`);
    return capture.publisher.waiting_events >= WAITING_EVENTS;
  });
}

async function ask() {
  const api = start('api-app');
  await until('the API is ready', () => isUp(`${API}/readyz`));
  for (const [name, question] of Object.entries(QUESTIONS)) {
    const answer = await text(`${API}${question}`);
    // Tables are there to be read by people, too.
    if (name.endsWith('.csv')) write(`answers/${name}`, answer);
    else write(`answers/${name}.br`, compressed(Buffer.from(answer, 'utf8')));
  }
  await stop(api);
  const build = start('cli', {}, ['bi-build', '--out', 'build']);
  const [code] = await once(build, 'exit');
  if (code !== 0) throw new Error(`bi-build ended with ${code}`);
  for (const name of readdirSync(join(work, 'build'))) {
    if (name.endsWith('.csv')) write(`build/${name}.br`, compressed(readFileSync(join(work, 'build', name))));
  }
}

function compressed(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
  return brotliCompressSync(bytes, { params });
}

function write(name, content) {
  const path = join(TARGET, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  process.stdout.write(`${name}: ${Buffer.byteLength(content)} bytes\n`);
}

/** Every file below a folder, but for locks, which hold nothing. */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && !/lock|owner/.test(path));
}

try {
  start('exchange-simulator', {}, [
    ...['--port', String(PORTS.simulator), '--seed', MARKET.seed],
    ...['--clock-origin', `${MARKET_START}@${new Date().toISOString()}`, '--clock-factor', String(CLOCK_FACTOR)],
  ]);
  await until('the exchange is up', () => isUp(`${EXCHANGE}/livez`));
  await setFaults(MARKET.faults.slice(0, 1));
  await captureHistory();
  await leaveWaiting();
  for (const folder of ['answers', 'build', 'store']) rmSync(join(TARGET, folder), { recursive: true, force: true });
  await ask();
  await leaveWaitingForBroker();
  const left = new Date(await marketTime()).toISOString();
  write('market.json', `${JSON.stringify({ ...MARKET, left_at: left }, null, 2)}\n`);
  write('questions.json', `${JSON.stringify(QUESTIONS, null, 2)}\n`);
  const parts = [
    join(work, 'app.db'),
    ...['raw', 'ingest', 'kafka-ingest'].flatMap((name) => filesBelow(join(work, name))),
  ];
  for (const path of parts) write(`store/${relative(work, path)}.br`, compressed(readFileSync(path)));
} finally {
  for (const child of running) child.kill('SIGKILL');
  rmSync(work, { recursive: true, force: true });
}
