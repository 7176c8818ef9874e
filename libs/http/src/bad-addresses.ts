import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { setAnswerHeaders, type Door } from './hooks/answer-headers.hook';
import { budgetHeaders, isWithin } from './throttling/request-budget';
import { problemOfError, problemOfStatus } from './problem-from-error';
import { sendProblem } from './problem.filter';
import type { PublicAddress } from './public-address';

type Answer = (error: Error, request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** How each instance answers an address that cannot be decoded: no hook of it sees one. */
const ANSWERS = new WeakMap<object, Answer>();

/** Answers addresses that cannot be decoded like any request that meets no route, at the cost of one. */
export function answerBadAddresses(
  instance: FastifyInstance,
  { origins, budget, keys }: Door,
  address: PublicAddress,
): void {
  ANSWERS.set(instance.server, async (error, request, reply) => {
    setAnswerHeaders(request, reply, origins);
    const state = await budget.spend(request.raw);
    reply.headers(budgetHeaders(state));
    const refusal = keys.refusalOf(request.raw, undefined) ?? error;
    const problem = isWithin(state) ? problemOfError(refusal) : problemOfStatus(429);
    sendProblem(request, reply, problem, address.prefixOf(request));
  });
}

/** What Fastify calls for such an address. */
export function answerFrameworkError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const answer = ANSWERS.get(request.server.server);
  if (answer) void answer(error, request, reply);
  else sendProblem(request, reply, problemOfError(error), '');
}
