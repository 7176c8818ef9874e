import { checkEvent, PRICE_KIND, UnitRejectedError, type EventKind } from '@app/domain';
import fc from 'fast-check';
import { checkedEvents } from './checked-events';

const KIND = PRICE_KIND as EventKind;
const LINE =
  '{"timestamp_utc":"2026-01-15T14:03:22.913852+00:00","symbol":"BTCUSDT","lastPrice":"68001.20",' +
  '"priceChangePercent":"1.87","volume":"24567.123","source":"binance_api_v3_ticker_24hr"}';

describe('the messages of a unit', () => {
  it('should be taken where all keep their contract, and otherwise each that breaks it is named', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(LINE, '{}', 'no JSON'), { maxLength: 8 }), (values) => {
        const broken = values.flatMap((value, index) => (value === LINE ? [] : [index]));
        if (broken.length === 0) {
          expect(checkedEvents(KIND, values)).toEqual(values.map((value) => checkEvent(KIND, value)));
          return;
        }
        let caught: unknown;
        try {
          checkedEvents(KIND, values);
        } catch (error) {
          caught = error;
        }
        expect(caught).toBeInstanceOf(UnitRejectedError);
        expect((caught as UnitRejectedError).rejected.map(({ index }) => index)).toEqual(broken);
      }),
    );
  });

  it('should not be called broken where the program is', () => {
    const parse = (): never => {
      throw new TypeError('a fault of the program');
    };
    expect(() => checkedEvents({ ...KIND, parse }, [LINE])).toThrow(TypeError);
  });
});
