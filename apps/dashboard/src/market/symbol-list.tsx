import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ageText } from './age';
import { matching, type Market, type MarketRow } from './market-state';
import { ChangeText, PriceText } from './price-text';
import { rowAfterKey } from './row-keys';
import { visibleRows } from './visible-rows';

const ROW_HEIGHT = 44;
/** For how long a price is marked that has just become another one. */
const FRESH_MS = 1_500;

interface RowProps {
  readonly row: MarketRow;
  readonly now: number;
  readonly isChosen: boolean;
  /** The one row that the Tab key stops at; the arrow keys lead to the others. */
  readonly isTabStop: boolean;
  readonly place: number;
  readonly count: number;
  readonly onChoose: (symbol: string) => void;
  readonly onFocus: (symbol: string) => void;
}

function Row({ row, now, isChosen, isTabStop, place, count, onChoose, onFocus }: RowProps): JSX.Element {
  const { symbol, status, price, change, at, changedAt } = row;
  const isFresh = changedAt !== undefined && now - changedAt < FRESH_MS;
  return (
    <li aria-posinset={place} aria-setsize={count}>
      <button
        type="button"
        class="symbol-row"
        aria-pressed={isChosen}
        tabIndex={isTabStop ? 0 : -1}
        data-symbol={symbol}
        onClick={() => {
          onChoose(symbol);
        }}
        onFocus={() => {
          onFocus(symbol);
        }}
      >
        <span class="name">
          {symbol}
          {status === undefined || status === 'TRADING' ? null : <em>{status}</em>}
        </span>
        <span class={isFresh ? 'price fresh' : 'price'}>
          {price === undefined ? 'no price yet' : <PriceText text={price} />}
        </span>
        <ChangeText text={change} />
        <span class="age">{at === undefined ? '' : ageText(now - at)}</span>
      </button>
    </li>
  );
}

export interface SymbolListProps {
  /** Undefined until the service has told. */
  readonly market: Market | undefined;
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
  /** The row that a key led to, until it is drawn and has the focus. */
  const awaited = useRef<string | undefined>(undefined);
  const [current, setCurrent] = useState<string>();

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

  // Before anything is painted: the next key is to find the focus where this one has led it.
  useLayoutEffect(() => {
    if (awaited.current === undefined) return;
    const rows = viewport.current?.querySelectorAll<HTMLElement>('[data-symbol]') ?? [];
    const row = [...rows].find((one) => one.dataset['symbol'] === awaited.current);
    if (!row) return;
    awaited.current = undefined;
    row.focus({ preventScroll: true });
  });

  const rows = market ? matching(market, filter) : [];
  const { first, end } = visibleRows(rows.length, ROW_HEIGHT, view.top, view.height);
  const drawn = rows.slice(first, end);
  const stop = [current, chosen].find((symbol) => drawn.some((row) => row.symbol === symbol)) ?? drawn[0]?.symbol;

  const move = (event: KeyboardEvent): void => {
    const element = viewport.current;
    const place = rows.findIndex(({ symbol }) => symbol === stop);
    const target = rowAfterKey(event.key, place, rows.length, Math.max(1, Math.floor(view.height / ROW_HEIGHT) - 1));
    const symbol = target === undefined ? undefined : rows[target]?.symbol;
    if (!element || target === undefined || symbol === undefined) return;
    event.preventDefault();
    const top = target * ROW_HEIGHT;
    const lowest = Math.min(element.scrollTop, top);
    element.scrollTop = Math.max(lowest, top + ROW_HEIGHT - element.clientHeight);
    awaited.current = symbol;
    setCurrent(symbol);
  };

  const count = market?.size ?? 0;
  return (
    <section aria-labelledby="symbols-title" class="symbols panel">
      <div class="symbols-head">
        <h2 id="symbols-title">{market === undefined ? 'Symbols' : count === 1 ? '1 symbol' : `${count} symbols`}</h2>
        <label>
          <span>Find</span>
          <input
            type="search"
            value={filter}
            onInput={({ currentTarget }) => {
              setFilter(currentTarget.value);
            }}
          />
        </label>
      </div>
      <p class="columns" aria-hidden="true">
        <span>Symbol</span>
        <span>Price</span>
        <span>Rolling 24 h</span>
        <span>Age</span>
      </p>
      <ul
        ref={viewport}
        class="symbol-rows"
        aria-label="Symbols, newest price, change over the rolling 24 hours, age"
        onKeyDown={move}
      >
        <li class="spacer" aria-hidden="true" ref={heightOf(first * ROW_HEIGHT)} />
        {drawn.map((row, index) => (
          <Row
            key={row.symbol}
            row={row}
            now={now}
            isChosen={row.symbol === chosen}
            isTabStop={row.symbol === stop}
            place={first + index + 1}
            count={rows.length}
            onChoose={onChoose}
            onFocus={setCurrent}
          />
        ))}
        <li class="spacer" aria-hidden="true" ref={heightOf((rows.length - end) * ROW_HEIGHT)} />
      </ul>
      {count > 0 && rows.length === 0 ? <p class="soft">No symbol has "{filter.trim()}" in its name.</p> : null}
    </section>
  );
}

/** Set on the element itself: the content policy allows no style attribute. */
function heightOf(pixels: number): (element: HTMLElement | null) => void {
  return (element) => {
    if (element) element.style.height = `${pixels}px`;
  };
}
