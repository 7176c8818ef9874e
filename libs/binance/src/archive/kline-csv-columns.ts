import { KLINE_COLUMNS } from '../mappers/kline-row';

/** For messages about a file of another kind. */
export const WANTED_COLUMNS = `expected the ${KLINE_COLUMNS.length} columns ${KLINE_COLUMNS.join(', ')}`;

/** What programs that write klines call each column, in lower case and without blanks and signs. */
const NAMES: readonly (readonly string[])[] = [
  [
    'opentime',
    'opentimestamp',
    'opentimems',
    'time',
    'timestamp',
    'date',
    'datetime',
    'unix',
    'starttime',
    'start',
    't',
  ],
  ['open', 'openprice', 'o'],
  ['high', 'highprice', 'h'],
  ['low', 'lowprice', 'l'],
  ['close', 'closeprice', 'c'],
  ['volume', 'vol', 'basevolume', 'volumebase', 'baseassetvolume', 'v'],
  ['closetime', 'closetimestamp', 'closetimems', 'endtime', 'end', 't'],
  ['quotevolume', 'volumequote', 'quotevol', 'quoteassetvolume', 'quoteav', 'amount', 'turnover', 'qav', 'qv', 'q'],
  [
    'count',
    'tradecount',
    'trades',
    'tradescount',
    'numberoftrades',
    'numberofrades',
    'numtrades',
    'tradenum',
    'nooftrades',
    'n',
  ],
  [
    'takerbuyvolume',
    'takerbuybasevolume',
    'takerbuyvolumebase',
    'takerbuybase',
    'takerbuybaseassetvolume',
    'takerbuybaseasset',
    'takerbasevolume',
    'takerbuyvol',
    'tbbaseav',
    'tbbav',
    'tbb',
    'v',
  ],
  [
    'takerbuyquotevolume',
    'takerbuyvolumequote',
    'takerbuyquote',
    'takerbuyquoteassetvolume',
    'takerbuyquoteasset',
    'takerquotevolume',
    'takerbuyquotevol',
    'tbquoteav',
    'tbqav',
    'tbq',
    'q',
  ],
  // Without meaning, so whatever its name is.
  [],
];

/** The header that the archive's files of both futures markets have; its spot files have none. */
const FUTURES_HEADER =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore';

const PRINTABLE = /^[\x20-\x7e\t]*$/;
/** Rows begin with a number, perhaps in quotes. */
const BEGINS_WITH_DIGIT = /^"?\d/;
const OTHER_SEPARATORS = [';', '\t', '|'] as const;

/** `other`: the header of another table, or no table at all. */
export type FirstLine =
  | { readonly kind: 'row' }
  | { readonly kind: 'header'; readonly isOfFutures: boolean }
  | { readonly kind: 'other'; readonly what: string };

/** What the first line of a file is; what is no text at all counts as a bad row. */
export function readFirstLine(line: string): FirstLine {
  if (!PRINTABLE.test(line)) return { kind: 'row' };
  if (!line.includes(',')) {
    const separator = OTHER_SEPARATORS.find((one) => line.includes(one));
    if (separator !== undefined) {
      return { kind: 'other', what: `is parted by ${JSON.stringify(separator)}, not by commas` };
    }
  }
  if (BEGINS_WITH_DIGIT.test(line)) return { kind: 'row' };
  const names = line.split(',').map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
  if (names.length !== KLINE_COLUMNS.length) {
    return { kind: 'other', what: `is ${shortened(line)}` };
  }
  const wrong = names.findIndex((name, column) => !isNameOf(column, name));
  if (wrong >= 0) {
    return { kind: 'other', what: `names column ${wrong + 1} ${shortened(names[wrong] ?? '')}` };
  }
  return { kind: 'header', isOfFutures: names.join(',') === FUTURES_HEADER };
}

function isNameOf(column: number, name: string): boolean {
  const known = NAMES[column] ?? [];
  return known.length === 0 || known.includes(name.toLowerCase().replaceAll(/[^a-z]/g, ''));
}

function shortened(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
