import {
  CandlestickSeries,
  createChart,
  type CandlestickData,
  type IChartApi,
  type ISeriesApi,
  type UTCTimestamp,
  type WhitespaceData,
} from 'lightweight-charts';
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CandleItem } from '../api/types';
import { chartPoints, holesOf, LATE_SECONDS, priceDigits, type ChartPoint, type Hole } from './chart-points';
import type { Interval } from './intervals';

type Bar = CandlestickData<UTCTimestamp> | WhitespaceData<UTCTimestamp>;

/** Narrower candles cannot be told apart: what does not fit lies to the left. */
const LEAST_PIXELS_PER_CANDLE = 2.5;
const MOST_PIXELS_PER_CANDLE = 24;
/** The newest holes that are named below the chart. */
const HOLES_NAMED = 3;

/** A coordinate on the screen; the digits that are read stay the text that the service gave. */
const coordinate = (text: string): number => Number(text);

const minuteOf = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(0, 16).replace('T', ' ');

function toBar({ time, candle }: ChartPoint): Bar {
  if (!candle) return { time: time as UTCTimestamp };
  return {
    time: time as UTCTimestamp,
    open: coordinate(candle.open),
    high: coordinate(candle.high),
    low: coordinate(candle.low),
    close: coordinate(candle.close),
  };
}

/** Colours of the page's own style sheet, so that both schemes look as one. */
function themeOf(element: Element): { text: string; line: string; up: string; down: string } {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return { text: colour('--soft'), line: colour('--grid'), up: colour('--up'), down: colour('--down') };
}

interface Drawn {
  readonly chart: IChartApi;
  readonly series: ISeriesApi<'Candlestick'>;
}

function draw(container: HTMLElement): Drawn {
  const chart = createChart(container, {
    autoSize: true,
    layout: { background: { color: 'transparent' }, attributionLogo: false },
    timeScale: { timeVisible: true, borderVisible: false, maxBarSpacing: MOST_PIXELS_PER_CANDLE },
    rightPriceScale: { borderVisible: false },
    // The wheel and a finger that moves up or down scroll the page, not the chart.
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
  });
  return { chart, series: chart.addSeries(CandlestickSeries, {}) };
}

function paint({ chart, series }: Drawn, container: Element): void {
  const { text, line, up, down } = themeOf(container);
  chart.applyOptions({ layout: { textColor: text }, grid: { vertLines: { color: line }, horzLines: { color: line } } });
  series.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false });
}

function stateOf({ is_final: isFinal, missing_minutes: missing, close_time: end }: CandleItem, now: number): string {
  if (isFinal) return '';
  if (missing === 0 || Date.parse(end) + LATE_SECONDS * 1_000 > now) return 'not final yet';
  return missing === 1 ? '1 minute missing' : `${missing} minutes missing`;
}

/** The candle under the pointer, or the newest, in words: what the chart shows can be read without it. */
function Reading({ point, now }: { readonly point: ChartPoint | undefined; readonly now: number }): JSX.Element {
  if (!point) return <p class="reading soft">Reading the candles ...</p>;
  const { time, candle } = point;
  if (!candle) {
    return (
      <p class="reading">
        <time>{minuteOf(time)}</time> <span class="note">no candle</span>
      </p>
    );
  }
  const state = stateOf(candle, now);
  return (
    <p class="reading">
      <time>{minuteOf(time)}</time>
      {(['open', 'high', 'low', 'close', 'volume'] as const).map((name) => [
        ' ',
        <span key={name}>
          {name} <b>{candle[name]}</b>
        </span>,
      ])}{' '}
      {state === '' ? null : <span class="note">{state}</span>}
    </p>
  );
}

function HoleList({ holes, onAsk }: { holes: readonly Hole[]; onAsk: (date: string) => void }): JSX.Element | null {
  if (holes.length === 0) return null;
  const named = holes.slice(-HOLES_NAMED).reverse();
  const more = holes.length - named.length;
  return (
    <ul class="holes" aria-label="Empty places of the chart">
      {named.map(({ start, end }) => (
        <li key={start}>
          Empty from {minuteOf(start)} to {minuteOf(end)}{' '}
          <button
            type="button"
            onClick={() => {
              onAsk(minuteOf(start).slice(0, 10));
            }}
          >
            Why?
          </button>
        </li>
      ))}
      {more === 0 ? null : <li class="soft">and {more} more</li>}
    </ul>
  );
}

