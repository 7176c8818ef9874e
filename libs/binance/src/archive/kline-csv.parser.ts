import {
  AMOUNT_RULE,
  ARCHIVE_SOURCE,
  ArchiveError,
  MILLISECOND,
  MINUTE,
  floorTo,
  type EpochMicros,
  type MinuteCandle,
} from '@app/domain';
import { faultOf, type BrokenRow } from '../mappers/broken-row';
import { closeTimeFault, COUNT_RULE, KLINE_COLUMNS, TIME_RULE } from '../mappers/kline-row';
import { readVenueTime } from '../mappers/venue-time';
import { readFirstLine, WANTED_COLUMNS } from './kline-csv-columns';

const OPEN_TIME = 0;
const CLOSE_TIME = 6;
const TRADE_COUNT = 8;
/** Without meaning; whatever stands in it is passed over. */
const IGNORED = 11;

/** Digits before and behind the point that {@link AMOUNT_RULE} admits. */
const MOST_DIGITS = 24;
const MOST_FRACTION_DIGITS = 8;
/** The longest line of twelve such fields, generously; a file without line breaks is not held in memory. */
const LONGEST_LINE = 2_048;

/** Nothing was traded before: a smaller number counts seconds or rows. */
const EARLIEST: EpochMicros = Date.UTC(2009, 0, 1) * MILLISECOND;

/** A large number as spreadsheets show it, and save it. */
const ROUNDED = /^\d[.,]?\d*E\+\d+$/i;

const CARRIAGE_RETURN = 13;
/** Of UTF-8, each byte as one character. */
const BYTE_ORDER_MARK = '\xef\xbb\xbf';
/** Of UTF-16, in either order. */
const UTF_16 = /^(?:\xff\xfe|\xfe\xff)/;

const COMMA = 44;
const POINT = 46;
const DIGIT_0 = 48;
const DIGIT_9 = 57;

/** A row of a file as it was judged. */
export type FileRow = MinuteCandle | BrokenRow;

export interface KlineCsvOptions {
  /** Name of the file, for messages. */
  readonly file: string;
  readonly symbol: string;
  readonly capturedAt: EpochMicros;
  /** Whether it is known to be of the spot market, so that its header is no sign of another. */
  readonly isKnownSpot: boolean;
}

/**
 * Reads the archive's CSV piece by piece: twelve columns, with or without a header line, times in milliseconds or
 * microseconds by the magnitude of each. Decimals are checked and kept as text. Rows are judged one by one: one that
 * breaks the contract is handed on as such, and the others are read.
 */
export class KlineCsvParser {
  private rest = '';
  private line = 0;
  private emptyLine = 0;
  private readonly fields: string[] = KLINE_COLUMNS.map(() => '');

  constructor(private readonly options: KlineCsvOptions) {}

  /** The rows that this piece completes. @throws ArchiveError for what is no table of klines */
  push(chunk: Buffer): FileRow[] {
    // Every byte becomes one character: what is not ASCII fails the checks below.
    const text = chunk.toString('latin1');
    const rows: FileRow[] = [];
    let start = 0;
    if (this.rest !== '') {
      start = text.indexOf('\n') + 1;
      const line = this.rest + (start === 0 ? text : text.slice(0, start - 1));
      if (start === 0) return this.keep(line);
      this.rest = '';
      this.readLine(line, 0, line.length, rows);
    }
    for (let end = text.indexOf('\n', start); end >= 0; end = text.indexOf('\n', start)) {
      this.readLine(text, start, end, rows);
      start = end + 1;
    }
    this.keep(text.slice(start));
    return rows;
  }

  /** The row after the last line break, where there is one. @throws ArchiveError for what is no table of klines */
  end(): FileRow[] {
    if (this.rest === '') return [];
    const rows: FileRow[] = [];
    this.readLine(this.rest, 0, this.rest.length, rows);
    return rows.map((row) =>
      'fault' in row ? { ...row, fault: `the file ends in the middle of it: ${row.fault}` } : row,
    );
  }

  /** Keeps the start of a line for the next piece. */
  private keep(rest: string): FileRow[] {
    if (rest.length > LONGEST_LINE) {
      const line = this.line + 1;
      throw new ArchiveError(
        'malformed',
        `${this.options.file}: line ${line} is longer than ${LONGEST_LINE} characters`,
      );
    }
    this.rest = rest;
    return [];
  }

  private readLine(text: string, lineStart: number, lineEnd: number, rows: FileRow[]): void {
    this.line += 1;
    const isMarked = this.line === 1 && text.startsWith(BYTE_ORDER_MARK, lineStart);
    const start = isMarked ? lineStart + BYTE_ORDER_MARK.length : lineStart;
    const end = lineEnd > start && text.charCodeAt(lineEnd - 1) === CARRIAGE_RETURN ? lineEnd - 1 : lineEnd;
    if (end === start) {
      this.emptyLine = this.emptyLine === 0 ? this.line : this.emptyLine;
      return;
    }
    if (this.emptyLine > 0) {
      rows.push({ openTime: undefined, fault: `it is an empty line; line ${this.emptyLine}` });
      this.emptyLine = 0;
    }
    if (this.line === 1 && this.isHeader(text.slice(start, end))) return;
    const fault = this.split(text, start, end);
    const row = fault === undefined ? this.toCandle() : { openTime: this.openTime(), fault };
    rows.push('fault' in row ? { ...row, fault: `${row.fault}; line ${this.line}` } : row);
  }

