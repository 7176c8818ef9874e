import { setTimeout as delay } from 'node:timers/promises';
import { HEAP_FLAGS, eventually, type AppProcess } from '../support/app-process';
import { getAll, getJson, getText } from '../support/http';
import { NarrowSocket } from '../support/narrow-socket';
import { RawSocket, requestText } from '../support/raw-socket';
import { rawRequest } from '../support/raw-request';
import { ResidentMemory } from '../support/resident-memory';
import { Stack } from '../support/stack';

const POLL_MS = 5_000;
/** Polls that an attack goes on for. */
const POLLS = 4;
const PROBE_EVERY_MS = 100;
const READERS = 250;
/** How often a slow reader takes a piece, which is 64 kB at most. */
const PIECE_EVERY_MS = 2_000;
/** Memory that clients may take, whatever they do. */
const MOST_ABOVE_REST_MB = 150;
/** Of a host for which the product is made. */
const MOST_MB = 512;
/** Within which probes are to be answered: a second, and what this machine takes from any process meanwhile. */
const ANSWERED_WITHIN_SECONDS = 1;
/** A machine on which other suites run may take more from one process than from the other. */
const ATTEMPTS = 3;

const LARGEST_PAGES = [
  '/candles?symbol=BTCUSDT&interval=1m&limit=5000',
  '/candles?symbols=BTCUSDT,ETHUSDT&interval=1m&limit=5000',
  '/candles?symbol=ETHUSDT&interval=3m&limit=5000',
];
const OTHER_LARGE_ANSWERS = [
  '/candles?symbol=BTCUSDT&interval=1m&format=csv',
  '/candles?symbols=BTCUSDT,ETHUSDT&interval=1m&format=ndjson',
  '/candles?symbol=BTCUSDT&interval=1m&last=5000&order=desc',
  '/bi/hourly_ohlcv.csv?days=30',
  '/bi/datasets.json',
  '/openapi.json',
  '/trades/latest?limit=5000',
  '/stream/prices?symbols=BTCUSDT',
  '/stream/candles',
];

const onLinux = process.platform === 'linux' ? describe : describe.skip;

/**
 * What one process keeps to while clients ask for much and take little, as a process with the memory of a small host,
 * which captures meanwhile. Each test is an attack out of one that ended a process or held it up.
 */
