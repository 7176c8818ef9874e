import type { CheckedEvent, EpochMicros, MinuteCandle, TimeRange } from '@app/domain';
import { CANDLE_REPEATS, CANDLE_REVISIONS, CANDLES_1M, captureOf } from '../kinds/candle-tables';
import type { KindHistory } from '../kinds/kind-history';
import { ask, inRanges, type Inquiry } from '../rows/unit';

/** A capture of a key: what a line says, a row as it is, or a version of it that was superseded or only repeated another. */
export interface RowCapture {
  readonly symbol: string;
  /** Open time, or time of the event. */
  readonly time: EpochMicros;
  readonly capturedAt: EpochMicros;
  readonly source: string;
  /** Everything that was captured, as one text. */
  readonly content: string;
  /** A later capture with the same numbers that was kept without a line, as earlier versions of this program did. */
  readonly isUnrecorded: boolean;
}

/** Times of the first row of a symbol and of the last. */
export interface RowSpan {
  readonly first: EpochMicros;
  readonly last: EpochMicros;
}

type Fields = Readonly<Record<string, unknown>>;

/** Says of a row whether a line tells of it, where a table does not have them all. */
const RECORDED = 'recorded';

function contentIn({ content }: KindHistory, fields: Fields): string {
  return content.map((field) => fields[field]).join(' ');
}

/** The row that an event makes. */
export function captureOfEvent({ kind, event }: CheckedEvent, history: KindHistory): RowCapture {
  const content = contentIn(history, event as Fields);
  return { ...kind.keyOf(event), capturedAt: kind.capturedAt(event), content, isUnrecorded: false };
}

/** Whether two captures of one symbol are the same: an altered number makes another one, and so does another stamp. */
export function captureIdentity({ time, capturedAt, source, content }: RowCapture): string {
  return `${time} ${capturedAt} ${source} ${content}`;
}

/** Undefined where a symbol has no row. */
export function* rowSpan({ rows, time }: KindHistory, symbol: string): Inquiry<RowSpan | undefined> {
  const ends = (['first', 'last'] as const).map((only) => ({ prefix: [symbol], only }));
  const [[first, last]] = yield* ask(inRanges(rows, ends));
  const timeOf = (found: readonly object[] = []): unknown => (found[0] as Fields | undefined)?.[time];
  const [from, to] = [timeOf(first), timeOf(last)];
  return typeof from === 'number' && typeof to === 'number' ? { first: from, last: to } : undefined;
}

/** All that tables hold of a symbol in a range. */
export function* capturesIn(history: KindHistory, symbol: string, { start, end }: TimeRange): Inquiry<RowCapture[]> {
  const range = { prefix: [symbol], from: start, until: end };
  const answers = yield* ask(...[history.rows, ...history.captures].map((table) => inRanges(table, [range])));
  return answers.flat(2).map((row) => {
    const fields = row as Fields;
    return {
      symbol,
      time: fields[history.time] as EpochMicros,
      capturedAt: fields[history.capturedAt] as EpochMicros,
      source: fields['source'] as string,
      content: contentIn(history, fields),
      isUnrecorded: fields[RECORDED] === false,
    };
  });
}

/** Captures of a symbol's minutes that were made at one time, in the order of their minutes. */
export function* minutesCapturedAt(
  symbol: string,
  { start, end }: TimeRange,
  capturedAt: EpochMicros,
): Inquiry<MinuteCandle[]> {
  const stamp = { field: 'capturedAt', from: capturedAt, until: capturedAt + 1 };
  const ranges = [{ prefix: [symbol], from: start, until: end, having: stamp }];
  const answers = yield* ask(
    inRanges(CANDLES_1M, ranges),
    inRanges(CANDLE_REVISIONS, ranges),
    inRanges(CANDLE_REPEATS, ranges),
  );
  return answers
    .flatMap(([rows = []]): readonly MinuteCandle[] => rows)
    .map(captureOf)
    .sort((a, b) => a.openTime - b.openTime);
}
