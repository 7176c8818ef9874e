import fc from 'fast-check';
import { positionFromText, positionToText, type FeedPosition } from './feed-position';

const position: fc.Arbitrary<FeedPosition> = fc.record({
  generation: fc.stringMatching(/^[0-9a-f]{16}$/),
  next: fc
    .array(fc.tuple(fc.nat({ max: 1_000 }), fc.integer({ min: 0, max: 2 ** 40 })))
    .map((entries) => new Map(entries)),
  within: fc.option(fc.record({ feed: fc.nat({ max: 1_000 }), index: fc.nat({ max: 2_000 }) })),
  committedAt: fc.option(fc.integer({ min: 0, max: 4e15 })),
});

describe('positionToText', () => {
  it('should bring every position back from its text, which is safe in an address', () => {
    fc.assert(
      fc.property(position, (made) => {
        const text = positionToText(made);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(positionFromText(text)).toEqual(made);
      }),
    );
  });

  it('should make one text of one position, however its feeds were listed', () => {
    const made = { generation: '0123456789abcdef', within: null, committedAt: 1 };
    const text = positionToText({
      ...made,
      next: new Map([
        [1, 5],
        [2, 6],
      ]),
    });
    expect(
      positionToText({
        ...made,
        next: new Map([
          [2, 6],
          [1, 5],
        ]),
      }),
    ).toBe(text);
  });
});

describe('positionFromText', () => {
  it.each(['', 'x', '....', 'AA', '1234', 'a'.repeat(10_000), 'AQ==', '%00'])('should refuse %j', (text) => {
    expect(positionFromText(text)).toBeUndefined();
  });

  it('should refuse what is left of a position that was cut, and one with something behind it', () => {
    const text = positionToText({
      generation: '0123456789abcdef',
      next: new Map([
        [1, 300],
        [2, 70_000],
      ]),
      within: { feed: 2, index: 3 },
      committedAt: 1_796_000_000_000_000,
    });
    for (let end = 1; end < text.length; end += 1) expect(positionFromText(text.slice(0, end))).toBeUndefined();
    expect(positionFromText(`${text}A`)).toBeUndefined();
  });

  it('should never throw', () => {
    fc.assert(
      fc.property(fc.base64String(), fc.string(), (base64, text) => {
        positionFromText(base64);
        positionFromText(text);
      }),
    );
  });
});
