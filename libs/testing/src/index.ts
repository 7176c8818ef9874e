export { FakeBackfillJobs } from './fake-backfill-jobs';
export { alignedOver, FakeClock, TimerClock } from './fake-clock';
export { FakeEventPublisher } from './fake-event-publisher';
export { FakeEventSink } from './fake-event-sink';
export { buildMinute, FakeExchange, type ExchangeCall } from './fake-exchange';
export { FakeKlineArchive, FakeKlineFiles } from './fake-kline-archive';
export { FakeCandleCursor, FakeHistoryStore, FakeProcessStatusStore } from './fake-history-store';
export { FakeLiveFlow, FakeSymbolTracking } from './fake-live-flow';
export {
  FakeCandleReader,
  FakeCoverageReader,
  FakeDailyBarReader,
  FakePriceEventReader,
  FakeStore,
  FakeStoreStatus,
  FakeSymbolReader,
} from './fake-readers';
export { FakePorts } from './fake-ports';
export { FakeStoreCondition } from './fake-store-condition';
export { FakeStoreUpkeep } from './fake-store-upkeep';
export { NO_PAUSES } from './no-pauses';
