import type { FieldProblemDto, ProblemDto } from './problem.dto';
import type { CandleDto, CoverageDto, DailyMetricsDto, PageDto, PriceEventDto, SymbolDto } from './responses.dto';

/** The plain object that a response class describes: the classes themselves are for the documentation. */
type Plain<T> = { readonly [Key in keyof T]: T[Key] };

export type PriceEventItem = Plain<PriceEventDto>;
export type CandleItem = Plain<CandleDto>;
export type CoverageItem = Plain<CoverageDto>;
export type DailyMetricsItem = Plain<DailyMetricsDto>;
export type SymbolItem = Plain<SymbolDto>;
export type FieldProblem = Plain<FieldProblemDto>;
export type Problem = Plain<Omit<ProblemDto, 'errors'>> & { readonly errors?: readonly FieldProblem[] };

/** One page of a JSON list. */
export type Page<Item> = Plain<PageDto> & { readonly data: readonly Item[] };
