import { rowAfterKey } from './row-keys';

describe('rowAfterKey', () => {
  it.each([
    ['ArrowDown', 4, 5],
    ['ArrowUp', 4, 3],
    ['ArrowUp', 0, 0],
    ['ArrowDown', 99, 99],
    ['PageDown', 95, 99],
    ['PageUp', 4, 0],
    ['Home', 50, 0],
    ['End', 50, 99],
  ])('should lead by %s from row %d to row %d of a hundred', (key, place, target) => {
    expect(rowAfterKey(key, place, 100, 10)).toBe(target);
  });

  it('should leave other keys alone', () => {
    expect(rowAfterKey('Enter', 4, 100, 10)).toBeUndefined();
  });
});
