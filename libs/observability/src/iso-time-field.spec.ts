import { isoTimeField } from './iso-time-field';

describe('isoTimeField', () => {
  it.each([
    0, 7, 999, 1_000, 1_768_485_802_913, 1_768_485_802_914, 1_768_485_803_000, 1_768_435_199_999, 1_768_435_200_000,
    1_768_485_802_099,
  ])('should write the time as an ISO date does (%d)', (time) => {
    let now = 1_768_485_802_500;
    const field = isoTimeField(() => now);
    field();
    now = time;
    expect(field()).toBe(`,"time":"${new Date(time).toISOString()}"`);
    expect(field()).toBe(`,"time":"${new Date(time).toISOString()}"`);
  });
});
