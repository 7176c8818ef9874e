import { splitZeros } from './split-zeros';

describe('splitZeros', () => {
  it.each([
    ['68001.20000000', '68001.2', '0000000'],
    ['0.00001190', '0.0000119', '0'],
    ['100.00000000', '100', '.00000000'],
    ['100', '100', ''],
    ['0.10203', '0.10203', ''],
    ['', '', ''],
  ])('should split %s', (text, digits, zeros) => {
    expect(splitZeros(text)).toEqual([digits, zeros]);
  });
});
