import fc from 'fast-check';
import { ARCHIVE_SOURCE, ArchiveError, MILLISECOND, MINUTE, type MinuteCandle } from '@app/domain';
import { KlineCsvParser, type FileRow } from './kline-csv.parser';

const OPEN_TIME = Date.UTC(2020, 0, 1) * MILLISECOND;
const CAPTURED_AT = 1_700_000_000_000_000;
const ROW =
  '1577836800000,7195.24000000,7196.25000000,7183.14000000,7186.68000000,51.64281200,1577836859999,' +
  '371233.51835535,493,19.59823000,140888.41428273,0';
/** That of the futures market's files, the only ones of the archive that have one. */
const FUTURES_HEADER =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore';
const HEADER =
  'Open time,Open,High,Low,Close,Volume,Close time,Quote asset volume,Number of trades,' +
  'Taker buy base asset volume,Taker buy quote asset volume,Ignore';
const BYTE_ORDER_MARK = '\uFEFF';

/** All rows of a text that arrives in pieces, cut at the given places. */
function parse(text: string | Buffer, cuts: readonly number[] = [], isKnownSpot = false): FileRow[] {
  const parser = new KlineCsvParser({ file: 'x.csv', symbol: 'BTCUSDT', capturedAt: CAPTURED_AT, isKnownSpot });
  const bytes = Buffer.from(text as string);
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b);
  return [
    ...places.slice(1).flatMap((place, index) => parser.push(bytes.subarray(places[index], place))),
    ...parser.end(),
  ];
}