onLinux('a process under attack', () => {
  const stack = new Stack({
    SYMBOLS: 'BTCUSDT,ETHUSDT',
    POLL_INTERVAL_SECONDS: String(POLL_MS / 1_000),
    BACKFILL_DAYS: '5',
    TRUST_PROXY_HOPS: '1',
    LOG_LEVEL: 'warn',
  });
  const sockets: RawSocket[] = [];
  const timers: NodeJS.Timeout[] = [];
  let app: AppProcess;
  let url: string;
  let memory: ResidentMemory;
  let rest = 0;

  const metric = async (of: string, name: string): Promise<number> => {
    const line = (await getText(`${of}/metrics`)).split('\n').find((text) => text.startsWith(`${name} `));
    return line === undefined ? 0 : Number(line.slice(name.length + 1));
  };
  /** The longest that the event loop has stood still since it was asked for last. */
  const longestHold = (of: string): Promise<number> => metric(of, 'nodejs_eventloop_lag_max_seconds');
  const cut = (reason: string): Promise<number> => metric(url, `csp_http_connections_cut_total{reason="${reason}"}`);

  /** Times of the stored polls, which are one for each symbol. */
  const polls = async (since: number): Promise<number[]> => {
    const events = await getAll<{ timestamp_utc: string }>(
      url,
      `/trades/range?symbol=BTCUSDT&start=${since}&end=${Date.now()}`,
    );
    return events.map(({ timestamp_utc: time }) => Date.parse(time));
  };
  const exchangePolls = async (): Promise<number> => {
    const { requests } = await getJson<{ requests: Record<string, number> }>(`${stack.exchangeUrl}/_simulator/stats`);
    return requests['/api/v3/ticker/24hr'] ?? 0;
  };
  /** Lets so many polls go by. */
  const pollsGoBy = async (count: number): Promise<void> => {
    const before = await exchangePolls();
    await eventually('the exchange is polled', async () =>
      (await exchangePolls()) >= before + count ? true : undefined,
    );
  };

  /** Asks for the probe again and again until it is over. */
  async function probe(over: AbortSignal): Promise<number[]> {
    const statuses: number[] = [];
    while (!over.aborted) {
      statuses.push((await rawRequest(`${url}/livez`)).status);
      await delay(PROBE_EVERY_MS);
    }
    return statuses;
  }

  /** Runs an attack, and asserts what a client and the operator would notice of it. */
  async function withstand(attack: () => Promise<void>): Promise<void> {
    let holds: { readonly held: number; readonly allowed: number } | undefined;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      holds = await withstandOnce(attack);
      if (holds.held <= holds.allowed) return;
    }
    expect(holds?.held).toBeLessThanOrEqual(holds?.allowed ?? 0);
  }

  async function withstandOnce(
    attack: () => Promise<void>,
  ): Promise<{ readonly held: number; readonly allowed: number }> {
    const since = Date.now();
    memory.forgetPeak();
    await Promise.all([longestHold(url), longestHold(stack.exchangeUrl)]);
    const over = new AbortController();
    const probing = probe(over.signal);
    try {
      await Promise.all([attack(), pollsGoBy(POLLS)]);
    } finally {
      over.abort();
    }
    const statuses = await probing;
    expect(statuses.length).toBeGreaterThan(0);
    expect(new Set(statuses)).toEqual(new Set([200]));
    const [held, other] = await Promise.all([longestHold(url), longestHold(stack.exchangeUrl)]);
    const peak = memory.peak;
    letGo();
    expect(app.isRunning).toBe(true);
    expect(peak - rest).toBeLessThanOrEqual(MOST_ABOVE_REST_MB);
    expect(peak).toBeLessThanOrEqual(MOST_MB);
    const slots = (await polls(since - POLL_MS)).map((time) => Math.floor(time / POLL_MS));
    expect(slots.length).toBeGreaterThanOrEqual(POLLS);
    expect(slots).toEqual(slots.map((_, index) => (slots[0] ?? 0) + index));
    return { held, allowed: ANSWERED_WITHIN_SECONDS + other };
  }

  async function open(count: number, reads = false): Promise<RawSocket[]> {
    const opened = await Promise.all(Array.from({ length: count }, () => RawSocket.open(url, reads)));
    sockets.push(...opened);
    return opened;
  }

  /** Connections that ask for large answers and take a piece of them now and then; all pieces of all of them are small. */
  async function readSlowly(
    paths: readonly string[],
    clientOf: (index: number) => string,
    codings: readonly string[] = ['identity'],
  ): Promise<void> {
    for (const [index, socket] of (await open(READERS)).entries()) {
      const coding = codings[index % codings.length] ?? '';
      const client = { 'X-Forwarded-For': clientOf(index), 'Accept-Encoding': coding };
      const own = Array.from({ length: 3 }, (_, turn) => paths[(index + turn) % paths.length] ?? '/');
      socket.send(own.map((path) => requestText(path, client)).join(''));
      timers.push(
        setInterval(() => {
          void socket.readPiece().catch(() => undefined);
        }, PIECE_EVERY_MS),
      );
    }
    await pollsGoBy(POLLS);
  }

  function letGo(): void {
    for (const timer of timers.splice(0)) clearInterval(timer);
    for (const socket of sockets.splice(0)) socket.disconnect();
  }

  beforeAll(async () => {
    await stack.startSimulator(['--weight-limit', '1000000']);
    app = await stack.launch('standalone-app', {}, [], {
      nodeFlags: [...HEAP_FLAGS, '--max-old-space-size=400'],
      discardOutput: true,
    });
    url = await stack.urlOf('standalone-app');
    await app.answers(`${url}/readyz`);
    await eventually('its history is there', async () => {
      const { processes } = await getJson<{
        processes: Record<string, { status?: { backfill?: { state: string } } }>;
      }>(`${url}/health`);
      return processes['standalone']?.status?.backfill?.state === 'done' ? true : undefined;
    });
    memory = new ResidentMemory(app.pid);
    await pollsGoBy(2);
    rest = memory.now;
    // Code is loaded and compiled with the first answers of a kind.
    for (const path of [...LARGEST_PAGES, ...OTHER_LARGE_ANSWERS]) {
      const { status, body } = await rawRequest(url + path);
      expect([path, status]).toEqual([path, 200]);
      if (LARGEST_PAGES.includes(path) && !path.includes('3m')) expect(body.length).toBeGreaterThan(1_500_000);
    }
  });

  afterEach(letGo);

  afterAll(async () => {
    await stack.close();
  });

  it('should stand 250 slow readers of the largest pages, of as many clients', async () => {
    await withstand(() => readSlowly(LARGEST_PAGES, (index) => `203.0.113.${index}`));
  });

  it('should stand 250 slow readers of the largest pages, of one client', async () => {
    await withstand(() => readSlowly(LARGEST_PAGES, () => '203.0.113.7'));
  });

  it('should stand 250 slow readers of tables, long lists, documents and streams', async () => {
    await withstand(() => readSlowly(OTHER_LARGE_ANSWERS, (index) => `203.0.113.${index}`));
  });

  it('should stand 250 slow readers of compressed lists and pages', async () => {
    const paths = [...OTHER_LARGE_ANSWERS.filter((path) => path.includes('format=')), ...LARGEST_PAGES];
    await withstand(() => readSlowly(paths, (index) => `203.0.113.${index}`, ['br', 'gzip']));
  });

  it('should stand 250 slow readers of compressed long lists', async () => {
    const paths = OTHER_LARGE_ANSWERS.filter((path) => path.includes('format='));
    await withstand(() => readSlowly(paths, (index) => `203.0.113.${index}`, ['br', 'gzip']));
  });

  it('should stand one connection that asks for a hundred pages, has a receive buffer of 2 kB and reads nothing', async () => {
    await withstand(async () => {
      const before = await cut('silent_reader');
      const socket = await NarrowSocket.open(url, requestText(LARGEST_PAGES[0] ?? '/').repeat(100));
      try {
        await eventually('it is cut', async () => ((await cut('silent_reader')) > before ? true : undefined));
      } finally {
        await socket.disconnect();
      }
    });
  });

  it.each([
    ['reads', true],
    ['reads nothing', false],
  ])('should stand connections that ask for 400 pages each and go, one that %s', async (_what, reads) => {
    await withstand(async () => {
      for (let round = 0; round < 10; round += 1) {
        const [socket] = await open(1, reads);
        socket?.send(requestText(LARGEST_PAGES[round % 2] ?? '/').repeat(400));
        if (reads) await socket?.receives(/HTTP\/1\.1 200/);
        else await rawRequest(`${url}/livez`);
        socket?.disconnect();
      }
    });
    await eventually('nothing is under way', async () =>
      (await metric(url, 'csp_http_answers_waiting')) === 0 ? true : undefined,
    );
  });

  it('should cut heads that stall, bodies that do not come and connections that say nothing', async () => {
    const starts = [
      '',
      '\r\n',
      'GET /candles',
      'GET /candles HTTP/1.1\r\nHost: test\r\nX-Slow: ',
      requestText('/candles', { 'Content-Length': '1000' }, 'POST'),
      requestText('/candles', { 'Transfer-Encoding': 'chunked' }, 'PUT') + '3e8\r\nabc',
    ];
    await withstand(async () => {
      const opened = await open(READERS, true);
      for (const [index, socket] of opened.entries()) socket.send(starts[index % starts.length] ?? '');
      await eventually('all are cut', () => Promise.resolve(opened.every(({ isClosed }) => isClosed) || undefined));
    });
  });
});
