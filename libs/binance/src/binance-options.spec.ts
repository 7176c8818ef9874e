import { fullJitterDelayMs } from './binance-options';

describe('fullJitterDelayMs', () => {
  afterEach(() => jest.restoreAllMocks());

  it('should double its step up to four seconds and spread over all of it', () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.5);
    expect([1, 2, 3, 4, 5, 6].map(fullJitterDelayMs)).toEqual([125, 250, 500, 1_000, 2_000, 2_000]);
    random.mockReturnValue(0);
    expect(fullJitterDelayMs(3)).toBe(0);
  });
});
