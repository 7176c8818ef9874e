import { ServerEventParser } from './server-events';

const TEXT = 'retry: 3000\nid: a\n\nid: b\nevent: price\ndata: {"x":1}\n\n:\n\nid: c\nevent: gap\ndata: {}\n\n';

describe('ServerEventParser', () => {
  it('should give the events of a text, however it is cut into pieces', () => {
    const whole = new ServerEventParser().push(TEXT);
    expect(whole).toEqual([
      { id: 'b', name: 'price', data: '{"x":1}' },
      { id: 'c', name: 'gap', data: '{}' },
    ]);
    for (let size = 1; size < 12; size += 1) {
      const parser = new ServerEventParser();
      const events = [];
      for (let at = 0; at < TEXT.length; at += size) events.push(...parser.push(TEXT.slice(at, at + size)));
      expect(events).toEqual(whole);
    }
  });

  it('should know the id of a block that is no event', () => {
    const parser = new ServerEventParser();
    parser.push('retry: 3000\nid: a\n\n');
    expect(parser.lastEventId).toBe('a');
  });

  it('should stay behind the id that it begins with until an event brings another', () => {
    const parser = new ServerEventParser('z');
    parser.push(':\n\n');
    expect(parser.lastEventId).toBe('z');
    parser.push('id: a\n\n');
    expect(parser.lastEventId).toBe('a');
  });
});
