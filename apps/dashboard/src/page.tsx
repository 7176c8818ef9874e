import type { JSX } from 'preact';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { Client, KeyNeededError } from './api/client';
import { PriceStream } from './api/price-stream';
import type { CandleItem, Health, PriceItem, SymbolItem } from './api/types';
import { CandleChart } from './chart/candle-chart';
import { CANDLES_SHOWN, INTERVALS, type Interval } from './chart/intervals';
import { CopyPanel } from './copy/copy-panel';
import { Calendar } from './coverage/calendar';
import { HealthNotice } from './health/health-notice';
import { KeyForm } from './key-form';
import { marketOf, withPrices, type Market } from './market/market-state';
import { SymbolList } from './market/symbol-list';

const HEALTH_EVERY_MS = 10_000;
const CANDLES_EVERY_MS = 5_000;
const TICK_MS = 1_000;

const candlesPath = (symbol: string, interval: Interval): string =>
  `candles?symbol=${encodeURIComponent(symbol)}&interval=${interval}&last=${CANDLES_SHOWN}`;

/** Runs at once and again, while the tab is seen. */
function useEvery(milliseconds: number, run: () => void): void {
  useEffect(() => {
    run();
    const timer = setInterval(() => {
      if (!document.hidden) run();
    }, milliseconds);
    return () => {
      clearInterval(timer);
    };
  }, [milliseconds, run]);
}

/** Time of the market: that of the newest price, and what has passed here since it came. */
class MarketClock {
  private newest = 0;
  private seenAt = 0;

  see(time: number): void {
    if (time <= this.newest) return;
    this.newest = time;
    this.seenAt = performance.now();
  }

  now(): number {
    return this.newest === 0 ? Date.now() : this.newest + performance.now() - this.seenAt;
  }
}

export function Page(): JSX.Element {
  const client = useMemo(() => new Client(), []);
  const clock = useMemo(() => new MarketClock(), []);
  const [market, setMarket] = useState<Market>(new Map());
  const [chosen, setChosen] = useState<string>();
  const [interval, setChosenInterval] = useState<Interval>('1m');
  const [candles, setCandles] = useState<readonly CandleItem[]>([]);
  const [health, setHealth] = useState<Health>();
  const [connection, setConnection] = useState<'live' | 'waiting' | 'key'>('waiting');
  const [problem, setProblem] = useState('');
  const [keyNumber, setKeyNumber] = useState(0);
  const [now, setNow] = useState(() => clock.now());

  const fail = useCallback((error: unknown) => {
    if (error instanceof KeyNeededError) setConnection('key');
    else if (!(error instanceof DOMException && error.name === 'AbortError')) setProblem(String(error));
  }, []);

  useEffect(() => {
    const controller = new AbortController();
    Promise.all([
      client.list<SymbolItem>('symbols?limit=5000', controller.signal),
      client.csv('bi/latest_prices.csv', controller.signal),
    ])
      .then(([symbols, latest]) => {
        const found = marketOf(symbols, latest);
        for (const { at } of found.values()) clock.see(at ?? 0);
        setMarket(found);
        setChosen((before) => before ?? symbols[0]?.symbol);
        setProblem('');
      })
      .catch(fail);
    const stream = new PriceStream(client, {
      onState: setConnection,
      onEvents: (events) => {
        const prices = events.filter(({ name }) => name === 'price').map(({ data }) => JSON.parse(data) as PriceItem);
        for (const { timestamp_utc: time } of prices) clock.see(Date.parse(time));
        setMarket((before) => withPrices(before, prices));
      },
    });
    stream.start();
    return () => {
      controller.abort();
      stream.stop();
    };
  }, [client, clock, fail, keyNumber]);

  useEvery(
    TICK_MS,
    useCallback(() => {
      setNow(clock.now());
    }, [clock]),
  );

  useEvery(
    HEALTH_EVERY_MS,
    useCallback(() => {
      client.json<Health>('health').then(setHealth, fail);
    }, [client, fail, keyNumber]),
  );

  useEvery(
    CANDLES_EVERY_MS,
    useCallback(() => {
      if (chosen === undefined) return;
      client.list<CandleItem>(candlesPath(chosen, interval)).then((items) => {
        setCandles(items);
        setProblem('');
      }, fail);
    }, [client, chosen, interval, fail, keyNumber]),
  );

  const choose = useCallback((symbol: string) => {
    setCandles([]);
    setChosen(symbol);
  }, []);

  const today = new Date(now).toISOString().slice(0, 10);
  return (
    <>
      <header>
        <h1>Crypto market history</h1>
        <p class={`connection ${connection}`} role="status">
          {connection === 'live' ? 'live' : connection === 'key' ? 'a key is needed' : 'connecting ...'}
        </p>
        <nav>
          <a href="docs">API docs</a> <a href="health">health</a> <a href="bi/datasets.json">tables</a>
        </nav>
      </header>
      {connection === 'key' ? (
        <KeyForm
          onKey={(key) => {
            client.useKey(key);
            setConnection('waiting');
            setKeyNumber((before) => before + 1);
          }}
        />
      ) : null}
      <HealthNotice health={health} />
      {problem === '' ? null : <p role="alert">{problem}</p>}
      <main>
        <SymbolList market={market} chosen={chosen} now={now} onChoose={choose} />
        {chosen === undefined ? (
          <p>Nothing has been captured yet.</p>
        ) : (
          <div class="detail">
            <section aria-labelledby="chart-title">
              <h2 id="chart-title">{chosen}</h2>
              <div class="intervals" role="group" aria-label="Interval">
                {(Object.keys(INTERVALS) as Interval[]).map((name) => (
                  <button
                    type="button"
                    key={name}
                    aria-pressed={name === interval}
                    onClick={() => {
                      setCandles([]);
                      setChosenInterval(name);
                    }}
                  >
                    {name}
                  </button>
                ))}
              </div>
              <CandleChart symbol={chosen} interval={interval} candles={candles} />
            </section>
            <Calendar client={client} symbol={chosen} today={today} />
            <CopyPanel address={client.address(`${candlesPath(chosen, interval)}&format=csv`)} />
          </div>
        )}
      </main>
    </>
  );
}
