import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import type { PublishedBuild } from '@app/bi';
import { ProblemDto } from '@app/domain';
import { problemBody, ProblemError, type ProblemOptions } from '@app/http';

const NO_BUILD_YET: ProblemOptions = {
  status: 404,
  code: 'BUILD.NONE',
  title: 'There is no build yet',
  detail: 'No build of the tables has been made yet; `cli bi-build` makes one.',
};

const NO_SUCH_BUILD: ProblemOptions = {
  status: 404,
  code: 'BUILD.UNKNOWN',
  title: 'There is no such build',
  detail:
    'There is no such build, or it is kept no longer; /data/ lists those there are, and /data/latest/ leads to the newest.',
};

/** A 404 before the first build. */
export function noBuildYet(): ProblemError {
  return new ProblemError(NO_BUILD_YET);
}

/** A 404 for a build that there never was, or is not any more. */
export function noSuchBuild(): ProblemError {
  return new ProblemError(NO_SUCH_BUILD);
}

/** A 404 for a file that the build does not have. */
export function noSuchFile({ files }: Pick<PublishedBuild, 'files'>): ProblemError {
  return new ProblemError({
    status: 404,
    code: 'BUILD.FILE_UNKNOWN',
    title: 'The build has no such file',
    detail: `The build has no such file; its files are ${files.map(({ name }) => name).join(', ')}.`,
  });
}

function answersNotFound(description: string, problem: ProblemOptions): MethodDecorator {
  const example = problemBody(problem, '/data/');
  const schema = { $ref: getSchemaPath(ProblemDto) };
  return applyDecorators(
    ApiExtraModels(ProblemDto),
    ApiResponse({ status: 404, description, content: { 'application/problem+json': { schema, example } } }),
  );
}

/** Documents what `/data/latest/` answers where it leads nowhere. */
export const AnswersNoBuildYet = (): MethodDecorator =>
  answersNotFound('There is no build yet, or it has no such file.', NO_BUILD_YET);

/** Documents what the address of a file answers where there is none. */
export const AnswersNoSuchBuild = (): MethodDecorator =>
  answersNotFound('There is no such build, or no such file in it.', NO_SUCH_BUILD);