export interface CandleChartProps {
  readonly symbol: string;
  readonly interval: Interval;
  /** Undefined until the service has answered. */
  readonly candles: readonly CandleItem[] | undefined;
  /** Market time, epoch milliseconds. */
  readonly now: number;
  /** Asks what became of a UTC date. */
  readonly onAsk: (date: string) => void;
}

/** Candles with an empty place wherever there is none. Times are UTC. */
export function CandleChart({ symbol, interval, candles, now, onAsk }: CandleChartProps): JSX.Element {
  const container = useRef<HTMLDivElement>(null);
  const drawn = useRef<Drawn | undefined>(undefined);
  const fitted = useRef('');
  const hasCandles = useRef(false);
  if (candles) hasCandles.current = true;
  const [pointedAt, setPointedAt] = useState<number>();

  const minute = Math.floor(now / 60_000) * 60;
  const points = useMemo(() => chartPoints(candles ?? [], interval, minute), [candles, interval, minute]);
  const holes = useMemo(() => holesOf(points, interval), [points, interval]);

  useEffect(() => {
    const element = container.current;
    // Drawn empty before, it would be drawn twice before the first candle is seen.
    if (!element || !hasCandles.current) return undefined;
    const made = draw(element);
    drawn.current = made;
    paint(made, element);
    made.chart.subscribeCrosshairMove(({ time }) => {
      setPointedAt(time as number | undefined);
    });
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const repaint = (): void => {
      paint(made, element);
    };
    scheme.addEventListener('change', repaint);
    return () => {
      scheme.removeEventListener('change', repaint);
      drawn.current = undefined;
      made.chart.remove();
    };
  }, [hasCandles.current]);

  useEffect(() => {
    if (!drawn.current) return;
    const { chart, series } = drawn.current;
    const digits = priceDigits(candles ?? []);
    series.applyOptions({ priceFormat: { type: 'price', precision: digits, minMove: 10 ** -digits } });
    series.setData(points.map(toBar));
    const view = `${symbol} ${interval}`;
    if (fitted.current !== view && points.length > 0) {
      const fitting = Math.floor(chart.timeScale().width() / LEAST_PIXELS_PER_CANDLE);
      if (fitting < points.length) {
        chart.timeScale().setVisibleLogicalRange({ from: points.length - fitting, to: points.length });
      } else {
        chart.timeScale().fitContent();
      }
      fitted.current = view;
    }
  }, [points, candles, interval, symbol]);

  const pointed = points.findIndex(({ time }) => time === pointedAt);
  const shown = pointed === -1 ? points.length - 1 : pointed;
  const step = (place: number): void => {
    const point = points[place];
    if (!point || !drawn.current) return;
    const { chart, series } = drawn.current;
    const price = point.candle ?? points.findLast(({ candle }) => candle)?.candle;
    chart.setCrosshairPosition(coordinate(price?.close ?? '0'), point.time as UTCTimestamp, series);
    setPointedAt(point.time);
  };
  return (
    <figure class="chart">
      {candles?.length === 0 ? (
        <p class="reading soft">No candle of {symbol} is stored yet.</p>
      ) : (
        <Reading point={points[shown]} now={now} />
      )}
      <div
        class="chart-area"
        ref={container}
        role="img"
        aria-label={`${interval} candles of ${symbol}: ${candles?.length ?? 0} candles, ${points.filter(({ candle }) => !candle).length} empty places`}
      />
      <input
        type="range"
        class="steps"
        aria-label="Step through the candles"
        aria-valuetext={points[shown] ? minuteOf(points[shown].time) : 'no candle'}
        min={0}
        max={Math.max(0, points.length - 1)}
        value={Math.max(0, shown)}
        disabled={points.length === 0}
        onInput={({ currentTarget }) => {
          step(Number(currentTarget.value));
        }}
      />
      <HoleList holes={holes} onAsk={onAsk} />
      <figcaption>
        Times are UTC. Empty places have no candle. Chart by{' '}
        <a href="https://www.tradingview.com/" rel="noopener noreferrer">
          TradingView Lightweight Charts
        </a>
        .
      </figcaption>
    </figure>
  );
}
