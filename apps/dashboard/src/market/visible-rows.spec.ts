import { visibleRows } from './visible-rows';

describe('visibleRows', () => {
  it('should draw what is on the screen and a little around it', () => {
    expect(visibleRows(1_500, 40, 0, 400)).toEqual({ first: 0, end: 18 });
    expect(visibleRows(1_500, 40, 20_000, 400)).toEqual({ first: 492, end: 518 });
    expect(visibleRows(1_500, 40, 59_600, 400)).toEqual({ first: 1_482, end: 1_500 });
  });

  it('should draw nothing of nothing, and all of a few', () => {
    expect(visibleRows(0, 40, 0, 400)).toEqual({ first: 0, end: 0 });
    expect(visibleRows(3, 40, 0, 400)).toEqual({ first: 0, end: 3 });
    expect(visibleRows(3, 40, 10_000, 400)).toEqual({ first: 3, end: 3 });
  });
});
