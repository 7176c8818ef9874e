import type { IncomingMessage } from 'node:http';
import type { AdmittedResponse } from '../admission/admitted-response';
import { answerHeaders, hasOneHost, type Door } from '../hooks/answer-headers.hook';
import type { RequestRecords } from '../hooks/request-record.hook';
import type { Callers } from '../keys/callers';
import { credentialsOf } from '../keys/credentials';
import { privateFor } from '../keys/private-answers';
import { requestId } from '../request-id';
import { budgetHeaders, isWithin } from '../throttling/request-budget';
import type { ReadyAddress, ReadyAnswers } from './ready-answers';

const NOT_MODIFIED = 304;

/**
 * Answers what is at hand in front of the framework: a dashboard asks for the same table again and again, and most of the
 * time would go into finding out again what it is. Key, budget, headers, log line and metric are those of the long way;
 * whatever is not plain goes that way.
 */
export class ReadyDoor {
  constructor(
    private readonly ready: ReadyAnswers,
    private readonly door: Door,
    private readonly callers: Callers,
    private readonly records: RequestRecords,
  ) {}

  /** Whether the request is answered, or goes to `otherwise` later; false where it is for the routes at once. */
  takes(request: IncomingMessage, response: AdmittedResponse, otherwise: () => void): boolean {
    if (request.method !== 'GET') return false;
    const address = this.ready.find(credentialsOf(request).url);
    if (!address || !this.isPlain(request, address)) return false;
    this.answer(request, response, address).then(
      (isAnswered) => {
        if (!isAnswered) otherwise();
      },
      // What is wrong is for the route to say.
      otherwise,
    );
    return true;
  }

  private isPlain(request: IncomingMessage, { route }: ReadyAddress): boolean {
    const { headers } = request;
    const { origins, keys } = this.door;
    return (
      headers['content-length'] === undefined &&
      headers['transfer-encoding'] === undefined &&
      origins.includes('*') &&
      hasOneHost(request) &&
      keys.refusalOf(request, route) === undefined
    );
  }

  private async answer(
    request: IncomingMessage,
    response: AdmittedResponse,
    { route, answer }: ReadyAddress,
  ): Promise<boolean> {
    const begin = performance.now();
    const { headers: asked } = request;
    const { budget, origins } = this.door;
    const found = await answer(asked);
    if (!found || response.isLarge(found.body?.buffer.byteLength ?? 0)) return false;
    let state = await budget.spend(request);
    // The long way counts it no second time.
    if (!isWithin(state)) return false;
    if (found.status === NOT_MODIFIED) state = (await budget.refund(request)) ?? state;
    const id = requestId(request);
    const headers = Object.assign(answerHeaders(id, asked.origin, origins), budgetHeaders(state), found.headers);
    const caching = headers['cache-control'];
    if (typeof caching === 'string') headers['cache-control'] = privateFor(this.callers.of(request), caching);
    response.on('close', () => {
      this.records.note({ method: 'GET', route, status: found.status, id, milliseconds: performance.now() - begin });
    });
    response.writeHead(found.status, headers).end(found.body);
    return true;
  }
}
