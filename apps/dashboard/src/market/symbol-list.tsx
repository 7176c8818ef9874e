import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ageText } from './age';
import { matching, type Market, type MarketRow } from './market-state';
import { visibleRows } from './visible-rows';

const ROW_HEIGHT = 44;

interface RowProps {
  readonly row: MarketRow;
  readonly now: number;
  readonly isChosen: boolean;
  readonly place: number;
  readonly count: number;
  readonly onChoose: (symbol: string) => void;
}

function Row({ row, now, isChosen, place, count, onChoose }: RowProps): JSX.Element {
  const { symbol, status, price, change, at } = row;
  return (
    <li aria-posinset={place} aria-setsize={count}>
      <button
        type="button"
        class="symbol-row"
        aria-pressed={isChosen}
        data-symbol={symbol}
        onClick={() => {
          onChoose(symbol);
        }}
      >
        <span class="name">
          {symbol}
          {status === 'TRADING' ? null : <em> {status}</em>}
        </span>
        <span class="price">{price ?? 'no price yet'}</span>
        <span class={`change ${change?.startsWith('-') ? 'down' : 'up'}`}>
          {change === undefined ? '' : `${change} %`}
        </span>
        <span class="age">{at === undefined ? '' : ageText(now - at)}</span>
      </button>
    </li>
  );
}

export interface SymbolListProps {
  readonly market: Market;
  readonly chosen: string | undefined;
  /** Market time, epoch milliseconds. */
  readonly now: number;
  readonly onChoose: (symbol: string) => void;
}

/** Every captured symbol with its newest price; only what is on the screen is drawn. */
export function SymbolList({ market, chosen, now, onChoose }: SymbolListProps): JSX.Element {
  const viewport = useRef<HTMLUListElement>(null);
  const [filter, setFilter] = useState('');
  const [view, setView] = useState({ top: 0, height: 600 });

  useEffect(() => {
    const element = viewport.current;
    if (!element) return undefined;
    const measure = (): void => {
      setView({ top: element.scrollTop, height: element.clientHeight });
    };
    measure();
    element.addEventListener('scroll', measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', measure);
      observer.disconnect();
    };
  }, []);

  const rows = matching(market, filter);
  const { first, end } = visibleRows(rows.length, ROW_HEIGHT, view.top, view.height);
  return (
    <section aria-labelledby="symbols-title" class="symbols">
      <h2 id="symbols-title">{market.size === 1 ? '1 symbol' : `${market.size} symbols`}</h2>
      <label>
        Find{' '}
        <input
          type="search"
          value={filter}
          onInput={({ currentTarget }) => {
            setFilter(currentTarget.value);
          }}
        />
      </label>
      <p class="columns" aria-hidden="true">
        <span>Symbol</span>
        <span>Price</span>
        <span>Rolling 24 h</span>
        <span>Age</span>
      </p>
      <ul ref={viewport} class="symbol-rows" aria-label="Symbols, newest price, change over the rolling 24 hours, age">
        <li class="spacer" aria-hidden="true" ref={heightOf(first * ROW_HEIGHT)} />
        {rows.slice(first, end).map((row, index) => (
          <Row
            key={row.symbol}
            row={row}
            now={now}
            isChosen={row.symbol === chosen}
            place={first + index + 1}
            count={rows.length}
            onChoose={onChoose}
          />
        ))}
        <li class="spacer" aria-hidden="true" ref={heightOf((rows.length - end) * ROW_HEIGHT)} />
      </ul>
    </section>
  );
}

/** Set on the element itself: the content policy allows no style attribute. */
function heightOf(pixels: number): (element: HTMLElement | null) => void {
  return (element) => {
    if (element) element.style.height = `${pixels}px`;
  };
}
