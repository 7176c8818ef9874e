import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger, MetricsRegistry } from '@app/observability';
import { answerBadAddresses } from './bad-addresses';
import { AdmittedServer } from './admission/admitted-server';
import { addCallerAnswers } from './hooks/caller-answers.hook';
import { Callers } from './keys/callers';
import { KeyCheck } from './keys/key-check';
import { addAnswerHeaders } from './hooks/answer-headers.hook';
import { addRequestRecord, RequestRecords } from './hooks/request-record.hook';
import { addTextCoding } from './hooks/text-coding.hook';
import type { HttpOptions } from './http-options';
import { ProblemFilter } from './problem.filter';
import { PublicAddress } from './public-address';
import { ReadyAnswers } from './ready/ready-answers';
import { ReadyDoor } from './ready/ready-door';
import { QueryValidationPipe } from './query-validation.pipe';
import { RouteTable } from './route-table';
import { RequestBudget } from './throttling/request-budget';

export interface HttpAppContext {
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly http: HttpOptions;
}

/** What every HTTP application of the platform has around its routes; tests call it as `main.ts` does. Returns its routes. */
export function configureApp(app: NestFastifyApplication, context: HttpAppContext): RouteTable {
  const { logger, metrics, http } = context;
  const instance = app.getHttpAdapter().getInstance();
  const routes = new RouteTable();
  routes.watch(instance);
  const callers = app.get(Callers);
  const door = { origins: http.corsOrigins, budget: app.get(RequestBudget), keys: app.get(KeyCheck) };
  const records = new RequestRecords(logger, metrics);
  const server: unknown = app.getHttpServer();
  if (server instanceof AdmittedServer) {
    server.countClientsBy((request) => callers.of(request).client);
    server.askFirst(new ReadyDoor(app.get(ReadyAnswers), door, callers, records));
  }
  const address = new PublicAddress(http);
  addAnswerHeaders(instance, routes, door);
  answerBadAddresses(instance, door, address);
  addCallerAnswers(instance, callers, door.budget);
  addRequestRecord(instance, records);
  addTextCoding(instance);
  app.useGlobalPipes(new QueryValidationPipe());
  app.useGlobalFilters(new ProblemFilter(logger, address));
  return routes;
}
