/** An answer that refuses a request in the exchange's own form, `{"code":-1121,"msg":"Invalid symbol."}`. */
export class BinanceError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }

  get body(): { code: number; msg: string } {
    return { code: this.code, msg: this.message };
  }
}

/** The refusals of the market-data routes, with the texts of the exchange's error list. */
export const refusals = {
  illegalCharacters: (parameter: string, range: string) =>
    new BinanceError(-1100, `Illegal characters found in parameter '${parameter}'; legal range is '${range}'.`),
  duplicateParameter: () => new BinanceError(-1101, 'Duplicate values for a parameter detected.'),
  mandatoryParameter: (parameter: string) =>
    new BinanceError(-1102, `Mandatory parameter '${parameter}' was not sent, was empty/null, or malformed.`),
  unreadParameters: (read: number, sent: number) =>
    new BinanceError(
      -1104,
      `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${sent}' parameter(s).`,
    ),
  emptyParameter: (parameter: string) => new BinanceError(-1105, `Parameter '${parameter}' was empty.`),
  invalidInterval: () => new BinanceError(-1120, 'Invalid interval.'),
  invalidSymbol: () => new BinanceError(-1121, 'Invalid symbol.'),
  invalidSymbolStatus: () => new BinanceError(-1122, 'Invalid symbolStatus.'),
  invalidCombination: () => new BinanceError(-1128, 'Combination of optional parameters invalid.'),
  invalidData: (parameter: string) => new BinanceError(-1130, `Data sent for parameter '${parameter}' is not valid.`),
  invalidTickerType: () => new BinanceError(-1139, 'Invalid ticker type.'),
  repeatedSymbol: () => new BinanceError(-1151, 'Symbol is present multiple times in the list.'),
  invalidTimeUnit: () =>
    new BinanceError(-1194, 'Invalid value for time unit; expected either MICROSECOND or MILLISECOND.'),
  symbolStatusMismatch: () => new BinanceError(-1220, "The symbol's status does not match the requested symbolStatus."),
} as const;
