import type { CandleNumbers } from './candle';
import { contradictionsOf } from './candle-contradictions';

const candle = (changes: Partial<CandleNumbers> = {}): CandleNumbers => ({
  open: '68001.20000000',
  high: '68010.00000000',
  low: '67990.00000000',
  close: '68005.50000000',
  volume: '12.50000000',
  quoteVolume: '850000.00000000',
  tradeCount: 82,
  takerBuyVolume: '6.20000000',
  takerBuyQuoteVolume: '421000.00000000',
  ...changes,
});
const quiet = {
  tradeCount: 0,
  volume: '0.00000000',
  quoteVolume: '0',
  takerBuyVolume: '0.0',
  takerBuyQuoteVolume: '0',
};

describe('contradictionsOf', () => {
  it.each([
    ['an ordinary minute', {}],
    ['a quiet minute', quiet],
    ['a quiet minute at a price of 0', { ...quiet, open: '0', high: '0', low: '0', close: '0' }],
    ['one trade', { open: '5', high: '5', low: '5.0', close: '5.00', volume: '1', takerBuyVolume: '1.000' }],
    ['numbers of different lengths', { open: '9.5', high: '10', low: '9', close: '9.75', takerBuyVolume: '0' }],
  ])('should find none in %s', (_, changes) => {
    expect(contradictionsOf(candle(changes))).toEqual([]);
  });

  it.each<[string, Partial<CandleNumbers>, string[]]>([
    [
      'high below low',
      { high: '67980.00000000' },
      [
        'high 67980.00000000 is below low 67990.00000000',
        'open 68001.20000000 is above high 67980.00000000',
        'close 68005.50000000 is above high 67980.00000000',
      ],
    ],
    ['an open above the high', { open: '100000.1' }, ['open 100000.1 is above high 68010.00000000']],
    ['an open below the low', { open: '9.9' }, ['open 9.9 is below low 67990.00000000']],
    ['a close above the high', { close: '68010.00000001' }, ['close 68010.00000001 is above high 68010.00000000']],
    ['a close below the low', { close: '67989.99999999' }, ['close 67989.99999999 is below low 67990.00000000']],
    [
      'a taker part above the whole',
      { takerBuyVolume: '12.50000001' },
      ['taker buy volume 12.50000001 is above volume 12.50000000'],
    ],
    [
      'a taker quote part above the whole',
      { takerBuyQuoteVolume: '1000000' },
      ['taker buy quote volume 1000000 is above quote volume 850000.00000000'],
    ],
    ['volume without trades', { ...quiet, volume: '0.00000001' }, ['volume 0.00000001 without trades']],
    ['quote volume without trades', { ...quiet, quoteVolume: '7' }, ['quote volume 7 without trades']],
    ['a low of 0 with trades', { low: '0.00000000' }, ['low of 0 with 82 trades']],
    [
      'prices of 0 with trades',
      { open: '0', high: '0.0', low: '0', close: '0' },
      ['open of 0 with 82 trades', 'high of 0 with 82 trades', 'low of 0 with 82 trades', 'close of 0 with 82 trades'],
    ],
  ])('should name %s', (_, changes, found) => {
    expect(contradictionsOf(candle(changes))).toEqual(found);
  });
});
