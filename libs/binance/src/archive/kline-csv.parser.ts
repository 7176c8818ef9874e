import { ARCHIVE_SOURCE, ArchiveError, MILLISECOND, floorTo, type EpochMicros, type MinuteCandle } from '@app/domain';
import { readVenueTime } from '../mappers/venue-time';
import { COLUMNS, readFirstLine, WANTED_COLUMNS } from './kline-csv-columns';

const OPEN_TIME = 0;
const CLOSE_TIME = 6;
const TRADE_COUNT = 8;
/** Without meaning; whatever stands in it is passed over. */
const IGNORED = 11;

/** As `isDecimalText`: the exchange's own numbers have at most 28 characters. */
const LONGEST_FIELD = 64;
/** The longest line of twelve such fields, generously; a file without line breaks is not held in memory. */
const LONGEST_LINE = 2_048;

const CARRIAGE_RETURN = 13;
/** Of UTF-8, each byte as one character. */
const BYTE_ORDER_MARK = '\xef\xbb\xbf';
/** Of UTF-16, in either order. */
const UTF_16 = /^(?:\xff\xfe|\xfe\xff)/;

const COMMA = 44;
const POINT = 46;
const DIGIT_0 = 48;
const DIGIT_9 = 57;

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
 * microseconds by the magnitude of each. Decimals are checked and kept as text. One row that cannot be read spoils the
 * file: passing over it would lose a minute without a trace.
 */
export class KlineCsvParser {
  private rest = '';
  private line = 0;
  private emptyLine = 0;
  private readonly fields: string[] = COLUMNS.map(() => '');

  constructor(private readonly options: KlineCsvOptions) {}

  /** The rows that this piece completes. @throws ArchiveError naming line, column and value */
  push(chunk: Buffer): MinuteCandle[] {
    // Every byte becomes one character: what is not ASCII fails the checks below.
    const text = chunk.toString('latin1');
    const rows: MinuteCandle[] = [];
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

  /** The row after the last line break, where there is one. @throws ArchiveError `truncated` when it is incomplete */
  end(): MinuteCandle[] {
    if (this.rest === '') return [];
    const rows: MinuteCandle[] = [];
    try {
      this.readLine(this.rest, 0, this.rest.length, rows);
    } catch (cause) {
      if (cause instanceof ArchiveError && cause.failure === 'unsupported') throw cause;
      const { file } = this.options;
      throw new ArchiveError('truncated', `${file} ends in the middle of line ${this.line}`, { cause });
    }
    return rows;
  }

  /** Keeps the start of a line for the next piece. */
  private keep(rest: string): MinuteCandle[] {
    if (rest.length > LONGEST_LINE) throw this.malformed(`is longer than ${LONGEST_LINE} characters`, 1);
    this.rest = rest;
    return [];
  }

  private readLine(text: string, lineStart: number, lineEnd: number, rows: MinuteCandle[]): void {
    this.line += 1;
    const isMarked = this.line === 1 && text.startsWith(BYTE_ORDER_MARK, lineStart);
    const start = isMarked ? lineStart + BYTE_ORDER_MARK.length : lineStart;
    const end = lineEnd > start && text.charCodeAt(lineEnd - 1) === CARRIAGE_RETURN ? lineEnd - 1 : lineEnd;
    if (end === start) {
      this.emptyLine = this.emptyLine === 0 ? this.line : this.emptyLine;
      return;
    }
    if (this.emptyLine > 0) throw this.malformed('comes after an empty line');
    if (this.line === 1 && this.isHeader(text.slice(start, end))) return;
    this.split(text, start, end);
    rows.push(this.toCandle());
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

  /** Takes a line apart into its twelve fields, and checks each but the last for being a plain number. */
  private split(text: string, start: number, end: number): void {
    let column = 0;
    let fieldStart = start;
    let point = -1;
    for (let index = start; index <= end; index += 1) {
      const code = index === end ? COMMA : text.charCodeAt(index);
      if (code >= DIGIT_0 && code <= DIGIT_9) continue;
      if (code === POINT && point < 0 && index > fieldStart) {
        point = index;
      } else if (code === COMMA && index > fieldStart && point !== index - 1 && index - fieldStart <= LONGEST_FIELD) {
        this.fields[column] = text.slice(fieldStart, index);
        column += 1;
        if (column === IGNORED && index < end) {
          this.checkLast(text, index + 1, start, end);
          return;
        }
        fieldStart = index + 1;
        point = -1;
      } else {
        const comma = text.indexOf(',', fieldStart);
        const value = text.slice(fieldStart, comma < 0 ? end : Math.min(comma, end));
        throw this.malformed(`has ${JSON.stringify(value.slice(0, 80))} as ${COLUMNS[column] ?? ''}, not a number`);
      }
    }
    throw this.malformed(`has ${column} columns, not ${COLUMNS.length}; ${WANTED_COLUMNS}`);
  }

  private checkLast(text: string, fieldStart: number, start: number, end: number): void {
    const comma = text.indexOf(',', fieldStart);
    if (comma < 0 || comma >= end) return;
    const columns = text.slice(start, end).split(',').length;
    throw this.malformed(`has ${columns} columns, not ${COLUMNS.length}; ${WANTED_COLUMNS}`);
  }

  private toCandle(): MinuteCandle {
    const field = (column: number): string => this.fields[column] ?? '';
    const openTime = this.time(OPEN_TIME);
    const closeTime = floorTo(this.time(CLOSE_TIME), MILLISECOND);
    const tradeCount = Number(field(TRADE_COUNT));
    if (!Number.isSafeInteger(tradeCount) || field(TRADE_COUNT).includes('.')) {
      throw this.malformed(`has ${field(TRADE_COUNT)} as trade count, not a whole number`);
    }
    if (closeTime < openTime) throw this.malformed('closes before it opens');
    return {
      symbol: this.options.symbol,
      openTime,
      closeTime,
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

  private time(column: number): EpochMicros {
    const text = this.fields[column] ?? '';
    const time = text.includes('.') ? undefined : readVenueTime(Number(text));
    if (time === undefined) throw this.malformed(`has ${text} as ${COLUMNS[column] ?? ''}, not a time`);
    return time;
  }

  private malformed(what: string, ahead = 0): ArchiveError {
    return new ArchiveError('malformed', `${this.options.file}: line ${this.line + ahead} ${what}`);
  }

  /** A good file, perhaps, but of something else. */
  private unsupported(what: string): ArchiveError {
    return new ArchiveError('unsupported', `${this.options.file}: line ${this.line} ${what}`);
  }
}
