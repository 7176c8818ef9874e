import { MINUTE } from '../time';
import type { CandleChange, Change, ChangeKind, PriceChange, RangeChange } from './change';
import { VarintReader, VarintWriter } from './varint-bytes';

/**
 * The keys of a change as bytes: about ten a price event, less for a row of minutes of one symbol. Each item is told by
 * what differs from the one before it: a poll's events share their time and source, a catch-up's minutes their symbol.
 */
export function packChange(change: Change): Buffer {
  const writer = new VarintWriter();
  const texts = new TextDeltas();
  let before = 0;
  if (change.kind === 'prices') {
    for (const { symbol, timestamp, source } of change.items) {
      writer.text(symbol);
      writer.signed(timestamp - before);
      writer.text(texts.encode(source));
      before = timestamp;
    }
  } else if (change.kind === 'candles') {
    for (const { symbol, openTime, revision } of change.items) {
      const minute = Math.floor(openTime / MINUTE);
      writer.text(texts.encode(symbol));
      writer.signed(minute - before);
      // Some old candles open off the full minute.
      writer.unsigned(openTime - minute * MINUTE);
      writer.unsigned(revision);
      before = minute;
    }
  } else {
    for (const { symbol, start, end, count } of change.items) {
      writer.text(symbol);
      writer.unsigned(start);
      writer.unsigned(end - start);
      writer.unsigned(count);
    }
  }
  return writer.written;
}

/** The change that {@link packChange} packed. @throws RangeError where the bytes are none of it */
export function unpackChange(kind: ChangeKind, bytes: Buffer): Change {
  const reader = new VarintReader(bytes);
  if (kind === 'prices') return { kind, items: unpackPrices(reader) };
  if (kind === 'candles') return { kind, items: unpackCandles(reader) };
  return { kind, items: unpackRanges(reader) };
}

/** The empty text stands for "as before": no symbol and no source is empty. */
class TextDeltas {
  private last = '';

  encode(text: string): string {
    if (text === this.last) return '';
    this.last = text;
    return text;
  }

  decode(text: string): string {
    if (text !== '') this.last = text;
    return this.last;
  }
}

function unpackPrices(reader: VarintReader): PriceChange[] {
  const items: PriceChange[] = [];
  const sources = new TextDeltas();
  let time = 0;
  while (!reader.ended) {
    const symbol = reader.text();
    time += reader.signed();
    items.push({ symbol, timestamp: time, source: sources.decode(reader.text()) });
  }
  return items;
}

function unpackCandles(reader: VarintReader): CandleChange[] {
  const items: CandleChange[] = [];
  const symbols = new TextDeltas();
  let minute = 0;
  while (!reader.ended) {
    const symbol = symbols.decode(reader.text());
    minute += reader.signed();
    const openTime = minute * MINUTE + reader.unsigned();
    items.push({ symbol, openTime, revision: reader.unsigned() });
  }
  return items;
}

function unpackRanges(reader: VarintReader): RangeChange[] {
  const items: RangeChange[] = [];
  while (!reader.ended) {
    const symbol = reader.text();
    const start = reader.unsigned();
    items.push({ symbol, start, end: start + reader.unsigned(), count: reader.unsigned() });
  }
  return items;
}
