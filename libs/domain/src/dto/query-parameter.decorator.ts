import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsOptional, ValidateBy } from 'class-validator';

/** What a query string can give for one name. */
export type RawParameter = string | readonly string[];

export interface QueryParameterOptions<T> {
  /** Turns the text into the value; undefined refuses it. Must depend on nothing but the text. */
  readonly parse: (raw: RawParameter) => T | undefined;
  /** What is allowed, for the error: a noun phrase, or one that says why this value is not. */
  readonly allowed: string | ((raw: RawParameter) => string);
  readonly required?: boolean;
  /** Left out for a name that is no parameter, and refused for being sent. */
  readonly openApi?: ApiPropertyOptions;
}

/** Carries a refused text through transformation, so that the error can show it as it was sent. */
export class RefusedParameter {
  constructor(readonly raw: RawParameter) {}
}

/** Parses one text value; several values of one name are refused. */
export function single<T>(parse: (text: string) => T | undefined): (raw: RawParameter) => T | undefined {
  return (raw) => (typeof raw === 'string' ? parse(raw) : undefined);
}

/**
 * A query parameter of a DTO: parsed by class-transformer, refused by class-validator with a message that says what is
 * allowed, described for OpenAPI.
 */
export function QueryParameter<T>(options: QueryParameterOptions<T>): PropertyDecorator {
  const { parse, allowed, required = false, openApi } = options;
  const expectation = (value: unknown): string => {
    if (typeof allowed === 'string') return allowed;
    return allowed(value instanceof RefusedParameter ? value.raw : '');
  };
  return applyDecorators(
    Transform(({ value }: { value: RawParameter | undefined }) =>
      value === undefined ? undefined : (parse(value) ?? new RefusedParameter(value)),
    ),
    ValidateBy({
      name: 'queryParameter',
      validator: {
        validate: (value: unknown) => value !== undefined && !(value instanceof RefusedParameter),
        defaultMessage: (args) => expectation(args?.value),
      },
    }),
    ...(required ? [] : [IsOptional()]),
    ...(openApi ? [ApiProperty({ ...openApi, required } as ApiPropertyOptions)] : []),
  );
}
