import { ageText } from './age';

describe('ageText', () => {
  it.each([
    [-5_000, '0 s'],
    [0, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [3_600_000, '1 h'],
    [172_800_000, '2 d'],
  ])('should say %d ms as %s', (milliseconds, text) => {
    expect(ageText(milliseconds)).toBe(text);
  });
});
