import type { JSX } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Client, KeyNeededError } from './api/client';
import { PriceStream } from './api/price-stream';
import type { CandleItem, Health, PriceItem, SymbolItem } from './api/types';
import { wordsOf } from './api/words-of';
import { CandleChart } from './chart/candle-chart';
import { CANDLES_SHOWN, INTERVALS, type Interval } from './chart/intervals';
import { CopyPanel } from './copy/copy-panel';
import { Calendar } from './coverage/calendar';
import { HealthMark, HealthNotice, OriginMark } from './health/health-notice';
import { KeyForm } from './key-form';
import { Headline } from './market/headline';
import { marketOf, withPrices, type Market } from './market/market-state';
import { SymbolList } from './market/symbol-list';
import { useEvery } from './use-every';

const HEALTH_EVERY_MS = 10_000;
const CANDLES_EVERY_MS = 5_000;
/** Symbols that are listed, halted or given up show within so much time. */
const SYMBOLS_EVERY_MS = 60_000;
const TICK_MS = 1_000;

const FIRST_INTERVAL: Interval = '1m';

const candlesPath = (symbol: string, interval: Interval): string =>
  `candles?symbol=${encodeURIComponent(symbol)}&interval=${interval}&last=${CANDLES_SHOWN}`;

/** Time of the market: that of the newest price, and what has passed here since it came. */
class MarketClock {
  private newest = 0;
  private seenAt = 0;

  see(time: number): void {
    if (!(time > this.newest)) return;
    this.newest = time;
    this.seenAt = performance.now();
  }

  now(): number {
    return this.newest === 0 ? Date.now() : this.newest + performance.now() - this.seenAt;
  }
}

/** The pair that everybody knows, where it is captured. */
function firstShown(symbols: readonly SymbolItem[]): string | undefined {
  return (symbols.find(({ symbol }) => symbol === 'BTCUSDT') ?? symbols[0])?.symbol;
}

const EMPTY: Market = new Map();

/** Whether a key is asked for: none was given yet, the given one is being tried, or it does not hold. */
type KeyAsked = 'no' | 'first' | 'tried' | 'refused';

