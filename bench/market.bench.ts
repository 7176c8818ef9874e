import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessGroup, freePort } from '../test/support/app-process';
import { getCsv, getJson } from '../test/support/http';
import { ResidentMemory } from '../test/support/resident-memory';
import { Installation } from './installation';
import type { Figure } from './report';
import { inNewFolder } from './workspace';

/**
 * A whole market captured by the standalone app: how late prices and minutes can be read, resident memory, and the request
 * weight used; once with the present alone, once while two days of every symbol are fetched.
 *
 * Limits: prices at `/trades/latest` within 30 s of their time, minutes at `/candles` within 30 s of their close, 300 MB,
 * 60 % of the weight, with a backfill all of it. What happens in the first minute does not count.
 */
const SYMBOLS = 1_500;
const RUN_MINUTES = 10;
const ON_TIME_SECONDS = 30;
const AT_MOST_MB = 300;
const WEIGHT_LIMIT = 6_000;
const LOOK_EVERY_MS = 1_000;
const MINUTE_MS = 60_000;
/** Of Linux, in a second. */
const CLOCK_TICKS = 100;
/** A day on which the simulated exchange does not stop. */
const MARKET_START = Date.parse('2026-03-18T13:30:20Z');

/** When all symbols of a poll or of a minute could be read, in seconds after their time; infinite where not all could. */
class Arrivals {
  private readonly lateness = new Map<number, number>();

  constructor(private readonly expected: number) {}

  /** So many symbols of that time can be read now. */
  saw(time: number, symbols: number, now: number): void {
    const known = this.lateness.get(time) ?? Infinity;
    this.lateness.set(time, symbols < this.expected ? known : Math.min(known, (now - time) / 1_000));
  }

  /** Whether all symbols of that time have been read. */
  isWhole(time: number): boolean {
    return Number.isFinite(this.lateness.get(time));
  }

  /** Of those from `start` on whose limit has passed at `end`. */
  latest(start: number, end: number): { readonly seconds: number; readonly count: number } {
    const due = [...this.lateness].filter(([time]) => time >= start && time + ON_TIME_SECONDS * 1_000 <= end);
    return { seconds: Math.max(...due.map(([, seconds]) => seconds)), count: due.length };
  }
}

interface Seen {
  readonly prices: ReturnType<Arrivals['latest']>;
  readonly minutes: ReturnType<Arrivals['latest']>;
  readonly highestMegabytes: number;
  readonly highestWeight: number;
  readonly processorSeconds: number;
}

export async function benchMarket(): Promise<Figure[]> {
  const present = figures('', await captured('0'), 60);
  return [...present, ...figures(', two days fetched meanwhile', await captured('2'), 100)];
}

function figures(how: string, { prices, minutes, ...seen }: Seen, weightPercent: number): Figure[] {
  const share = (100 * seen.highestWeight) / WEIGHT_LIMIT;
  const onTime = (what: string, { seconds, count }: Seen['prices'], expected: number): Figure => ({
    what: `${SYMBOLS} symbols${how}: ${what}`,
    value: `${seconds.toFixed(1)} s at most, ${count} times`,
    against: '',
    measure: count < expected ? Infinity : seconds,
    threshold: { atMost: ON_TIME_SECONDS },
  });
  return [
    onTime('a poll until /trades/latest has it', prices, RUN_MINUTES - 2),
    onTime('the close of a minute until /candles has it', minutes, RUN_MINUTES - 2),
    {
      what: `${SYMBOLS} symbols${how}: resident memory`,
      value: `${seen.highestMegabytes.toFixed(0)} MB, ${seen.processorSeconds.toFixed(1)} s of processor time a minute`,
      against: '',
      measure: seen.highestMegabytes,
      threshold: { atMost: AT_MOST_MB },
    },
    {
      what: `${SYMBOLS} symbols${how}: request weight a minute`,
      value: `${seen.highestWeight} at most`,
      against: `${WEIGHT_LIMIT} allowed`,
      measure: share,
      threshold: { atMost: weightPercent },
    },
  ];
}

function captured(backfillDays: string): Promise<Seen> {
  return inNewFolder(async (folder) => {
    const group = new ProcessGroup();
    try {
      const exchangeUrl = await startExchange(group);
      const expected = await tradingCount(exchangeUrl);
      const installation = new Installation(group, folder, exchangeUrl, {
        SYMBOLS: '*',
        BACKFILL_DAYS: backfillDays,
        CLOCK: 'simulator',
      });
      const { process: app, url } = await installation.launch('standalone-app');
      await app.answers(`${url}/livez`);
      return await watch(url, exchangeUrl, app.pid, expected);
    } finally {
      await group.stopAll();
    }
  });
}

async function startExchange(group: ProcessGroup): Promise<string> {
  const port = await freePort();
  const origin = `${new Date(MARKET_START).toISOString()}@${new Date().toISOString()}`;
  const args = ['--port', String(port), '--symbols', String(SYMBOLS), '--clock-origin', origin];
  const simulator = group.start('exchange-simulator', { args, discardOutput: true });
  const url = `http://127.0.0.1:${port}`;
  await simulator.answers(`${url}/livez`);
  return url;
}

async function tradingCount(exchangeUrl: string): Promise<number> {
  const { symbols } = await getJson<{ symbols: unknown[] }>(`${exchangeUrl}/api/v3/exchangeInfo?symbolStatus=TRADING`);
  return symbols.length;
}

/** Looks every second at what can be read. */
async function watch(url: string, exchangeUrl: string, pid: number, expected: number): Promise<Seen> {
  const memory = new ResidentMemory(pid);
  const { now: marketNow } = await getJson<{ now: string }>(`${exchangeUrl}/_simulator/clock`);
  const ahead = Date.parse(marketNow) - Date.now();
  const now = (): number => Date.now() + ahead;
  const [start, prices, minutes] = [now(), new Arrivals(expected), new Arrivals(expected)];
  const processorBefore = processorSeconds(pid);
  while (now() < start + RUN_MINUTES * MINUTE_MS) {
    const rows = await getCsv(`${url}/trades/latest?format=csv&columns=timestamp_utc&limit=${expected}`);
    for (const [time, symbols] of counts(rows.map(({ timestamp_utc: time }) => Date.parse(String(time))))) {
      prices.saw(time, symbols, now());
    }
    const closed = now() - (now() % MINUTE_MS);
    // What is there already is not asked for again.
    if (!minutes.isWhole(closed)) {
      const span = `start=${closed - MINUTE_MS}&end=${closed}`;
      const candles = await getCsv(`${url}/candles?format=csv&interval=1m&${span}&columns=symbol&limit=5000`);
      minutes.saw(closed, candles.length, now());
    }
    await delay(LOOK_EVERY_MS);
  }
  const { max_weight_per_minute: highestWeight } = await getJson<{ max_weight_per_minute: number }>(
    `${exchangeUrl}/_simulator/stats`,
  );
  const counted = start + MINUTE_MS;
  return {
    prices: prices.latest(counted, now()),
    minutes: minutes.latest(counted, now()),
    highestMegabytes: memory.peak,
    highestWeight,
    processorSeconds: (processorSeconds(pid) - processorBefore) / RUN_MINUTES,
  };
}

/** What the process has had since its start. */
function processorSeconds(pid: number): number {
  // Behind the name, which may have blanks: the state is the third field, and these are the 14th and 15th.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

function counts(times: readonly number[]): Map<number, number> {
  const result = new Map<number, number>();
  for (const time of times) result.set(time, (result.get(time) ?? 0) + 1);
  return result;
}
