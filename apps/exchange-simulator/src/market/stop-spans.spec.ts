import { StopSpans } from './stop-spans';

describe('StopSpans', () => {
  const stops = [
    { start: 50, end: 60 },
    { symbol: 'A', start: 10, end: 20 },
    { symbol: 'A', start: 20, end: 25 },
    { symbol: 'B', start: 0, end: 100 },
    { symbol: 'A', start: 55, end: 70 },
  ];

  it("should be the symbol's own and those of the whole exchange, joined where they touch", () => {
    expect(new StopSpans(stops, 'A').spans).toEqual([
      { start: 10, end: 25 },
      { start: 50, end: 70 },
    ]);
    expect(new StopSpans(stops, 'C').spans).toEqual([{ start: 50, end: 60 }]);
  });

  it('should find what a span shares a moment with', () => {
    const spans = new StopSpans(stops, 'A');
    expect(spans.overlapping(25, 50)).toEqual([]);
    expect(spans.overlapping(24, 51)).toEqual(spans.spans);
    expect(spans.overlapping(69, 200)).toEqual([{ start: 50, end: 70 }]);
    expect([9, 10, 24, 25].map((time) => spans.covers(time))).toEqual([false, true, true, false]);
  });
});
