import { compareDecimalTexts, MINUTE } from '@app/domain';
import fc from 'fast-check';
import {
  mergeRollUps,
  rollUpJoined,
  rollUpMinutes,
  RollUpAccumulator,
  type JoinedMinute,
  type RollUpMinute,
} from './roll-up';

const T = Date.UTC(2026, 0, 15) * 1_000;

/** Prices of one shape mostly, as a symbol has them; of another scale, whole or of many digits now and then. */
const decimal = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[1-9]\d\.\d{2}000000$/) },
  fc.stringMatching(/^(?:0|[1-9]\d{0,15})(?:\.\d{1,12})?$/),
  fc.constantFrom('-1.5', '-0.25', '10.5', '2.05', '2.050'),
);

const minutes = fc
  .array(
    fc.record({
      prices: fc.tuple(decimal, decimal, decimal, decimal),
      sums: fc.tuple(decimal, decimal, decimal, decimal),
      tradeCount: fc.integer({ min: 0, max: 3 }),
      captured: fc.integer({ min: 0, max: 10 }),
      revision: fc.integer({ min: 1, max: 3 }),
      isOff: fc.boolean(),
    }),
    { maxLength: 20 },
  )
  .map((rows) =>
    rows.map(({ prices, sums, tradeCount, captured, revision, isOff }, index): Required<RollUpMinute> => {
      const [open, close] = prices;
      const sorted = [...prices].sort(compareDecimalTexts);
      const [volume, quoteVolume, takerBuyVolume, takerBuyQuoteVolume] = sums;
      return {
        // Some share a minute with the one before, as old candles off the full minute do.
        openTime: T + index * MINUTE - (isOff ? MINUTE / 2 : 0),
        open,
        high: sorted[3] ?? '',
        low: sorted[0] ?? '',
        close,
        volume,
        quoteVolume,
        tradeCount,
        takerBuyVolume,
        takerBuyQuoteVolume,
        capturedAt: T + captured,
        revision,
      };
    }),
  );

const joined = (minute: Required<RollUpMinute>): JoinedMinute => [
  minute.openTime,
  minute.tradeCount,
  minute.capturedAt,
  minute.revision,
  [
    minute.open,
    minute.high,
    minute.low,
    minute.close,
    minute.volume,
    minute.quoteVolume,
    minute.takerBuyVolume,
    minute.takerBuyQuoteVolume,
  ].join(' '),
];

describe('rollUpJoined', () => {
  it('should be what the roll-up rule makes of the same minutes, digit for digit', () => {
    fc.assert(
      fc.property(minutes, (row) => {
        expect(rollUpJoined(row.map(joined))).toEqual(rollUpMinutes(row));
      }),
      { numRuns: 1_000 },
    );
  });

  it('should not matter for any minute of a candle, nor whether it comes in a roll-up of its own', () => {
    const forms = fc.array(fc.constantFrom('fields', 'joined', 'rolled up'), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(minutes, forms, (row, chosen) => {
        const accumulator = new RollUpAccumulator();
        // Off the full minute, one may share it with the one before, which a roll-up of its own does not know.
        const onTheMinute = row.map((minute, index) => ({ ...minute, openTime: T + index * MINUTE }));
        for (const [index, minute] of onTheMinute.entries()) {
          const form = chosen[index % chosen.length];
          if (form === 'fields') accumulator.add(minute);
          else if (form === 'joined') accumulator.addJoined(joined(minute));
          else accumulator.addRollUp(mergeRollUps([rollUpMinutes([minute])!])!);
        }
        expect(accumulator.result()).toEqual(rollUpMinutes(onTheMinute));
      }),
      { numRuns: 1_000 },
    );
  });
});
