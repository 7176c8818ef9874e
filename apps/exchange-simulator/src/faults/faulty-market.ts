import { DAY, MINUTE, type Interval } from '../market/interval';
import {
  Market,
  type AggTrade,
  type AggTradeQuery,
  type Candle,
  type Instrument,
  type KlineQuery,
  type NewListing,
  type Stop,
  type SymbolStatus,
  type Ticker,
  type TimeSpan,
} from '../market/market';
import { rollUp } from '../market/roll-up';
import type { FaultOf } from './fault';
import type { FaultRegistry } from './fault-registry';
import { oneStepMore } from './one-step-more';

const PAGE = 1_000;

/** What the active faults do to one symbol's klines. */
interface Disturbance {
  readonly absent: readonly TimeSpan[];
  /** Open times of revised minutes. */
  readonly revised: readonly number[];
  readonly staleRows: number;
  readonly lateMilliseconds: number;
}

/** One for each of its days. */
function stopsOf({ symbol, start, end, days }: FaultOf<'stop'>): Stop[] {
  return Array.from({ length: days }, (_, day) => ({ symbol, start: start + day * DAY, end: end + day * DAY }));
}

/** A market with the faults of the registry laid over it; without any it is the market itself. */
export class FaultyMarket extends Market {
  constructor(
    private readonly market: Market,
    private readonly faults: FaultRegistry,
  ) {
    super();
    faults.onReplaced(() => {
      market.setStops(faults.of('stop').flatMap(stopsOf));
      market.setNewListings(
        faults.of('list').map(({ base_asset: baseAsset, quote_asset: quoteAsset, start: listedAt }) => ({
          baseAsset,
          quoteAsset,
          listedAt,
        })),
      );
    });
  }

  get origin(): string {
    return this.market.origin;
  }

  instruments(now: number, among?: ReadonlySet<string>): readonly Instrument[] {
    const listed = this.market.instruments(now, among);
    return this.faults.of('delist').length === 0
      ? listed
      : listed.filter(({ symbol }) => !this.isDelisted(symbol, now));
  }

  find(symbol: string, now: number): Instrument | undefined {
    return this.isDelisted(symbol, now) ? undefined : this.market.find(symbol, now);
  }

  status(symbol: string, now: number): SymbolStatus {
    return this.market.status(symbol, now);
  }

  refusal(interval: Interval, offset: number): 'interval' | 'timeZone' | undefined {
    return this.market.refusal(interval, offset);
  }

  /** Trades are the market's own: what `revise` and `absent` do to klines they do not show. */
  aggTrades(query: AggTradeQuery, now: number): AggTrade[] | undefined {
    const ofSymbol = (fault: { symbol: string }): boolean => fault.symbol === query.symbol;
    const floor = Math.max(
      0,
      ...this.faults
        .of('trade-id-floor')
        .filter(ofSymbol)
        .map((fault) => fault.first_id),
    );
    const invalid = this.faults.of('invalid-trades').filter(ofSymbol);
    const fromId = query.fromId === undefined ? undefined : Math.max(query.fromId, floor);
    return this.market
      .aggTrades({ ...query, fromId }, now)
      ?.filter(({ id }) => id >= floor)
      .map((trade) =>
        invalid.some(({ every }) => trade.id % every === 0)
          ? { ...trade, price: '0', quantity: '0', firstTradeId: -1, lastTradeId: -1 }
          : trade,
      );
  }

  ticker(symbol: string, now: number): Ticker | undefined {
    return this.market.ticker(symbol, now);
  }

  setStops(stops: readonly Stop[]): void {
    this.market.setStops(stops);
  }

  setNewListings(listings: readonly NewListing[]): void {
    this.market.setNewListings(listings);
  }

  klines(query: KlineQuery, now: number): Candle[] {
    const disturbance = this.disturbanceOf(query.symbol);
    if (disturbance === undefined) {
      return this.market.klines(query, now);
    }
    let { start, end } = query;
    if (disturbance.staleRows > 0) {
      end = Math.min(end ?? Infinity, this.lastFreshMoment(query, disturbance.staleRows, now));
    }
    // Rows may fall out, so more are asked for until the limit is reached or the market has no more.
    const forward = start !== undefined;
    let rows: Candle[] = [];
    for (;;) {
      const wanted = query.limit - rows.length;
      const page = this.market.klines({ ...query, start, end, limit: wanted }, now);
      const kept = page.flatMap((row) => this.disturbed(row, query, disturbance, now) ?? []);
      rows = forward ? [...rows, ...kept] : [...kept, ...rows];
      if (page.length < wanted || rows.length >= query.limit) {
        return rows;
      }
      if (forward) {
        start = (page.at(-1)?.openTime ?? 0) + 1;
      } else {
        end = (page[0]?.openTime ?? 0) - 1;
      }
    }
  }

