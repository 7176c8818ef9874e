import fc from 'fast-check';
import { OriginReader, originOf } from './kafka-headers';

describe('originOf', () => {
  it('should read the header, whatever form kafkajs gives it', () => {
    expect(originOf({ origin: Buffer.from('simulator:7') })).toBe('simulator:7');
    expect(originOf({ origin: 'simulator:7' })).toBe('simulator:7');
    expect(originOf({ origin: [Buffer.from('simulator:1'), Buffer.from('simulator:7')] })).toBe('simulator:7');
  });

  it('should take a message without the header as data of the exchange itself', () => {
    expect([originOf(undefined), originOf({}), originOf({ origin: '' }), originOf({ origin: [] })]).toEqual(
      Array<string>(4).fill('binance'),
    );
  });
});

describe('OriginReader', () => {
  it('should read of each message what originOf reads, in whatever order they come', () => {
    const name = fc.constantFrom('bench', 'benck', 'simulator:7', 'b', '');
    const value = fc.oneof(
      name,
      name.map((text) => Buffer.from(text)),
      fc.array(
        name.map((text) => Buffer.from(text)),
        { maxLength: 2 },
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.option(fc.record({ origin: value }), { nil: undefined })), (all) => {
        const reader = new OriginReader();
        expect(all.map((headers) => reader.of(headers))).toEqual(all.map(originOf));
      }),
    );
  });
});
