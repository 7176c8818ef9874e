import { Controller, Get, Header, Res } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiResponse,
  ApiTags,
  type ApiResponseOptions,
} from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';
import type { FastifyReply } from 'fastify';
import { MetricsRegistry } from '@app/observability';
import { problemBody, ProblemError, type ProblemOptions } from '../problem.error';
import { ProbeDto, type Probe } from './health.dto';
import { ProcessHealth, type CheckReport } from './process-health';

const EXAMPLE_CHECKS = { store: { ok: false, detail: 'there is no database yet: nothing has been captured' } };

const PASSED = { status: 'ok', checks: { store: { ok: true, detail: '' } } };

const READY = {
  status: 'ok',
  checks: { ...PASSED.checks, data: { ok: true, detail: 'BTCUSDT: last price 240 s ago' } },
};

function failing(code: string, title: string): ApiResponseOptions {
  const detail = 'store: there is no database yet: nothing has been captured';
  const problem = problemBody({ status: 503, code, title, detail, extensions: { checks: EXAMPLE_CHECKS } }, '/readyz');
  const schema = { type: 'object', additionalProperties: true } as const;
  return { status: 503, description: title, content: { 'application/problem+json': { schema, example: problem } } };
}

/** What machines ask a process all the time: never throttled, never cached. */
@ApiTags('operations')
@SkipThrottle({ default: true })
@Controller()
export class ProbesController {
  constructor(
    private readonly health: ProcessHealth,
    private readonly metrics: MetricsRegistry,
  ) {}

  @Get('livez')
  @ApiOperation({
    operationId: 'getLiveness',
    summary: 'Whether the process lives; 503 asks for a restart.',
    description:
      'Speaks of the process alone, never of what it depends on: a failing check is one that a restart cures. `checks` has each by ' +
      'name, with a readable line where it fails.',
  })
  @ApiOkResponse({ description: 'Every check passed.', type: ProbeDto, example: PASSED })
  @ApiResponse(failing('PROCESS.NOT_ALIVE', 'A restart is needed.'))
  @Header('Cache-Control', 'no-store')
  async live(): Promise<Probe> {
    return passed(await this.health.live(), { code: 'PROCESS.NOT_ALIVE', title: 'The process needs a restart' });
  }

  @Get('readyz')
  @ApiOperation({
    operationId: 'getReadiness',
    summary: 'Whether the process can do its work now.',
    description:
      '503 while it cannot: a server that cannot read the store, a process that cannot capture or store. `checks` has each check by ' +
      'name, with a readable line where something is wrong. Old data, and an exchange that does not answer, make no server unready.',
  })
  @ApiOkResponse({
    description: 'Every check passed; what one says beside that keeps nobody from being served.',
    type: ProbeDto,
    example: READY,
  })
  @ApiResponse(failing('PROCESS.NOT_READY', 'Not now; the failing check says why.'))
  @Header('Cache-Control', 'no-store')
  async ready(): Promise<Probe> {
    return passed(await this.health.ready(), { code: 'PROCESS.NOT_READY', title: 'The process is not ready' });
  }

  @Get('metrics')
  @ApiOperation({
    operationId: 'getMetrics',
    summary: 'Metrics of the process in the Prometheus text format.',
    description:
      'For Prometheus to scrape: names begin with `csp_`, and with `process_` or `nodejs_` for those of the process itself. Every ' +
      'process has its own.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({
    description: 'All metrics.',
    content: { 'text/plain': { schema: { type: 'string' }, example: 'csp_build_info 1\n' } },
  })
  async metricsText(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    reply.headers({ 'content-type': this.metrics.contentType, 'cache-control': 'no-store' });
    return this.metrics.metrics();
  }
}

/** The report, or a 503 that carries it. @throws ProblemError when a check fails */
function passed({ ok, checks }: CheckReport, failure: Pick<ProblemOptions, 'code' | 'title'>): Probe {
  if (ok) return { status: 'ok', checks };
  const detail = Object.entries(checks)
    .filter(([, check]) => !check.ok)
    .map(([name, check]) => `${name}: ${check.detail}`)
    .join('; ');
  throw new ProblemError({ ...failure, status: 503, detail, extensions: { checks }, headers: { 'Retry-After': '5' } });
}
