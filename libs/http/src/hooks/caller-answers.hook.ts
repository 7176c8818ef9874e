import type { FastifyInstance } from 'fastify';
import type { Callers } from '../keys/callers';
import { privateFor } from '../keys/private-answers';
import { budgetHeaders, type RequestBudget } from '../throttling/request-budget';

const NOT_MODIFIED = 304;

/** Settles with whoever asked when his answer is known: caches keep no answer to a key, and what is not new is free. */
export function addCallerAnswers(instance: FastifyInstance, callers: Callers, budget: RequestBudget): void {
  instance.addHook('onSend', (request, reply, _payload, done) => {
    const caching = reply.getHeader('cache-control');
    if (typeof caching === 'string') {
      const own = privateFor(callers.of(request.raw), caching);
      if (own !== caching) reply.header('cache-control', own);
    }
    if (reply.statusCode !== NOT_MODIFIED) done();
    else {
      budget.refund(request.raw).then((state) => {
        if (state) reply.headers(budgetHeaders(state));
        done();
      }, done);
    }
  });
}