export function Page(): JSX.Element {
  const client = useMemo(() => new Client(), []);
  const clock = useMemo(() => new MarketClock(), []);
  const [market, setMarket] = useState<Market>(EMPTY);
  const [isRead, setRead] = useState(false);
  const [chosen, setChosen] = useState<string>();
  const [interval, setChosenInterval] = useState<Interval>(FIRST_INTERVAL);
  const [candles, setCandles] = useState<readonly CandleItem[]>();
  const [day, setDay] = useState<string>();
  const [health, setHealth] = useState<Health | 'silent'>();
  const [connection, setConnection] = useState<'live' | 'waiting'>('waiting');
  const [keyAsked, setKeyAsked] = useState<KeyAsked>('no');
  const [problem, setProblem] = useState('');
  const [keyNumber, setKeyNumber] = useState(0);
  const [now, setNow] = useState(() => clock.now());
  const hasBegun = useRef(false);

  const fail = useCallback((error: unknown) => {
    if (error instanceof KeyNeededError) setKeyAsked(error.wasGiven ? 'refused' : 'first');
    else if (!(error instanceof DOMException && error.name === 'AbortError')) setProblem(wordsOf(error));
  }, []);

  const readMarket = useCallback(
    (signal?: AbortSignal) => {
      const listed = client.list<SymbolItem>('symbols?limit=5000', signal).then((symbols) => {
        const first = firstShown(symbols);
        // Not after the chart's place is laid out: its candles are what takes longest.
        if (!hasBegun.current && first !== undefined) client.begin(candlesPath(first, FIRST_INTERVAL));
        hasBegun.current = true;
        return symbols;
      });
      Promise.all([listed, client.csv('bi/latest_prices.csv', signal)])
        .then(([symbols, latest]) => {
          for (const { timestamp_utc: time } of latest) clock.see(Date.parse(time ?? ''));
          setNow(clock.now());
          setMarket((before) => marketOf(before, symbols, latest));
          setKeyAsked('no');
          setRead(true);
          setChosen((before) => before ?? firstShown(symbols));
          setProblem('');
        })
        .catch(fail);
    },
    [client, clock, fail, keyNumber],
  );

  useEvery(SYMBOLS_EVERY_MS, readMarket);

  useEffect(() => {
    const stream = new PriceStream(client, {
      onState: setConnection,
      onKeyNeeded: fail,
      onEvents: (events) => {
        const prices = events.filter(({ name }) => name === 'price').map(({ data }) => JSON.parse(data) as PriceItem);
        for (const { timestamp_utc: time } of prices) clock.see(Date.parse(time));
        setNow(clock.now());
        setMarket((before) => withPrices(before, prices));
      },
      onResumed: () => {
        readMarket();
      },
    });
    stream.start();
    return () => {
      stream.stop();
    };
  }, [client, clock, fail, readMarket]);

  useEvery(
    TICK_MS,
    useCallback(() => {
      setNow(clock.now());
    }, [clock]),
  );

  useEvery(
    HEALTH_EVERY_MS,
    useCallback(
      (signal: AbortSignal) => {
        client.json<Health>('health', signal).then(setHealth, (error: unknown) => {
          if (!signal.aborted && !(error instanceof KeyNeededError)) setHealth('silent');
          fail(error);
        });
      },
      [client, fail, keyNumber],
    ),
  );

  useEvery(
    CANDLES_EVERY_MS,
    useCallback(
      (signal: AbortSignal) => {
        if (chosen === undefined) return;
        client.list<CandleItem>(candlesPath(chosen, interval), signal).then((items) => {
          setCandles(items);
          setProblem('');
        }, fail);
      },
      [client, chosen, interval, fail, keyNumber],
    ),
  );

  const choose = useCallback((symbol: string) => {
    setCandles(undefined);
    setDay(undefined);
    setChosen(symbol);
  }, []);

  const isKeyAsked = keyAsked === 'first' || keyAsked === 'refused';
  const today = new Date(now).toISOString().slice(0, 10);
  return (
    <>
      <header>
        <div>
          <h1>Crypto market history</h1>
          <OriginMark health={health} />
        </div>
        <div class="marks">
          <p class={`mark connection ${isKeyAsked ? 'key' : connection}`} role="status">
            {isKeyAsked ? 'a key is needed' : connection === 'live' ? 'live' : 'connecting ...'}
          </p>
          <HealthMark health={health} />
        </div>
        <nav aria-label="More of this service">
          <a href="docs">API docs</a>
          {isKeyAsked || client.hasKey ? null : (
            <>
              {' '}
              <a href="health">health</a> <a href="bi/datasets.json">tables</a>
            </>
          )}
        </nav>
      </header>
      {keyAsked === 'no' ? null : (
        <KeyForm
          isRefused={keyAsked === 'refused'}
          onKey={(key) => {
            client.useKey(key);
            setKeyAsked('tried');
            setKeyNumber((before) => before + 1);
          }}
        />
      )}
      <HealthNotice health={health} />
      {problem === '' ? null : <p role="alert">{problem}</p>}
      <main>
        <SymbolList market={isRead ? market : undefined} chosen={chosen} now={now} onChoose={choose} />
        {chosen === undefined ? (
          <p class="panel soft chosen">{isRead ? 'Nothing has been captured yet.' : 'Reading the market ...'}</p>
        ) : (
          <>
            <section aria-labelledby="chart-title" class="panel chosen">
              <Headline symbol={chosen} row={market.get(chosen)} now={now} />
              <div class="intervals" role="group" aria-label="Interval">
                {(Object.keys(INTERVALS) as Interval[]).map((name) => (
                  <button
                    type="button"
                    key={name}
                    aria-pressed={name === interval}
                    onClick={() => {
                      setCandles(undefined);
                      setChosenInterval(name);
                    }}
                  >
                    {name}
                  </button>
                ))}
              </div>
              <CandleChart
                symbol={chosen}
                interval={interval}
                candles={candles}
                now={now}
                onAsk={(date) => {
                  setDay(date);
                  document.getElementById('calendar-title')?.scrollIntoView({ block: 'nearest' });
                }}
              />
            </section>
            <Calendar client={client} symbol={chosen} today={today} chosen={day} onChoose={setDay} />
            <CopyPanel
              address={client.address(`${candlesPath(chosen, interval)}&format=csv`)}
              needsKey={client.hasKey}
            />
          </>
        )}
      </main>
    </>
  );
}
