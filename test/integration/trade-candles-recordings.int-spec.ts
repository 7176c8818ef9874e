import { minutesOfTrades, sameCandleNumbers } from '@app/domain';
import { archiveMinutes, describeRecordings, recordedAggTrades } from '../support/recordings';

describeRecordings('minutes made of recorded trades (needs RECORDINGS_DIR)', () => {
  it('should equal the minutes of the exchange in all nine fields', () => {
    const trades = recordedAggTrades();
    expect(trades).toHaveLength(1_000);
    // The recording begins and ends within a minute.
    const full = minutesOfTrades(trades).slice(1, -1);
    expect(full).toHaveLength(7);
    const archive = new Map(archiveMinutes('2020-01-02').map((minute) => [minute.openTime, minute]));
    const differing = full.filter((minute) => {
      const exchange = archive.get(minute.openTime);
      return !exchange || !sameCandleNumbers(minute, exchange);
    });
    expect(differing).toEqual([]);
  });
});
