import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { positionToText, type ChangeFeedReader, type FeedPosition } from '@app/domain';
import { FakeClock } from '@app/testing';
import { EventLog } from './event-log';
import { FeedEvents } from './feed-events';
import type { FeedFollower } from './feed-follower';
import type { StreamEvent } from './stream-event';
import { StreamReader, type StreamQuestion } from './stream-reader';

const POSITION: FeedPosition = { generation: '0123456789abcdef', next: new Map(), within: null, committedAt: null };

const HISTORY = 'event: history\ndata: {"next_url":"/candles?symbol=A"}\n\n';
const history = (symbol: string): StreamEvent => ({
  symbol,
  id: 'h',
  text: HISTORY,
  addressAt: HISTORY.indexOf('/candles'),
});
const candle = (symbol: string): StreamEvent => ({ symbol, id: 'c', text: 'event: candle\ndata: {}\n\n' });

/** Readers of one follower's candles, with nothing to catch up on. */
describe('StreamReader', () => {
  const log = new EventLog(1_000_000);
  const feed = { units: () => Promise.resolve([]) } as unknown as ChangeFeedReader;
  const sources = {
    follower: { logs: { prices: new EventLog(1), candles: log }, position: POSITION } as unknown as FeedFollower,
    feed,
    events: new FeedEvents(feed, new FakeClock(0)),
  };

  const readerOf = async (
    question: Partial<StreamQuestion>,
    from = POSITION,
  ): Promise<{ reader: StreamReader; text: () => string }> => {
    const written: string[] = [];
    const write = (chunk: string | Buffer): boolean => {
      written.push(chunk.toString());
      return true;
    };
    const response = Object.assign(new EventEmitter(), { write }) as unknown as ServerResponse;
    const asked = { channel: 'candles', symbols: undefined, prefix: '', listUrl: () => '', ...question } as const;
    const reader = new StreamReader(response, asked, sources, from);
    await reader.catchUp(from);
    return { reader, text: () => written.join('') };
  };

  it('should give each reader of the same events addresses below the path that he came by', async () => {
    const readers = await Promise.all(
      [{ prefix: '' }, { prefix: '/market' }, { prefix: '/a/b' }, { prefix: '/market', symbols: new Set(['A']) }].map(
        (question) => readerOf(question),
      ),
    );
    log.append([history('A'), candle('B'), history('A'), candle('A')]);
    for (const { reader } of readers) reader.pump();
    const below = (prefix: string, isWhole = true): string => {
      const told = HISTORY.replace('/candles', `${prefix}/candles`);
      return [told, isWhole ? candle('B').text : '', told, candle('A').text].join('');
    };
    expect(readers.map(({ text }) => text())).toEqual([
      below(''),
      below('/market'),
      below('/a/b'),
      below('/market', false),
    ]);
  });

  it('should go on out of the log behind any event that it has, without a look at the feed', async () => {
    const read = jest.spyOn(feed, 'units');
    const positions = [1, 2, 3].map((next): FeedPosition => ({ ...POSITION, next: new Map([[1, next]]) }));
    log.append(
      positions.map((position, index) => ({
        symbol: 'A',
        id: positionToText(position),
        text: `event: candle\ndata: ${index}\n\n`,
      })),
    );
    const told = await Promise.all(positions.map((position) => readerOf({}, position)));
    expect(told.map(({ text }) => text())).toEqual([
      'event: candle\ndata: 1\n\nevent: candle\ndata: 2\n\n',
      'event: candle\ndata: 2\n\n',
      '',
    ]);
    expect(read).not.toHaveBeenCalled();
  });
});
