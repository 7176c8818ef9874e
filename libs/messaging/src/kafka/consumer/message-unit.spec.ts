import type { KafkaMessage } from 'kafkajs';
import { SINK_UNIT_EVENTS } from '@app/domain';
import fc from 'fast-check';
import { hashOfMessage } from './message-hash';
import { MessageUnit, runsOfMessages, type RejectedMessage } from './message-unit';

function message(offset: number, value: string | Buffer | null = `value ${offset}`, origin?: string): KafkaMessage {
  return {
    key: Buffer.from('BTCUSDT'),
    value: value === null ? null : Buffer.from(value),
    timestamp: '1768435200000',
    attributes: 0,
    offset: String(offset),
    headers: origin === undefined ? {} : { origin: Buffer.from(origin) },
  };
}

const nothing = (): void => undefined;

describe('runsOfMessages', () => {
  it('should cover every offset once, in order, in runs of one origin and at most 2,000 messages', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ gap: fc.nat(3), origin: fc.constantFrom(undefined, 'simulator:1') }), { maxLength: 60 }),
        fc.nat(5),
        (steps, tail) => {
          let offset = 100;
          const messages = steps.map(({ gap, origin }) => {
            offset += gap + 1;
            return message(offset, 'x', origin);
          });
          const end = offset + 1 + tail;
          const runs = [...runsOfMessages(messages, 100, end)];
          expect(runs.flatMap((run) => run.messages)).toEqual(messages);
          let position = 100;
          for (const run of runs) {
            expect(run.begin).toBe(position);
            expect(new Set(run.messages.map(({ headers }) => String(headers?.['origin']))).size).toBeLessThanOrEqual(1);
            position = run.next;
          }
          expect(position).toBe(end);
        },
      ),
    );
  });

  it('should cut long runs', () => {
    const messages = Array.from({ length: 2 * SINK_UNIT_EVENTS + 1 }, (_, index) => message(index));
    const runs = [...runsOfMessages(messages, 0, messages.length)];
    expect(runs.map((run) => [run.begin, run.next, run.messages.length])).toEqual([
      [0, 2_000, 2_000],
      [2_000, 4_000, 2_000],
      [4_000, 4_001, 1],
    ]);
  });

  it('should give a span without messages a unit of its own, so that the position moves', () => {
    expect([...runsOfMessages([], 5, 7)]).toEqual([{ messages: [], begin: 5, next: 7 }]);
    expect([...runsOfMessages([], 7, 7)]).toEqual([]);
  });
});

describe('MessageUnit', () => {
  it('should hand on texts and origin, and tell of messages without a text', () => {
    const rejected: RejectedMessage[] = [];
    const messages = [message(4), message(5, null), message(6, Buffer.from([0xff])), message(7, 'ü')];
    const unit = MessageUnit.of(messages, 4, 8, (letter) => rejected.push(letter));
    expect(unit.partitionUnit).toEqual({
      begin: 4,
      next: 8,
      origin: 'binance',
      values: ['value 4', 'ü'],
      lastHash: hashOfMessage(message(7, 'ü')),
    });
    expect(rejected.map(({ message: { offset }, violation }) => [offset, violation.field])).toEqual([
      ['5', 'message'],
      ['6', 'message'],
    ]);
  });

  it('should take U+FFFD as a character where it was sent, and refuse bytes that only decode to it', () => {
    const sent = Buffer.from('{"source":"\ufffd"}');
    const broken = [
      Buffer.from([0x22, 0xc3, 0x28]),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.concat([sent, Buffer.of(0xe5)]),
    ];
    const rejected: RejectedMessage[] = [];
    const messages = [message(0, sent), ...broken.map((bytes, index) => message(index + 1, bytes))];
    const unit = MessageUnit.of(messages, 0, 4, (letter) => rejected.push(letter));
    expect(unit.partitionUnit.values).toEqual([sent.toString()]);
    expect(rejected).toHaveLength(broken.length);
  });

  it('should have no hash where no message has the last offset', () => {
    expect(MessageUnit.of([message(4)], 4, 9, nothing).partitionUnit.lastHash).toBeNull();
  });

  it('should be taken in halves that follow each other', () => {
    const unit = MessageUnit.of([message(4), message(6), message(7)], 4, 9, nothing);
    const [first, second] = unit.halves();
    expect([first.partitionUnit, second.partitionUnit]).toEqual([
      { begin: 4, next: 7, origin: 'binance', values: ['value 4', 'value 6'], lastHash: hashOfMessage(message(6)) },
      { begin: 7, next: 9, origin: 'binance', values: ['value 7'], lastHash: null },
    ]);
  });

  it('should keep its span without messages that were set aside', () => {
    const unit = MessageUnit.of([message(4), message(5)], 4, 6, nothing).without([1]);
    expect(unit.partitionUnit).toEqual({
      begin: 4,
      next: 6,
      origin: 'binance',
      values: ['value 4'],
      lastHash: hashOfMessage(message(5)),
    });
    expect(unit.messageAt(0).offset).toBe('4');
  });
});

describe('hashOfMessage', () => {
  it('should tell apart keys, values and times, and what is absent from what is empty', () => {
    const base = message(1, 'ab');
    const others: KafkaMessage[] = [
      { ...base, key: null },
      { ...base, key: Buffer.alloc(0) },
      { ...base, value: Buffer.from('a') },
      { ...base, value: null },
      { ...base, timestamp: '1768435200001' },
      { ...base, key: Buffer.from('BTCUSDTa'), value: Buffer.from('b') },
    ];
    expect(new Set([base, ...others].map(hashOfMessage)).size).toBe(others.length + 1);
    expect(hashOfMessage({ ...base, offset: '99' })).toBe(hashOfMessage(base));
  });
});
