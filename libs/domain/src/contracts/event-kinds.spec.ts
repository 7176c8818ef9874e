import type { MinuteCandle, PriceEvent } from '../model';
import { CANDLE_KIND } from './candle.contract';
import { eventKinds } from './event-kinds';
import { PRICE_KIND } from './price-event.contract';

const TIME = 1_768_485_802_913_852;
const PRICE: PriceEvent = {
  timestamp: TIME,
  symbol: '币安人生USDT',
  lastPrice: '96000.01000000',
  priceChangePercent: '-1.234',
  volume: '12345.67890000',
  source: 'binance_api_v3_ticker_24hr',
};
const CANDLE: MinuteCandle = {
  symbol: 'BTCUSDT',
  openTime: 1_768_485_780_000_000,
  closeTime: 1_768_485_839_999_000,
  open: '96000.01000000',
  high: '96100',
  low: '95999.5',
  close: '96001',
  volume: '0.50000000',
  quoteVolume: '48000.1',
  tradeCount: 7,
  takerBuyVolume: '0.2',
  takerBuyQuoteVolume: '19200',
  source: 'binance_api_v3_klines',
  capturedAt: TIME,
};

describe('EventKinds', () => {
  const kinds = eventKinds('prices');

  it('should say of a line what was said of the event, to the last digit', () => {
    expect(PRICE_KIND.parse(JSON.stringify(PRICE_KIND.toContract(PRICE)))).toEqual(PRICE);
    expect(CANDLE_KIND.parse(JSON.stringify(CANDLE_KIND.toContract(CANDLE)))).toEqual(CANDLE);
  });

  it('should tell what an event is about, and when it was captured', () => {
    expect(PRICE_KIND.keyOf(PRICE)).toEqual({ symbol: PRICE.symbol, time: TIME, source: PRICE.source });
    expect(CANDLE_KIND.keyOf(CANDLE)).toEqual({
      symbol: CANDLE.symbol,
      time: CANDLE.openTime,
      source: CANDLE.source,
    });
    expect([PRICE_KIND.capturedAt(PRICE), CANDLE_KIND.capturedAt(CANDLE)]).toEqual([TIME, TIME]);
  });

  it('should give captures the same content whose numbers are equal, however they are written', () => {
    const content = CANDLE_KIND.contentOf?.(CANDLE);
    const rewritten = { ...CANDLE, open: '96000.01', volume: '0.5', source: 'another', capturedAt: TIME + 1 };
    expect(CANDLE_KIND.contentOf?.(rewritten)).toBe(content);
    expect(CANDLE_KIND.contentOf?.({ ...CANDLE, tradeCount: 8 })).not.toBe(content);
    expect(PRICE_KIND.contentOf?.(PRICE)).toBeUndefined();
  });

  it('should find kinds by name and topic, under the name that the topic has here', () => {
    expect([kinds.names, kinds.topics]).toEqual([
      ['price', 'candle'],
      ['prices', 'crypto_candles'],
    ]);
    expect(kinds.of(PRICE_KIND).topic).toBe('prices');
    expect(kinds.ofTopic('prices')).toBe(kinds.named('price'));
    expect(kinds.ofTopic('crypto_prices')).toBeUndefined();
    expect(() => kinds.named('trade')).toThrow('no kind of events is called trade');
  });
});