  /** @throws ArchiveError for the first line of a table with other columns, or of no table */
  private isHeader(line: string): boolean {
    if (UTF_16.test(line)) throw this.unsupported('is in UTF-16; save the file as UTF-8 or plain ASCII');
    const first = readFirstLine(line);
    if (first.kind === 'other') throw this.unsupported(`${first.what}; ${WANTED_COLUMNS}`);
    if (first.kind === 'row') return false;
    if (first.isOfFutures && !this.options.isKnownSpot) {
      throw this.unsupported(
        'is the header of the files of the futures market; files of the spot market have none, and only those are stored',
      );
    }
    return true;
  }

  /** Takes a line apart into its twelve fields; returns what is wrong with one of them as a number. */
  private split(text: string, start: number, end: number): string | undefined {
    this.fields[OPEN_TIME] = '';
    let column = 0;
    let fieldStart = start;
    let point = -1;
    for (let index = start; index <= end; index += 1) {
      const code = index === end ? COMMA : text.charCodeAt(index);
      if (code >= DIGIT_0 && code <= DIGIT_9) continue;
      if (code === POINT && point < 0 && index > fieldStart) {
        point = index;
      } else if (code === COMMA && isNumber(text, fieldStart, point, index)) {
        this.fields[column] = text.slice(fieldStart, index);
        column += 1;
        if (column === IGNORED && index < end) return this.checkLast(text, index + 1, start, end);
        fieldStart = index + 1;
        point = -1;
      } else {
        const comma = text.indexOf(',', fieldStart);
        const value = text.slice(fieldStart, comma < 0 ? end : Math.min(comma, end));
        const fault = faultOf(KLINE_COLUMNS[column] ?? '', value, ruleOf(column));
        return ROUNDED.test(value) ? `${fault} (a spreadsheet has rounded it: its other digits are lost)` : fault;
      }
    }
    // Of a line that ends in its first field, nothing tells whether that is all of the time.
    if (column <= 1) this.fields[OPEN_TIME] = '';
    return `it has ${column} columns, not ${KLINE_COLUMNS.length}; ${WANTED_COLUMNS}`;
  }

  private checkLast(text: string, fieldStart: number, start: number, end: number): string | undefined {
    const comma = text.indexOf(',', fieldStart);
    if (comma < 0 || comma >= end) return undefined;
    const columns = text.slice(start, end).split(',').length;
    return `it has ${columns} columns, not ${KLINE_COLUMNS.length}; ${WANTED_COLUMNS}`;
  }

  private toCandle(): FileRow {
    const field = (column: number): string => this.fields[column] ?? '';
    const openTime = this.openTime();
    const wrong = (column: number): BrokenRow => ({
      openTime,
      fault: faultOf(KLINE_COLUMNS[column] ?? '', field(column), ruleOf(column)),
    });
    if (openTime === undefined) return wrong(OPEN_TIME);
    const closeTime = readTime(field(CLOSE_TIME));
    if (closeTime === undefined) return wrong(CLOSE_TIME);
    const misfit = closeTimeFault(openTime, floorTo(closeTime, MILLISECOND), MINUTE);
    if (misfit !== undefined) return { openTime, fault: misfit };
    const tradeCount = Number(field(TRADE_COUNT));
    if (!Number.isSafeInteger(tradeCount) || field(TRADE_COUNT).includes('.')) return wrong(TRADE_COUNT);
    return {
      symbol: this.options.symbol,
      openTime,
      closeTime: floorTo(closeTime, MILLISECOND),
      open: field(1),
      high: field(2),
      low: field(3),
      close: field(4),
      volume: field(5),
      quoteVolume: field(7),
      tradeCount,
      takerBuyVolume: field(9),
      takerBuyQuoteVolume: field(10),
      source: ARCHIVE_SOURCE,
      capturedAt: this.options.capturedAt,
    };
  }

  private openTime(): EpochMicros | undefined {
    return readTime(this.fields[OPEN_TIME] ?? '');
  }

  /** A good file, perhaps, but of something else. */
  private unsupported(what: string): ArchiveError {
    return new ArchiveError('unsupported', `${this.options.file}: line ${this.line} ${what}`);
  }
}

/** Whether the field from `start` to `end`, which has digits and one point at most, is a number that is accepted. */
function isNumber(text: string, start: number, point: number, end: number): boolean {
  const whole = (point < 0 ? end : point) - start;
  if (whole < 1 || whole > MOST_DIGITS || (whole > 1 && text.charCodeAt(start) === DIGIT_0)) return false;
  return point < 0 || (point < end - 1 && end - point - 1 <= MOST_FRACTION_DIGITS);
}

function ruleOf(column: number): string {
  if (column === TRADE_COUNT) return COUNT_RULE;
  return column === OPEN_TIME || column === CLOSE_TIME ? TIME_RULE : AMOUNT_RULE;
}

function readTime(text: string): EpochMicros | undefined {
  const time = text === '' || text.includes('.') ? undefined : readVenueTime(Number(text));
  return time !== undefined && time >= EARLIEST ? time : undefined;
}
