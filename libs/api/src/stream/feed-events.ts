import { Injectable } from '@nestjs/common';
import {
  ChangeFeedReader,
  Clock,
  formatMillisTime,
  toCandleItem,
  toPriceEventV1,
  type CandleChange,
  type FeedPosition,
  type FeedUnit,
  type PriceChange,
  type RangeChange,
} from '@app/domain';
import { eventText, type StreamChannel, type StreamEvent, type StreamEventName } from './stream-event';

/** The symbols that a reader asked for; undefined is every one. */
export type WantedSymbols = ReadonlySet<string> | undefined;

/** What stands in front of an address in the text of an event; quotes within values are escaped. */
const ADDRESS = '"next_url":"';

/** An item of a unit that is sent. */
interface SentItem {
  readonly index: number;
  readonly symbol: string;
  readonly name: StreamEventName;
  readonly data: object;
}

/** Which channel tells of a unit; undefined where none does. */
export function channelOf({ change }: FeedUnit): StreamChannel | undefined {
  if (change.kind === 'prices') return 'prices';
  return change.kind === 'candles' || change.kind === 'history' ? 'candles' : undefined;
}

/** Where a reader is that has all of a unit. */
export function positionBehind(before: FeedPosition, unit: FeedUnit): FeedPosition {
  return {
    generation: before.generation,
    next: new Map([...before.next, [unit.feed, unit.position + 1]]),
    within: null,
    committedAt: unit.committedAt,
  };
}

/** Makes the events of write units: the rows as they are when they are sent. */
@Injectable()
export class FeedEvents {
  constructor(
    private readonly feed: ChangeFeedReader,
    private readonly clock: Clock,
  ) {}

  /** The events of a unit for a reader at `before`, who may have had its first items. */
  async of(unit: FeedUnit, before: FeedPosition, wanted?: WantedSymbols): Promise<StreamEvent[]> {
    const { within } = before;
    const first = within?.feed === unit.feed && before.next.get(unit.feed) === unit.position ? within.index : 0;
    const items = await this.items(unit, (symbol, index) => index >= first && (wanted?.has(symbol) ?? true));
    const last = unit.change.items.length - 1;
    return items.map(({ index, symbol, name, data }) => {
      const position = index === last ? positionBehind(before, unit) : positionWithin(before, unit, index + 1);
      const { id, text } = eventText(name, position, data);
      // One text serves all readers, whatever path each of them comes by.
      return name === 'history'
        ? { symbol, id, text, addressAt: text.indexOf(ADDRESS) + ADDRESS.length }
        : { symbol, id, text };
    });
  }

  private items({ change }: FeedUnit, isSent: (symbol: string, index: number) => boolean): Promise<SentItem[]> {
    if (change.kind === 'prices') return this.prices(indexed(change.items, isSent));
    if (change.kind === 'candles') return this.candles(indexed(change.items, isSent));
    if (change.kind === 'history') return Promise.resolve(indexed(change.items, isSent).map(historyItem));
    return Promise.resolve([]);
  }

  private async prices(items: readonly Indexed<PriceChange>[]): Promise<SentItem[]> {
    const events = await this.feed.priceEvents(items.map(({ item }) => item));
    return items.flatMap(({ index, item }, place) => {
      const event = events[place];
      return event ? [{ index, symbol: item.symbol, name: 'price', data: toPriceEventV1(event) }] : [];
    });
  }

  private async candles(items: readonly Indexed<CandleChange>[]): Promise<SentItem[]> {
    const minutes = await this.feed.minutes(items.map(({ item }) => item));
    const now = this.clock.now();
    return items.flatMap(({ index, item }, place) => {
      const minute = minutes[place];
      // A version that is not the newest any more is not sent: the newest comes further on.
      if (minute?.revision !== item.revision) return [];
      return [{ index, symbol: item.symbol, name: 'candle', data: toCandleItem(minute, '1m', now) }];
    });
  }
}

interface Indexed<Item> {
  readonly index: number;
  readonly item: Item;
}

function indexed<Item extends { readonly symbol: string }>(
  items: readonly Item[],
  isSent: (symbol: string, index: number) => boolean,
): Indexed<Item>[] {
  return items.flatMap((item, index) => (isSent(item.symbol, index) ? [{ index, item }] : []));
}

function positionWithin(before: FeedPosition, { feed, position }: FeedUnit, index: number): FeedPosition {
  return {
    generation: before.generation,
    next: new Map([...before.next, [feed, position]]),
    within: { feed, index },
    committedAt: before.committedAt,
  };
}

function historyItem({ index, item }: Indexed<RangeChange>): SentItem {
  const { symbol, count } = item;
  const [start, end] = [formatMillisTime(item.start), formatMillisTime(item.end)];
  const query = new URLSearchParams({ symbol, interval: '1m', start, end });
  const data = { symbol, start, end, count, next_url: `/candles?${query.toString()}` };
  return { index, symbol, name: 'history', data };
}
