import { DAY, eventKinds, HOUR, MILLISECOND, type OutgoingEvent } from '@app/domain';
import { messagesOf, requestsOf } from './producer-messages';

const NOW = Date.UTC(2026, 0, 15, 12) * MILLISECOND;
const KINDS = eventKinds('crypto_prices');

function event(changes: Partial<OutgoingEvent> = {}): OutgoingEvent {
  return { kind: 'price', symbol: 'BTCUSDT', capturedAt: NOW, value: '{"a":"1.0"}', ...changes };
}

describe('messagesOf', () => {
  it('should carry the symbol as key, the contract as value and the origin as the only header', () => {
    const events = [event(), event({ kind: 'candle', symbol: 'ETHUSDT', value: '{"b":1}' }), event({ value: '{}' })];
    const headers = { origin: 'simulator:7' };
    const timestamp = String(NOW / MILLISECOND);
    const sent = [...KINDS].map(({ name, topic }) => ({
      topic,
      messages: messagesOf(
        events.filter(({ kind }) => kind === name),
        'simulator:7',
        NOW,
      ),
    }));
    expect(sent).toEqual([
      {
        topic: 'crypto_prices',
        messages: [
          { key: 'BTCUSDT', value: '{"a":"1.0"}', timestamp, headers },
          { key: 'BTCUSDT', value: '{}', timestamp, headers },
        ],
      },
      { topic: 'crypto_candles', messages: [{ key: 'ETHUSDT', value: '{"b":1}', timestamp, headers }] },
    ]);
  });

  it('should date messages by their capture, unless the broker would refuse or soon delete them', () => {
    const times = [NOW - HOUR, NOW - 2 * DAY, NOW + HOUR];
    const events = times.map((capturedAt) => event({ capturedAt }));
    const prices = messagesOf(events, 'binance', NOW);
    expect(prices.map(({ timestamp }) => Number(timestamp) * MILLISECOND)).toEqual([NOW - HOUR, NOW, NOW]);
  });
});

describe('requestsOf', () => {
  const sizes = (events: readonly OutgoingEvent[]) =>
    requestsOf({ origin: 'binance', events }).map(({ length }) => length);

  it('should send in one request what fits into one', () => {
    expect(sizes([event(), event()])).toEqual([2]);
    expect(sizes([])).toEqual([]);
  });

  it('should divide what does not, in order, counting bytes and not characters', () => {
    const large = event({ value: 'x'.repeat(400_000) });
    expect(sizes([large, large, large, event(), large])).toEqual([2, 3]);
    const wide = event({ value: '币'.repeat(200_000) });
    expect(sizes([wide, wide])).toEqual([1, 1]);
    const values = requestsOf({ origin: 'binance', events: [large, large, event({ value: 'last' })] })
      .flat()
      .map(({ value }) => value.slice(0, 4));
    expect(values).toEqual(['xxxx', 'xxxx', 'last']);
  });

  it('should leave an event that is too large a request of its own', () => {
    expect(sizes([event(), event({ value: 'x'.repeat(2_000_000) }), event()])).toEqual([1, 1, 1]);
  });
});
