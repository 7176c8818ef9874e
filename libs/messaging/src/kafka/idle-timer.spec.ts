import { createRequire } from 'node:module';
import { calmIdleConnections } from './idle-timer';

interface Queue {
  push(request: object): void;
  fulfillRequest(response: { correlationId: number; payload: null; size: number }): void;
  maybeThrottle(millis: number): void;
}

const RequestQueue = createRequire(__filename)('kafkajs/src/network/requestQueue') as new (options: object) => Queue;
const logger = { debug: () => undefined, warn: () => undefined };

describe('calmIdleConnections', () => {
  beforeEach(() => {
    jest.useFakeTimers();
    calmIdleConnections();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  function queue(maxInFlightRequests: number | null = null) {
    const sent: number[] = [];
    const options = { maxInFlightRequests, requestTimeout: 1_000, enforceRequestTimeout: false, logger };
    const requests = new RequestQueue({ ...options, clientId: 'test', broker: 'kafka:9092' });
    const push = (correlationId: number) => {
      const entry = { correlationId, apiName: 'Metadata', apiKey: 3, apiVersion: 0, resolve: () => undefined };
      requests.push({ entry, expectResponse: true, sendRequest: () => void sent.push(correlationId) });
    };
    const answer = (correlationId: number) => {
      requests.fulfillRequest({ correlationId, payload: null, size: 0 });
    };
    return { requests, sent, push, answer };
  }

  it('should leave no timer running on a connection at rest', () => {
    const { push, answer } = queue();
    push(1);
    answer(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('should still send what waits for an earlier answer', () => {
    const { sent, push, answer } = queue(1);
    push(1);
    push(2);
    expect(sent).toEqual([1]);
    answer(1);
    expect(sent).toEqual([1, 2]);
  });

  it('should still send what waits for the end of a throttling', () => {
    const { requests, sent, push } = queue();
    requests.maybeThrottle(500);
    push(1);
    jest.advanceTimersByTime(400);
    expect(sent).toEqual([]);
    jest.advanceTimersByTime(200);
    expect(sent).toEqual([1]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
