import { MINUTE } from '../time';
import type { CandleChange, Change, ChangeKind, PriceChange, RangeChange } from './change';
import { VarintReader, VarintWriter } from './varint-bytes';

/**
 * The keys of a change as bytes: about ten a price event, less for a row of minutes of one symbol. Each item is told by
 * what differs from the one before it: a poll's events share their time and source, a catch-up's minutes their symbol.
 */
export function packChange(change: Change): Buffer {
  const writer = new VarintWriter();
  if (change.kind === 'prices') packPrices(writer, change.items);
  else if (change.kind === 'candles') packCandles(writer, change.items);
  else packRanges(writer, change.items);
  return writer.done();
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

function packPrices(writer: VarintWriter, items: readonly PriceChange[]): void {
  const sources = new TextDeltas();
  let time = 0;
  for (const { symbol, timestamp, source } of items) {
    writer.text(symbol);
    writer.signed(timestamp - time);
    writer.text(sources.encode(source));
    time = timestamp;
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

function packCandles(writer: VarintWriter, items: readonly CandleChange[]): void {
  const symbols = new TextDeltas();
  let minute = 0;
  for (const { symbol, openTime, revision } of items) {
    writer.text(symbols.encode(symbol));
    const next = Math.floor(openTime / MINUTE);
    writer.signed(next - minute);
    // Some old candles open off the full minute.
    writer.unsigned(openTime - next * MINUTE);
    writer.unsigned(revision);
    minute = next;
  }
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

function packRanges(writer: VarintWriter, items: readonly RangeChange[]): void {
  for (const { symbol, start, end, count } of items) {
    writer.text(symbol);
    writer.unsigned(start);
    writer.unsigned(end - start);
    writer.unsigned(count);
  }
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
