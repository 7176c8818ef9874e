import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BinanceError } from './binance-error';

/** Writes every refusal as the exchange does; an unknown path is an HTML page only for who accepts HTML. */
@Catch()
export class BinanceErrorFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof BinanceError) {
      void reply.status(error.status).send(error.body);
      return;
    }
    if (error instanceof HttpException && error.getStatus() === 404) {
      const html = acceptsHtml(host.switchToHttp().getRequest<FastifyRequest>());
      void reply
        .status(404)
        .type(html ? 'text/html' : 'application/json')
        .send(html ? '<html><body><h2>404 Not found</h2></body></html>' : '');
      return;
    }
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const message =
      error instanceof HttpException ? error.message : 'An unknown error occurred while processing the request.';
    void reply.status(status).send({ code: -1000, msg: message });
  }
}

function acceptsHtml(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/html') ?? false;
}
