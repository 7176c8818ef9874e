import {
  Injectable,
  ValidationPipe,
  type ArgumentMetadata,
  type PipeTransform,
  type Type,
  type ValidationError,
} from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { ignoresUnknownParameters, RefusedParameter, type FieldProblem } from '@app/domain';
import { invalidParameters, shownValue, type ProblemError } from './problem.error';

/** Most different questions whose checked parameters are remembered. */
const REMEMBERED = 1_000;

/** Longest question that is remembered, in characters. */
const REMEMBERED_LENGTH = 500;

/**
 * Checks query DTOs. A query DTO depends on nothing but the text of the query, so equal texts give the same checked
 * (frozen) object, and it is made once.
 */
@Injectable()
export class QueryValidationPipe implements PipeTransform {
  private readonly validation = new ValidationPipe({
    transform: true,
    stopAtFirstError: true,
    validationError: { target: false, value: true },
    exceptionFactory: problemOf,
  });
  private readonly remembered = new Map<Type, Map<string, object>>();
  private readonly names = new Map<Type, ReadonlySet<string>>();

  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { metatype } = metadata;
    if (metadata.type !== 'query' || !metatype || typeof value !== 'object' || value === null) return value;
    const question = JSON.stringify(value);
    const known = this.remembered.get(metatype)?.get(question);
    if (known) return known;
    const query = Object.freeze((await this.validation.transform(this.pick(value, metatype), metadata)) as object);
    this.remember(metatype, question, query);
    return query;
  }

  /** The known parameters alone. @throws ProblemError for others, unless the DTO ignores them */
  private pick(value: object, metatype: Type): Record<string, unknown> {
    const names = this.namesOf(metatype);
    const entries = Object.entries(value);
    const unknown = entries.filter(([name]) => !names.has(name));
    if (unknown.length > 0 && !ignoresUnknownParameters(metatype)) {
      const allowed = `no such parameter; allowed are ${[...names].join(', ')}`;
      throw invalidParameters(
        unknown.slice(0, 10).map(([name, text]) => ({ field: name.slice(0, 100), value: shownValue(text), allowed })),
      );
    }
    return Object.fromEntries(entries.filter(([name]) => names.has(name)));
  }

  private namesOf(metatype: Type): ReadonlySet<string> {
    let names = this.names.get(metatype);
    if (!names) {
      const rules = getMetadataStorage().getTargetValidationMetadatas(metatype, '', false, false);
      names = new Set(rules.map((rule) => rule.propertyName));
      this.names.set(metatype, names);
    }
    return names;
  }

  private remember(metatype: Type, question: string, query: object): void {
    if (question.length > REMEMBERED_LENGTH) return;
    let questions = this.remembered.get(metatype);
    if (!questions) {
      questions = new Map<string, object>();
      this.remembered.set(metatype, questions);
    }
    if (questions.size >= REMEMBERED) questions.clear();
    questions.set(question, query);
  }
}

function problemOf(errors: ValidationError[]): ProblemError {
  return invalidParameters(
    errors.map(({ property, value, constraints }): FieldProblem => {
      const raw: unknown = value instanceof RefusedParameter ? value.raw : value;
      return {
        field: property,
        value: shownValue(raw),
        allowed: Object.values(constraints ?? {}).join('; '),
      };
    }),
  );
}
