/**
 * A symbol of the simulated market. Prices count ticks of 10^-priceDecimals, quantities steps of 10^-quantityDecimals;
 * the two exponents add up to at most 8, so that a quote quantity is exact in the exchange's eight decimals.
 */
export interface Listing {
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly priceDecimals: number;
  readonly quantityDecimals: number;
  /** The price it swings around, in ticks. */
  readonly middlePrice: number;
  /** Largest quantity of one trade, in steps. */
  readonly largestTrade: number;
  /** On average `trades` trades in every `minutes` trading minutes. */
  readonly trades: number;
  readonly minutes: number;
  /** First trading minute, epoch milliseconds. */
  readonly listedAt: number;
  /** The first minute it no longer trades, epoch milliseconds. */
  readonly haltedAt?: number;
  /** Id of its first trade. */
  readonly firstTradeId: number;
}

type Row = readonly [
  base: string,
  quote: string,
  priceDecimals: number,
  quantityDecimals: number,
  middlePrice: number,
  largestTrade: number,
  trades: number,
  minutes: number,
  listed: string,
];

const ROWS: readonly Row[] = [
  ['ETH', 'BTC', 5, 3, 4_210, 20_000, 8, 1, '2017-07-14T04:00Z'],
  ['BTC', 'USDT', 2, 5, 6_800_000, 15_000, 20, 1, '2017-08-17T04:00Z'],
  ['ETH', 'USDT', 2, 4, 352_000, 60_000, 20, 1, '2017-08-17T04:00Z'],
  ['BNB', 'USDT', 2, 3, 58_400, 30_000, 10, 1, '2017-11-06T03:54Z'],
  ['BNB', 'BTC', 6, 2, 8_590, 4_000, 3, 1, '2017-07-14T04:00Z'],
  ['LTC', 'USDT', 2, 3, 8_420, 90_000, 5, 1, '2017-12-13T03:32Z'],
  ['NEO', 'USDT', 3, 2, 11_450, 50_000, 1, 2, '2017-11-20T12:00Z'],
  ['ADA', 'BTC', 8, 0, 684, 60_000, 1, 1, '2017-11-30T07:57Z'],
  ['XRP', 'BTC', 8, 0, 896, 80_000, 1, 1, '2017-08-17T09:00Z'],
  ['XRP', 'USDT', 4, 1, 6_110, 800_000, 12, 1, '2018-05-04T08:11Z'],
  ['ADA', 'USDT', 4, 1, 4_650, 700_000, 8, 1, '2018-04-17T04:00Z'],
  ['EOS', 'USDT', 4, 1, 7_930, 90_000, 2, 1, '2018-05-28T09:30Z'],
  ['IOTA', 'USDT', 4, 1, 2_210, 90_000, 1, 1, '2018-05-31T09:30Z'],
  ['XLM', 'USDT', 4, 0, 1_140, 60_000, 2, 1, '2018-05-31T09:30Z'],
  ['TRX', 'USDT', 5, 1, 12_150, 900_000, 6, 1, '2018-06-11T11:30Z'],
  ['ETC', 'USDT', 2, 2, 2_640, 40_000, 3, 1, '2018-06-12T10:00Z'],
  ['VET', 'USDT', 5, 1, 3_470, 900_000, 2, 1, '2018-07-25T04:00Z'],
  ['LINK', 'USDT', 3, 2, 14_280, 90_000, 6, 1, '2019-01-16T10:00Z'],
  ['ONT', 'USDT', 4, 1, 2_890, 70_000, 1, 3, '2018-07-03T03:00Z'],
  ['ZIL', 'USDT', 5, 1, 2_240, 900_000, 1, 1, '2019-05-15T12:00Z'],
  ['FET', 'USDT', 4, 1, 21_900, 90_000, 3, 1, '2019-02-28T10:00Z'],
  ['MATIC', 'USDT', 4, 1, 7_140, 300_000, 4, 1, '2019-04-26T13:00Z'],
  ['ATOM', 'USDT', 3, 2, 8_340, 60_000, 3, 1, '2019-04-29T04:00Z'],
  ['DOGE', 'USDT', 5, 0, 15_600, 90_000, 15, 1, '2019-07-05T12:00Z'],
  ['ALGO', 'USDT', 4, 0, 1_850, 60_000, 2, 1, '2019-06-22T00:00Z'],
  ['CHZ', 'USDT', 5, 0, 11_930, 60_000, 1, 1, '2019-09-06T04:00Z'],
  ['XTZ', 'USDT', 3, 1, 960, 40_000, 1, 2, '2019-09-24T10:00Z'],
  ['HBAR', 'USDT', 5, 0, 10_720, 80_000, 2, 1, '2019-09-29T04:00Z'],
  ['BCH', 'USDT', 1, 3, 4_630, 20_000, 3, 1, '2019-11-28T10:00Z'],
  ['ETH', 'EUR', 2, 4, 324_000, 20_000, 2, 1, '2020-01-03T08:00Z'],
  ['BTC', 'EUR', 2, 5, 6_260_000, 9_000, 5, 1, '2020-01-03T08:00Z'],
  ['BTC', 'TRY', 0, 5, 2_190_000, 9_000, 3, 1, '2020-02-26T11:00Z'],
  ['USDT', 'TRY', 2, 0, 3_228, 40_000, 8, 1, '2020-02-26T11:00Z'],
  ['SOL', 'USDT', 2, 3, 14_900, 60_000, 15, 1, '2020-08-11T06:00Z'],
  ['DOT', 'USDT', 3, 2, 6_920, 60_000, 4, 1, '2020-08-18T23:00Z'],
  ['AVAX', 'USDT', 2, 2, 3_510, 50_000, 5, 1, '2020-09-22T06:30Z'],
  ['UNI', 'USDT', 3, 2, 9_260, 50_000, 3, 1, '2020-09-17T03:00Z'],
  ['AAVE', 'USDT', 2, 3, 9_870, 40_000, 2, 1, '2020-10-15T03:00Z'],
  ['NEAR', 'USDT', 3, 1, 5_430, 50_000, 4, 1, '2020-10-14T06:00Z'],
  ['FIL', 'USDT', 3, 2, 5_820, 50_000, 2, 1, '2020-10-15T15:00Z'],
  ['BTC', 'IDR', 0, 5, 1_085_000_000, 1_200, 1, 1, '2020-11-10T04:00Z'],
  ['GRT', 'USDT', 4, 0, 2_680, 40_000, 1, 1, '2020-12-17T16:00Z'],
  ['SHIB', 'USDT', 8, 0, 2_470, 60_000_000, 10, 1, '2021-05-10T11:00Z'],
  ['ICP', 'USDT', 3, 2, 11_930, 20_000, 2, 1, '2021-05-11T01:00Z'],
  ['AXS', 'USDT', 3, 2, 7_140, 30_000, 1, 2, '2020-11-04T13:00Z'],
  ['SAND', 'USDT', 4, 0, 4_420, 30_000, 1, 1, '2020-08-14T04:00Z'],
  ['RUNE', 'USDT', 3, 1, 5_630, 30_000, 2, 1, '2020-09-04T08:00Z'],
  ['DYDX', 'USDT', 3, 2, 2_040, 40_000, 1, 2, '2021-09-09T01:00Z'],
  ['BTC', 'BRL', 0, 5, 374_000, 9_000, 2, 1, '2020-12-30T06:00Z'],
  ['OP', 'USDT', 3, 2, 2_510, 60_000, 3, 1, '2022-06-01T04:00Z'],
  ['APT', 'USDT', 2, 2, 910, 40_000, 2, 1, '2022-10-19T01:00Z'],
  ['ARB', 'USDT', 4, 1, 10_230, 90_000, 4, 1, '2023-03-23T17:00Z'],
  ['PEPE', 'USDT', 8, 0, 1_190, 90_000_000, 12, 1, '2023-05-05T16:00Z'],
  ['SUI', 'USDT', 4, 1, 9_540, 90_000, 5, 1, '2023-05-03T12:00Z'],
  ['WLD', 'USDT', 3, 1, 2_770, 60_000, 3, 1, '2023-07-24T09:00Z'],
  ['BTC', 'FDUSD', 2, 5, 6_798_000, 9_000, 12, 1, '2023-08-04T08:00Z'],
  ['TIA', 'USDT', 3, 2, 6_350, 40_000, 3, 1, '2023-10-31T14:00Z'],
  ['BONK', 'USDT', 8, 0, 2_310, 90_000_000, 5, 1, '2023-12-15T08:00Z'],
  ['WIF', 'USDT', 4, 2, 23_700, 40_000, 4, 1, '2024-03-05T14:00Z'],
  ['ENA', 'USDT', 4, 2, 6_120, 60_000, 3, 1, '2024-04-02T08:00Z'],
  ['PAXG', 'BTC', 5, 3, 3_480, 3_000, 1, 15, '2020-08-27T12:00Z'],
  ['ACA', 'BTC', 8, 0, 96, 9_000, 1, 4_320, '2022-01-25T08:00Z'],
  ['币安人生', 'USDT', 4, 1, 1_480, 80_000, 3, 1, '2025-10-07T14:00Z'],
  ['TRUMP', 'USDT', 3, 2, 8_760, 40_000, 4, 1, '2025-01-19T08:30Z'],
];

/** Symbols that stopped trading for good. */
const HALTED: Readonly<Record<string, string>> = { EOSUSDT: '2025-05-28T03:00Z', MATICUSDT: '2024-09-10T03:00Z' };

/** The busiest symbols have ids beyond 32 bits, as on the exchange. */
const FIRST_TRADE_IDS: Readonly<Record<string, number>> = { BTCUSDT: 4_300_000_000, ETHUSDT: 2_147_000_000 };

/** The symbols that are well known, in the exchange's order. */
export const LISTINGS: readonly Listing[] = ROWS.map(
  ([baseAsset, quoteAsset, priceDecimals, quantityDecimals, middlePrice, largestTrade, trades, minutes, listed]) => {
    const halted = HALTED[baseAsset + quoteAsset];
    return {
      baseAsset,
      quoteAsset,
      priceDecimals,
      quantityDecimals,
      middlePrice,
      largestTrade,
      trades,
      minutes,
      listedAt: Date.parse(listed),
      firstTradeId: FIRST_TRADE_IDS[baseAsset + quoteAsset] ?? 1,
      ...(halted === undefined ? {} : { haltedAt: Date.parse(halted) }),
    };
  },
);