function failure(text: string | Buffer): { failure: string; message: string } {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ArchiveError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const decimal = fc.stringMatching(/^(?:0|[1-9]\d{0,23})\.\d{1,8}$/);

interface Minute {
  readonly decimals: string[];
  readonly tradeCount: number;
  readonly inMicroseconds: boolean;
}

const minute = fc.record<Minute>({
  decimals: fc.array(decimal, { minLength: 8, maxLength: 8 }),
  tradeCount: fc.nat(1_000_000),
  inMicroseconds: fc.boolean(),
});

function lineOf({ decimals, tradeCount, inMicroseconds }: Minute, index: number): string {
  const open = OPEN_TIME + index * MINUTE;
  const [openTime, closeTime] = inMicroseconds
    ? [open, open + MINUTE - 1]
    : [open / MILLISECOND, (open + MINUTE) / MILLISECOND - 1];
  const [o, h, l, c, v, qv, tb, tq] = decimals;
  return [openTime, o, h, l, c, v, closeTime, qv, tradeCount, tb, tq, 0].join(',');
}

function candleOf({ decimals, tradeCount }: Minute, index: number): MinuteCandle {
  const openTime = OPEN_TIME + index * MINUTE;
  const [open = '', high = '', low = '', close = '', volume = '', quoteVolume = '', base = '', quote = ''] = decimals;
  return {
    symbol: 'BTCUSDT',
    openTime,
    closeTime: openTime + MINUTE - MILLISECOND,
    ...{ open, high, low, close, volume, quoteVolume, tradeCount },
    takerBuyVolume: base,
    takerBuyQuoteVolume: quote,
    source: ARCHIVE_SOURCE,
    capturedAt: CAPTURED_AT,
  };
}

describe('KlineCsvParser', () => {
  it('should read a row of the archive digit for digit', () => {
    expect(parse(`${ROW}\n`)).toEqual([
      {
        symbol: 'BTCUSDT',
        openTime: OPEN_TIME,
        closeTime: OPEN_TIME + MINUTE - MILLISECOND,
        open: '7195.24000000',
        high: '7196.25000000',
        low: '7183.14000000',
        close: '7186.68000000',
        volume: '51.64281200',
        quoteVolume: '371233.51835535',
        tradeCount: 493,
        takerBuyVolume: '19.59823000',
        takerBuyQuoteVolume: '140888.41428273',
        source: ARCHIVE_SOURCE,
        capturedAt: CAPTURED_AT,
      },
    ]);
  });

  it('should give the same rows in any unit of each, line ends, header and pieces', () => {
    const property = fc.property(
      fc.array(minute, { minLength: 1, maxLength: 20 }),
      fc.record({ mark: fc.boolean(), header: fc.boolean(), crlf: fc.boolean(), lastBreak: fc.boolean() }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (minutes, { mark, header, crlf, lastBreak }, cuts) => {
        const end = crlf ? '\r\n' : '\n';
        const text = [...(header ? [HEADER] : []), ...minutes.map(lineOf)].join(end) + (lastBreak ? end : '');
        expect(parse((mark ? BYTE_ORDER_MARK : '') + text, cuts)).toEqual(minutes.map(candleOf));
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  it('should read or leave out the last row of a file that was cut anywhere, and never read another number', () => {
    const text = `${ROW}\n${ROW.replace('1577836800000', '1577836860000').replace('859999', '919999')}\n`;
    const whole = parse(text);
    for (let length = 0; length < text.length; length += 1) {
      const rows = parse(text.slice(0, length));
      const read = rows.filter((row) => !('fault' in row));
      // A cut that leaves whole rows is no fault of the text: whoever knows the day sees it.
      expect(read).toEqual(whole.slice(0, read.length));
      for (const row of rows.slice(read.length)) {
        expect(row).toEqual({
          openTime: row.openTime,
          fault: expect.stringMatching(/^the file ends in the middle/) as string,
        });
        expect([undefined, ...whole.map(({ openTime }) => openTime)]).toContain(row.openTime);
      }
      expect(rows.length - read.length).toBeLessThanOrEqual(1);
    }
  });

  const AMOUNT = 'not an unsigned decimal';

  it.each([
    ['a decimal with an exponent', ROW.replace('7195.24000000', '7.2e3'), `open is "7.2e3", ${AMOUNT}`],
    ['a volume with an exponent', ROW.replace('51.64281200', '1E+2'), `volume is "1E+2", ${AMOUNT}`],
    ['a negative volume', ROW.replace('51.64281200', '-1.0'), `volume is "-1.0", ${AMOUNT}`],
    ['a leading zero', ROW.replace('51.64281200', '051.6'), `volume is "051.6", ${AMOUNT}`],
    ['25 digits before the point', ROW.replace('51.64281200', `${'1'.repeat(25)}.5`), `", ${AMOUNT}`],
    ['nine digits behind the point', ROW.replace('51.64281200', '0.123456789'), `volume is "0.123456789", ${AMOUNT}`],
    ['an empty field', ROW.replace('493', ''), 'trade count is "", not a whole number from 0'],
    ['null in place of a trade count', ROW.replace('493', 'null'), 'trade count is "null", not a whole number from 0'],
    ['a point at the end', ROW.replace('7183.14000000', '7183.'), `low is "7183.", ${AMOUNT}`],
    ['two points', ROW.replace('7183.14000000', '7.183.1'), `low is "7.183.1", ${AMOUNT}`],
    ['a fraction of a trade', ROW.replace('493', '1.5'), 'trade count is "1.5", not a whole number from 0'],
    [
      'a time beyond all',
      ROW.replace('1577836859999', '9'.repeat(20)),
      `close time is "${'9'.repeat(20)}", not a time`,
    ],
    [
      'a close before the open',
      ROW.replace('1577836859999', '1577836799999'),
      'close time is 1577836799999, not within 60 s',
    ],
    [
      'a close after the minute',
      ROW.replace('1577836859999', '1577836860000'),
      'close time is 1577836860000, not within 60 s',
    ],
    ['eleven columns', ROW.slice(0, -2), 'it has 11 columns, not 12'],
    ['thirteen columns', `${ROW},0`, 'it has 13 columns, not 12'],
    ['digits of another script', ROW.replace('493', '４９３'), 'not a whole number from 0'],
  ])(
    'should hand on a row with %s as broken, with the time at which it opens, and read the others',
    (_, row, fault) => {
      const rows = parse(`${ROW}\n${row}\n${ROW}\n`);
      expect(rows).toEqual([
        parse(ROW)[0],
        { openTime: OPEN_TIME, fault: expect.stringContaining(fault) as string },
        parse(ROW)[0],
      ]);
      expect(rows[1]).toMatchObject({ fault: expect.stringMatching(/; line 2$/) as string });
    },
  );

  it.each([
    ['a time in seconds', ROW.replace('1577836800000', '1577836800'), 'open time is "1577836800", not a time'],
    ['a number of the row', `7,${ROW}`, 'it has 13 columns, not 12'],
    ['the id of a trade', '51175358,17.8,5.69,101.2,1577836800010,True,True', 'volume is "True", not'],
    [
      'a time that a spreadsheet rounded',
      ROW.replace('1577836800000', '1.57784E+12'),
      'open time is "1.57784E+12", not a time in milliseconds or microseconds (a spreadsheet has rounded it',
    ],
    ['a fraction of a time', ROW.replace('1577836800000', '1577836800.5'), 'open time is "1577836800.5", not a time'],
    ['a header in the middle', HEADER, 'open time is "Open time", not a time'],
    ['a byte order mark in the middle', `${BYTE_ORDER_MARK}${ROW}`, '1577836800000", not a time'],
    ['an empty line in the middle', '', 'it is an empty line; line 2'],
    ['bytes that are no text', 'PK\x03\x04,no,row', 'open time is "PK\\u0003\\u0004", not a time'],
  ])('should hand on %s as a row of no known time', (_, row, fault) => {
    expect(parse(`${ROW}\n${row}\n${ROW}\n`)).toEqual([
      parse(ROW)[0],
      { openTime: undefined, fault: expect.stringContaining(fault) as string },
      parse(ROW)[0],
    ]);
  });

  it.each([
    ['of python-binance', HEADER],
    [
      'of our own names',
      'open time,open,high,low,close,volume,close time,quote volume,trade count,taker buy volume,taker buy quote volume,ignore',
    ],
    [
      'in quotes',
      HEADER.split(',')
        .map((name) => JSON.stringify(name))
        .join(','),
    ],
    ['in short', 'timestamp,open,high,low,close,volume,close_time,quote_av,trades,tb_base_av,tb_quote_av,ignore'],
  ])('should read past a header %s', (_, header) => {
    expect(parse(`${header}\n${ROW}\n`)).toEqual(parse(ROW));
  });

  const WANTED =
    'expected the 12 columns open time, open, high, low, close, volume, close time, quote volume, trade count, ' +
    'taker buy volume, taker buy quote volume, ignore';

  it.each([
    ['six named columns', 'timestamp,open,high,low,close,volume', 'line 1 is "timestamp,open,high,low,close,volume";'],
    ['an index before them', `,${HEADER}`, 'line 1 is ",Open time,Open,High'],
    ['columns in another order', HEADER.replace('High,Low', 'Low,High'), 'line 1 names column 3 "Low"'],
    ['trades', 'id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch', 'line 1 is "id,price,qty'],
    [
      'an answer that the store gives instead',
      '<?xml version="1.0"?><Error>',
      'line 1 is "<?xml version=\\"1.0\\"?><Error>";',
    ],
    ['semicolons', ROW.replaceAll(',', ';'), 'line 1 is parted by ";", not by commas'],
    ['tabs', ROW.replaceAll(',', '\t'), 'line 1 is parted by "\\t", not by commas'],
  ])('should name the twelve columns that are wanted to a file of %s', (_, text, message) => {
    const { message: said } = failure(`${text}\n${ROW}\n`);
    expect(said).toContain(message);
    expect(said).toContain(WANTED);
  });

  it('should refuse the header of the futures market, unless the file is known to be of the spot market', () => {
    for (const start of ['', BYTE_ORDER_MARK]) {
      expect(failure(`${start}${FUTURES_HEADER}\n${ROW}\n`)).toMatchObject({
        failure: 'unsupported',
        message:
          'x.csv: line 1 is the header of the files of the futures market; files of the spot market have none, and only those are stored',
      });
    }
    expect(parse(`${FUTURES_HEADER}\n${ROW}\n`, [], true)).toEqual(parse(ROW));
  });

  it('should say of UTF-16 that it is no plain text', () => {
    expect(failure(Buffer.from(`${BYTE_ORDER_MARK}${ROW}\n`, 'utf16le')).message).toContain('line 1 is in UTF-16');
  });

  it('should not hold a file without line breaks in memory', () => {
    expect(failure('1'.repeat(3_000))).toMatchObject({
      failure: 'malformed',
      message: 'x.csv: line 1 is longer than 2048 characters',
    });
  });

  it('should read nothing from nothing, and from a header alone', () => {
    expect(parse('')).toEqual([]);
    expect(parse(`${HEADER}\n`)).toEqual([]);
    expect(parse(`${ROW}\n\n\n`)).toHaveLength(1);
  });
});
