import { originOf } from './kafka-headers';

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
