import { EventEmitter } from 'node:events';
import { ProblemError } from '@app/http';
import { AnswersUnderWay } from './answers-under-way';

const MB = 1_048_576;

class FakeReader extends EventEmitter {
  closed = false;

  destroy(): void {
    this.end();
  }

  end(): void {
    this.closed = true;
    this.emit('close');
  }
}

describe('AnswersUnderWay', () => {
  let underWay: AnswersUnderWay;
  let admitted: string[];

  const ask = (name: string, bytes: Buffer): FakeReader => {
    const reader = new FakeReader();
    underWay.admit(bytes, reader).then(
      () => admitted.push(name),
      () => admitted.push(`${name} refused`),
    );
    return reader;
  };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  beforeEach(() => {
    underWay = new AnswersUnderWay();
    admitted = [];
  });

  it('should let large answers wait until those before them have been read, in their order', async () => {
    const first = ask('a', Buffer.alloc(60 * MB));
    const second = ask('b', Buffer.alloc(30 * MB));
    const third = ask('c', Buffer.alloc(50 * MB));
    ask('d', Buffer.alloc(2 * MB));
    await settled();
    expect(admitted).toEqual(['a', 'b']);
    second.end();
    await settled();
    expect(admitted).toEqual(['a', 'b']);
    first.end();
    await settled();
    expect(admitted).toEqual(['a', 'b', 'c', 'd']);
    third.end();
  });

  it('should count bytes once that many read, and small answers not at all', async () => {
    const bytes = Buffer.alloc(90 * MB);
    const [first, second] = [ask('a', bytes), ask('b', bytes)];
    ask('small', Buffer.alloc(MB));
    ask('c', Buffer.alloc(10 * MB));
    await settled();
    expect(admitted).toEqual(['a', 'b', 'small']);
    first.end();
    await settled();
    expect(admitted).toHaveLength(3);
    second.end();
    await settled();
    expect(admitted).toEqual(['a', 'b', 'small', 'c']);
  });

  it('should send an answer alone that is larger than all may be together', async () => {
    const reader = ask('a', Buffer.alloc(100 * MB));
    ask('b', Buffer.alloc(2 * MB));
    await settled();
    expect(admitted).toEqual(['a']);
    reader.end();
    await settled();
    expect(admitted).toEqual(['a', 'b']);
  });

  it('should hold nothing for a reader that left while it waited', async () => {
    const first = ask('a', Buffer.alloc(90 * MB));
    ask('b', Buffer.alloc(90 * MB)).end();
    ask('c', Buffer.alloc(90 * MB));
    first.end();
    await settled();
    expect(admitted).toEqual(['a', 'b', 'c']);
  });

  it('should ask to come back when there is no room for long, and then look at those behind', async () => {
    underWay = new AnswersUnderWay(20);
    ask('a', Buffer.alloc(60 * MB));
    const refusal = underWay.admit(Buffer.alloc(90 * MB), new FakeReader());
    ask('b', Buffer.alloc(30 * MB));
    const error: unknown = await refusal.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProblemError);
    expect((error as ProblemError).problem).toMatchObject({ status: 503, headers: { 'Retry-After': '30' } });
    await settled();
    expect(admitted.slice(0, 1)).toEqual(['a']);
    expect(admitted).toHaveLength(2);
  });

  it('should end an answer that is not read to its end in time', async () => {
    underWay = new AnswersUnderWay(1_000, 20);
    const reader = ask('a', Buffer.alloc(90 * MB));
    const ended = new Promise((resolve) => reader.once('close', resolve));
    ask('b', Buffer.alloc(90 * MB));
    await ended;
    await settled();
    expect(admitted).toEqual(['a', 'b']);
  });

  it('should hold up no stop: who waits is refused, and who reads is ended', async () => {
    underWay = new AnswersUnderWay(1_000, 1_000, 20);
    const reader = ask('a', Buffer.alloc(90 * MB));
    ask('b', Buffer.alloc(90 * MB));
    const ended = new Promise((resolve) => reader.once('close', resolve));
    await settled();
    underWay.onModuleDestroy();
    await settled();
    ask('c', Buffer.alloc(90 * MB));
    await settled();
    expect(admitted).toEqual(['a', 'b refused', 'c refused']);
    await ended;
  });
});
