import fc from 'fast-check';
import { minutesOfTrades, type AggTrade } from './agg-trade';
import { MINUTE, SECOND } from './time';

const trade = (aggTradeId: number, changes: Partial<AggTrade> = {}): AggTrade => ({
  aggTradeId,
  price: '100.00',
  quantity: '0.500',
  firstTradeId: aggTradeId * 10,
  lastTradeId: aggTradeId * 10 + 1,
  eventTime: 5 * SECOND,
  takerSide: 'buy',
  ...changes,
});

describe('minutesOfTrades', () => {
  it('should open and close by id where trades share an instant, and count raw trades', () => {
    const trades = [
      trade(3, { price: '99.50', takerSide: 'sell' }),
      trade(1, { price: '100.25' }),
      trade(2, { price: '101.00', quantity: '1.25', lastTradeId: 25 }),
    ];
    expect(minutesOfTrades(trades)).toEqual([
      {
        openTime: 0,
        open: '100.25',
        high: '101.00',
        low: '99.50',
        close: '99.50',
        volume: '2.250',
        quoteVolume: '226.125',
        tradeCount: 2 + 6 + 2,
        takerBuyVolume: '1.750',
        takerBuyQuoteVolume: '176.375',
      },
    ]);
  });

  it('should leave out rows without price, quantity or trade ids, and minutes that have no other', () => {
    const voided = { price: '0', quantity: '0', firstTradeId: -1, lastTradeId: -1 };
    expect(minutesOfTrades([trade(1, voided), trade(2, { ...voided, eventTime: MINUTE })])).toEqual([]);
    expect(minutesOfTrades([trade(1, voided), trade(2)])).toEqual(minutesOfTrades([trade(2)]));
  });

  it('should put a trade into the minute of its time, to the last millisecond', () => {
    const edge = [trade(1, { eventTime: MINUTE - 1_000 }), trade(2, { eventTime: MINUTE })];
    expect(minutesOfTrades(edge).map(({ openTime, tradeCount }) => [openTime, tradeCount])).toEqual([
      [0, 2],
      [MINUTE, 2],
    ]);
  });

  it('should not depend on the order of the trades, nor on how often each comes', () => {
    const trades = fc
      .uniqueArray(
        fc.record({
          id: fc.integer({ min: 1, max: 40 }),
          price: fc.integer({ min: 1, max: 99_999 }).map((units) => `${units}.5`),
          quantity: fc.integer({ min: 1, max: 999 }).map((units) => `0.${String(units).padStart(3, '0')}`),
          eventTime: fc.integer({ min: 0, max: 3 * MINUTE }),
          takerSide: fc.constantFrom('buy' as const, 'sell' as const),
        }),
        { selector: ({ id }) => id },
      )
      .map((rows) => rows.map(({ id, ...row }) => trade(id, row)));
    fc.assert(
      fc.property(
        trades.chain((all) =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2, maxLength: all.length * 2 }),
          ),
        ),
        ([all, shuffled]) => {
          expect(minutesOfTrades(shuffled)).toEqual(minutesOfTrades(all));
        },
      ),
    );
  });
});
