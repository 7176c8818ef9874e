import fc from 'fast-check';
import type { PriceEvent } from '../model';
import { ContractViolationError } from './contract-violation.error';
import { parsePriceEvent, serializePriceEvent, toPriceEventV1 } from './price-event.contract';

const EVENT: PriceEvent = {
  timestamp: 1_768_485_802_913_852,
  symbol: 'BTCUSDT',
  lastPrice: '96000.01000000',
  priceChangePercent: '-1.234',
  volume: '12345.67890000',
  source: 'binance_ticker_24hr',
};

/** A character more in front takes a line off the short way, and means nothing in JSON. */
const throughJson = (line: string): string => ` ${line}`;

/** The event, or the words of the refusal without the line itself. */
function outcome(line: string): unknown {
  try {
    return parsePriceEvent(line);
  } catch (error) {
    if (!(error instanceof ContractViolationError)) throw error;
    return error.message.startsWith('message') ? 'message' : error.message;
  }
}

const decimal = fc.oneof(
  fc.stringMatching(/^-?\d{1,12}(\.\d{1,8})?$/),
  fc.stringMatching(/^\d{25,70}(\.\d{0,40})?$/),
  fc.constantFrom('', '.5', '5.', '+1', '1e3', 'NaN', '１', ' 1', '1,5', '-0', '--1', '0'.repeat(64), '0'.repeat(65)),
);
const time = fc.oneof(
  fc
    .nat({ max: 2 ** 31 })
    .map((second) => toPriceEventV1({ ...EVENT, timestamp: second * 1_000_000 + 7 }).timestamp_utc),
  fc.stringMatching(/^20\d\d-[0-3]\d-[0-3]\dT[0-3]\d:[0-9]\d:[0-9]\d\.\d{6}\+00:00$/),
  fc.constantFrom('2026-02-30T00:00:00.000000+00:00', '2026-01-15T24:00:00.000000+00:00', '2026-01-15T14:03:22Z'),
);
const text = fc.oneof(
  fc.constantFrom(
    'BTCUSDT',
    '币安人生USDT',
    'btc',
    '',
    'A"B',
    'A\\B',
    'BTC\u2028',
    'A B',
    'a'.repeat(41),
    'a'.repeat(201),
  ),
  fc.string({ maxLength: 45 }),
);

describe('parsePriceEvent', () => {
  it('should read what was serialised', () => {
    expect(parsePriceEvent(serializePriceEvent(EVENT))).toEqual(EVENT);
  });

  it('should read a line as written exactly as JSON is read, and refuse it in the same words', () => {
    fc.assert(
      fc.property(time, text, decimal, decimal, decimal, text, (at, symbol, lastPrice, percent, volume, source) => {
        const line = JSON.stringify({
          timestamp_utc: at,
          symbol,
          lastPrice,
          priceChangePercent: percent,
          volume,
          source,
        });
        expect(outcome(line)).toEqual(outcome(throughJson(line)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('should read a line with one character changed exactly as JSON is read', () => {
    const line = serializePriceEvent(EVENT);
    fc.assert(
      fc.property(fc.nat({ max: line.length - 1 }), fc.string({ unit: 'binary-ascii', maxLength: 2 }), (at, other) => {
        const changed = line.slice(0, at) + other + line.slice(at + 1);
        expect(outcome(changed)).toEqual(outcome(throughJson(changed)));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['unknown keys', { ...toPriceEventV1(EVENT), extra: 1 }],
    ['keys in another order', Object.fromEntries(Object.entries(toPriceEventV1(EVENT)).reverse())],
  ])('should read %s', (_, object) => {
    expect(parsePriceEvent(JSON.stringify(object))).toEqual(EVENT);
  });
});
