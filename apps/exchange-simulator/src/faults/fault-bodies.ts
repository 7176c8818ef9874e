/** Bodies of answers that do not come from the exchange's own code. */

export const FIREWALL_PAGE = `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd">
<HTML><HEAD><META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=iso-8859-1">
<TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY>
<H1>403 ERROR</H1><H2>The request could not be satisfied.</H2><HR noshade size="1px">
Request blocked. We can't connect to the server for this app or website at this time.
</BODY></HTML>
`;

/** Pretty-printed, and with code 0, as it comes. */
export const RESTRICTED_LOCATION = `{
  "code": 0,
  "msg": "Service unavailable from a restricted location according to 'b. Eligibility' in https://www.binance.com/en/terms. Please contact customer service if you believe you received this message in error."
}`;

/** A JSON text with unknown keys in its objects and, for exchangeInfo, an unknown status on `symbol` or the first one. */
export function withUnknownParts(body: string, symbol: string | undefined): string {
  const extended = extend(JSON.parse(body));
  if (isRecord(extended) && Array.isArray(extended['symbols'])) {
    const infos = extended['symbols'].filter(isRecord);
    const target = infos.find((info) => info['symbol'] === symbol) ?? infos[0];
    if (target !== undefined) {
      target['status'] = 'STATUS_OF_TOMORROW';
    }
  }
  return JSON.stringify(extended);
}

/** A JSON text whose decimals have no trailing zeros beyond two places. */
export function withShortDecimals(body: string): string {
  return body.replace(/"(-?\d+\.\d{2}\d*?)0+"/g, '"$1"');
}

function extend(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(extend);
  }
  if (!isRecord(value)) {
    return value;
  }
  const entries = Object.entries(value).map(([key, item]) => [key, extend(item)] as const);
  return { ...Object.fromEntries(entries), keyOfTomorrow: { nested: ['1.0', null] } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
