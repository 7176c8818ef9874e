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
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CandleItem } from '../api/types';
import { chartPoints, priceDigits, type ChartPoint } from './chart-points';
import type { Interval } from './intervals';

type Bar = CandlestickData<UTCTimestamp> | WhitespaceData<UTCTimestamp>;

/** A coordinate on the screen; the digits that are read stay the text that the service gave. */
const coordinate = (text: string): number => Number(text);

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
  return { text: colour('--soft'), line: colour('--line'), up: colour('--up'), down: colour('--down') };
}

interface Drawn {
  readonly chart: IChartApi;
  readonly series: ISeriesApi<'Candlestick'>;
}

function draw(container: HTMLElement): Drawn {
  const chart = createChart(container, {
    autoSize: true,
    layout: { background: { color: 'transparent' }, attributionLogo: false },
    timeScale: { timeVisible: true, borderVisible: false },
    rightPriceScale: { borderVisible: false },
  });
  return { chart, series: chart.addSeries(CandlestickSeries, {}) };
}

function paint({ chart, series }: Drawn, container: Element): void {
  const { text, line, up, down } = themeOf(container);
  chart.applyOptions({ layout: { textColor: text }, grid: { vertLines: { color: line }, horzLines: { color: line } } });
  series.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false });
}

/** The candle under the pointer, or the newest, in words: what the chart shows can be read without it. */
function Reading({ candle }: { readonly candle: CandleItem | undefined }): JSX.Element {
  if (!candle) return <p class="reading">No candle here.</p>;
  const state = candle.is_final
    ? ''
    : candle.missing_minutes > 0
      ? `, ${candle.missing_minutes} minutes missing`
      : ', not over yet';
  return (
    <p class="reading">
      <time>{candle.open_time.slice(0, 16).replace('T', ' ')}</time> open <b>{candle.open}</b> high <b>{candle.high}</b>{' '}
      low <b>{candle.low}</b> close <b>{candle.close}</b> volume <b>{candle.volume}</b>
      {state}
    </p>
  );
}

export interface CandleChartProps {
  readonly symbol: string;
  readonly interval: Interval;
  readonly candles: readonly CandleItem[];
}

/** Candles with an empty place wherever there is none. Times are UTC. */
export function CandleChart({ symbol, interval, candles }: CandleChartProps): JSX.Element {
  const container = useRef<HTMLDivElement>(null);
  const drawn = useRef<Drawn | undefined>(undefined);
  const shown = useRef<Map<number, CandleItem>>(new Map());
  const fitted = useRef('');
  const [pointed, setPointed] = useState<CandleItem | undefined>();

  useEffect(() => {
    const element = container.current;
    if (!element) return undefined;
    const made = draw(element);
    drawn.current = made;
    paint(made, element);
    made.chart.subscribeCrosshairMove(({ time }) => {
      setPointed(time === undefined ? undefined : shown.current.get(time as number));
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
  }, []);

  useEffect(() => {
    if (!drawn.current) return;
    const { chart, series } = drawn.current;
    const points = chartPoints(candles, interval);
    shown.current = new Map(points.flatMap(({ time, candle }) => (candle ? [[time, candle] as const] : [])));
    const digits = priceDigits(candles);
    series.applyOptions({ priceFormat: { type: 'price', precision: digits, minMove: 10 ** -digits } });
    series.setData(points.map(toBar));
    const view = `${symbol} ${interval}`;
    if (fitted.current !== view && points.length > 0) {
      chart.timeScale().fitContent();
      fitted.current = view;
    }
  }, [candles, interval, symbol]);

  const newest = candles.at(-1);
  const holes = chartPoints(candles, interval).filter(({ candle }) => !candle).length;
  return (
    <figure class="chart">
      <Reading candle={pointed ?? newest} />
      <div
        class="chart-area"
        ref={container}
        role="img"
        aria-label={`${interval} candles of ${symbol}: ${candles.length} candles, ${holes} empty places`}
      />
      <figcaption>
        Times are UTC. Empty places are buckets without a candle. Chart by{' '}
        <a href="https://www.tradingview.com/" rel="noopener noreferrer">
          TradingView Lightweight Charts
        </a>
        .
      </figcaption>
    </figure>
  );
}