  private isDelisted(symbol: string, now: number): boolean {
    return this.faults
      .of('delist')
      .some(({ symbol: of, start, end = Infinity }) => of === symbol && start <= now && now < end);
  }

  private disturbanceOf(symbol: string): Disturbance | undefined {
    const here = (fault: { symbol?: string | undefined }): boolean =>
      fault.symbol === undefined || fault.symbol === symbol;
    const absent = this.faults.of('absent').filter(here);
    const revised = this.faults.of('revise').filter(here);
    const stale = this.faults.of('stale').filter(here);
    const late = this.faults.of('forming-late').filter(here);
    if (absent.length + revised.length + stale.length + late.length === 0) {
      return undefined;
    }
    return {
      absent,
      revised: revised.map((fault) => fault.open_time),
      staleRows: Math.max(0, ...stale.map((fault) => fault.rows)),
      lateMilliseconds: 1_000 * Math.max(0, ...late.map((fault) => fault.seconds)),
    };
  }

  /** The last moment before the newest `rows` closed klines open. */
  private lastFreshMoment(query: KlineQuery, rows: number, now: number): number {
    const newest = this.market.klines({ ...query, start: undefined, end: undefined, limit: rows + 1 }, now);
    const closed = newest.filter((row) => row.closeTime < now);
    return ((closed.at(-rows) ?? newest[0])?.openTime ?? 0) - 1;
  }

  private disturbed(row: Candle, query: KlineQuery, disturbance: Disturbance, now: number): Candle | undefined {
    const { absent, revised, lateMilliseconds } = disturbance;
    const touched =
      absent.some(({ start, end }) => start <= row.closeTime && row.openTime < end) ||
      revised.some((minute) => minute <= row.closeTime && row.openTime < minute + MINUTE);
    const sinceClose = now - row.closeTime - 1;
    const changed = touched ? this.recomputed(row, query, disturbance, now) : row;
    const late = sinceClose >= 0 && sinceClose < lateMilliseconds;
    return late && changed !== undefined ? this.oneStepMore(changed, now, query.symbol) : changed;
  }

  /** The row made anew from the minutes that are left of it. */
  private recomputed(
    row: Candle,
    query: KlineQuery,
    { absent, revised }: Disturbance,
    now: number,
  ): Candle | undefined {
    const isAbsent = (time: number): boolean => absent.some(({ start, end }) => start <= time && time < end);
    if (query.interval === '1s') {
      if (isAbsent(row.openTime)) {
        return undefined;
      }
      return revised.some((minute) => this.carriesRevision(row, minute, query.symbol, now))
        ? this.oneStepMore(row, now, query.symbol)
        : row;
    }
    const minutes = this.minutesOf(query.symbol, row, now);
    if (minutes.length === 0) {
      // A recording without minutes here: only the row itself can differ.
      return revised.length > 0 ? this.oneStepMore(row, now, query.symbol) : row;
    }
    const left = minutes
      .filter((minute) => !isAbsent(minute.openTime))
      .map((minute) =>
        revised.includes(minute.openTime) && minute.closeTime < now
          ? this.oneStepMore(minute, now, query.symbol)
          : minute,
      );
    return rollUp(left, row.openTime, row.closeTime);
  }

  /** In seconds, a revised minute differs in its last second with a trade, or its very last. */
  private carriesRevision(row: Candle, minute: number, symbol: string, now: number): boolean {
    if (now < minute + MINUTE) {
      return false;
    }
    const seconds = this.market.klines(
      { symbol, interval: '1s', offset: 0, start: minute, end: minute + MINUTE - 1, limit: 60 },
      now,
    );
    const carrier = seconds.findLast((second) => second.tradeCount > 0) ?? seconds.at(-1);
    return carrier?.openTime === row.openTime;
  }

  private minutesOf(symbol: string, row: Candle, now: number): Candle[] {
    const minutes: Candle[] = [];
    for (let start = row.openTime; ;) {
      const page = this.market.klines(
        { symbol, interval: '1m', offset: 0, start, end: row.closeTime, limit: PAGE },
        now,
      );
      minutes.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) {
        return minutes;
      }
      start = last.openTime + 1;
    }
  }

  private oneStepMore(row: Candle, now: number, symbol: string): Candle {
    return oneStepMore(row, this.market.find(symbol, now));
  }
}
