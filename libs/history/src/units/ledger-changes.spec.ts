import { DAY } from '@app/domain';
import { LedgerChanges } from './ledger-changes';

const day = (number: number) => ({ symbol: 'BTCUSDT', date: number * DAY, row: undefined, capturedAt: 7 });
const difference = (number: number) => ({
  date: number * DAY,
  counts: { captured: 1, quiet: 0, stopped: 0, repaired: 0 },
});

describe('LedgerChanges', () => {
  it('should change the sums of days, and refuse those of a day that was not asked for', () => {
    const changes = new LedgerChanges();
    changes.changeDays([day(1), day(2)], [difference(2)]);
    const [, , days] = changes.all();
    expect(days).toMatchObject({ kind: 'put', rows: [{ date: 2 * DAY, captured: 1, changedAt: 7 }] });
    expect(() => {
      changes.changeDays([day(1), day(2)], [difference(2), difference(3)]);
    }).toThrow('a day that was not asked for');
  });
});
