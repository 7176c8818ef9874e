import { ClientKafka } from '@nestjs/microservices';
import { createLogger } from '@app/observability';
import { ensureTopics } from '../topic-admin';
import { NestProducerLink } from './producer-link';

jest.mock('@nestjs/microservices', () => ({ ClientKafka: jest.fn() }));
jest.mock('../topic-admin', () => ({ ensureTopics: jest.fn() }));

const Client = ClientKafka as unknown as jest.Mock;
const ensure = ensureTopics as jest.Mock;
const PLAN = { topics: ['prices'], partitions: 3, deadLetters: false };

describe('NestProducerLink', () => {
  let order: string[];
  let link: NestProducerLink;

  beforeEach(() => {
    order = [];
    ensure.mockReset().mockImplementation(() => {
      order.push('topics');
      return Promise.resolve();
    });
    Client.mockReset().mockImplementation(() => ({
      connect: () => {
        order.push('connect');
        return Promise.resolve();
      },
      close: () => {
        order.push('close');
        return Promise.resolve();
      },
      producer: {
        connect: () => void order.push('producer connect'),
        disconnect: () => {
          order.push('producer disconnect');
          return Promise.resolve();
        },
      },
    }));
    link = new NestProducerLink(
      { bootstrapServers: ['kafka:9092'], clientId: 'test', logger: createLogger('silent', 'test') },
      PLAN,
    );
  });

  it('should let nothing be sent twice or overtaken, join no group, and make no topic by naming it', async () => {
    await link.ready();
    expect(Client).toHaveBeenCalledWith(
      expect.objectContaining({
        postfixId: '',
        producerOnlyMode: true,
        producer: expect.objectContaining({
          idempotent: true,
          maxInFlightRequests: 1,
          allowAutoTopicCreation: false,
        }) as unknown,
      }),
    );
  });

  it('should look at the topics before it connects, and once for all who ask', async () => {
    const [first, second] = await Promise.all([link.ready(), link.ready()]);
    expect(second).toBe(first);
    expect(await link.ready()).toBe(first);
    expect(order).toEqual(['topics', 'connect']);
    expect(ensure).toHaveBeenCalledWith(expect.anything(), PLAN);
  });

  it('should give the same producer another connection, and make another one only where that is of no use', async () => {
    const first = await link.ready();
    link.failed('reconnect');
    expect(await link.ready()).toBe(first);
    expect(order.slice(2)).toEqual(['producer disconnect', 'producer connect']);
    link.failed('replace');
    // What failed later for the same reason does not make less of it.
    link.failed('reconnect');
    expect(await link.ready()).not.toBe(first);
    expect(order.slice(4)).toEqual(['close', 'topics', 'connect']);
  });

  it('should use nothing that a start brings which was given up meanwhile', async () => {
    let release: () => void = () => undefined;
    ensure.mockImplementationOnce(() => new Promise<void>((resolve) => (release = resolve)));
    const slow = link.ready();
    link.failed('replace');
    const next = await link.ready();
    release();
    await expect(slow).rejects.toThrow('given up');
    expect(await link.ready()).toBe(next);
  });
});
