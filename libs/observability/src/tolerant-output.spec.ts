import { TolerantOutput, type DroppedLines } from './tolerant-output';

function refusal(code: string): Error {
  return Object.assign(new Error(`${code}: write`), { code });
}

/** A file that takes so many bytes more, and then refuses. */
class Limited {
  text = '';
  room = Infinity;
  code = 'ENOSPC';
  attempts = 0;

  readonly write = (_: number, bytes: Uint8Array): number => {
    this.attempts += 1;
    const taken = bytes.subarray(0, Math.min(bytes.length, this.room));
    if (taken.length === 0) throw refusal(this.code);
    this.room -= taken.length;
    this.text += Buffer.from(taken).toString('utf8');
    return taken.length;
  };
}

describe('TolerantOutput', () => {
  let file: Limited;
  let told: DroppedLines[];
  let output: TolerantOutput;

  beforeEach(() => {
    file = new Limited();
    told = [];
    output = new TolerantOutput((dropped) => told.push(dropped), file.write);
  });

  it.each(['ENOSPC', 'EPIPE', 'EIO', 'EDQUOT'])(
    'should drop and count what is refused with %s, and say so once it is taken again',
    (code) => {
      file.room = 0;
      file.code = code;
      output.write('one\ntwo\n');
      output.flushSync();
      output.write('three\n');
      expect(output.droppedLines).toBe(3);
      expect(told).toEqual([]);
      file.room = Infinity;
      output.write('four\n');
      expect(file.text).toBe('four\n');
      expect(told).toEqual([{ lines: 3, reason: `${code}: write` }]);
      output.write('five\n');
      expect(told).toHaveLength(1);
      expect(output.droppedLines).toBe(3);
    },
  );

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])('should bring out the rest of a line of which %i bytes were taken', (room) => {
    file.room = room;
    output.write('abc\nde\nfg\n');
    output.write('hi\n');
    file.room = Infinity;
    output.write('jk\n');
    const lines = file.text.split('\n');
    expect(lines.pop()).toBe('');
    for (const line of lines) expect(['abc', 'de', 'fg', 'hi', 'jk']).toContain(line);
    expect(lines.length + output.droppedLines).toBe(5);
  });

  it('should not wait again for a reader that stands still', () => {
    file.room = 0;
    file.code = 'EAGAIN';
    output.write('one\n');
    const { attempts } = file;
    expect(attempts).toBeGreaterThan(1);
    output.write('two\n');
    expect(file.attempts).toBe(attempts + 1);
    file.room = Infinity;
    output.write('three\n');
    expect(told).toEqual([{ lines: 2, reason: 'EAGAIN: write' }]);
  });
});
