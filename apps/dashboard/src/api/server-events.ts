/** One event of a `text/event-stream`. */
export interface ServerEvent {
  readonly id: string;
  readonly name: string;
  readonly data: string;
}

/** Reads the text of a stream as it comes, whatever pieces it comes in. */
export class ServerEventParser {
  private rest = '';

  /** The id that the stream begins behind stays the last one until an event brings another. */
  constructor(public lastEventId = '') {}

  /** The events that this piece completes. */
  push(text: string): ServerEvent[] {
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop() ?? '';
    return blocks.flatMap((block) => this.read(block));
  }

  private read(block: string): ServerEvent[] {
    let name = 'message';
    const data: string[] = [];
    for (const line of block.split('\n')) {
      const [field, value] = fieldOf(line);
      if (field === 'id') this.lastEventId = value;
      else if (field === 'event') name = value;
      else if (field === 'data') data.push(value);
    }
    return data.length === 0 ? [] : [{ id: this.lastEventId, name, data: data.join('\n') }];
  }
}

function fieldOf(line: string): [field: string, value: string] {
  const colon = line.indexOf(':');
  if (colon === -1) return [line, ''];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value];
}
