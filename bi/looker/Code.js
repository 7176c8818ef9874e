/**
 * Looker Studio community connector. Tables, columns and types come from /bi/datasets.json of the server, so a new column
 * appears by itself. Looker's date range is sent along: only the dates that a chart shows are read.
 */

const connector = DataStudioApp.createCommunityConnector();

/** Columns whose values may be added up; of all others Looker shows the average. */
const SUMMABLE = /^(volume|quote_volume|trade_count|\w+_minutes)$/;
const DATASETS_CACHE_SECONDS = 600;
const DAY_MILLIS = 86400000;
/** Most dates that the server gives at once. */
const MAX_DATES = 3650;
/** Most rows that Looker Studio takes of a connector. */
const MAX_ROWS = 1000000;

function getAuthType() {
  return connector.newAuthTypeResponse().setAuthType(connector.AuthType.NONE).build();
}

function isAdminUser() {
  return false;
}

function getConfig() {
  const config = connector.getConfig();
  config
    .newTextInput()
    .setId('baseUrl')
    .setName('Address of the server')
    .setHelpText('Without a slash at the end.')
    .setPlaceholder('https://your-host');
  config
    .newTextInput()
    .setId('table')
    .setName('Table')
    .setHelpText(
      'daily_ohlc, daily_volume, hourly_ohlcv, latest_prices, daily_metrics, data_quality or symbols; all in /bi/datasets.json.',
    )
    .setPlaceholder('daily_ohlc');
  config
    .newTextInput()
    .setId('symbols')
    .setName('Symbols')
    .setHelpText('Separated by commas; empty means all that are captured.')
    .setPlaceholder('BTCUSDT,ETHUSDT');
  config.setDateRangeRequired(true);
  return config.build();
}

function getSchema(request) {
  return { schema: fieldsOf(tableOf(request.configParams)).build() };
}

function getData(request) {
  const table = tableOf(request.configParams);
  const requested = fieldsOf(table).forIds(request.fields.map((field) => field.name));
  const [header, ...rows] = readTable(request, table);
  const cells = requested.asArray().map((field) => {
    const column = header.indexOf(field.getId());
    const { type } = table.schema.fields.find(({ name }) => name === field.getId());
    return (row) => cellOf(type, row[column]);
  });
  return {
    schema: requested.build(),
    rows: rows.filter((row) => row.length === header.length).map((row) => ({ values: cells.map((cell) => cell(row)) })),
  };
}

/** The table as /bi/datasets.json describes it. */
function tableOf(config) {
  const baseUrl = baseUrlOf(config);
  const name = (config.table || 'daily_ohlc').trim();
  const cache = CacheService.getScriptCache();
  let text = cache.get(baseUrl);
  if (!text) {
    text = read(baseUrl + '/bi/datasets.json');
    cache.put(baseUrl, text, DATASETS_CACHE_SECONDS);
  }
  const { resources } = JSON.parse(text);
  const table = resources.find((resource) => resource.name === name);
  if (!table) fail('There is no table ' + name + '. There are: ' + resources.map((each) => each.name).join(', '));
  return table;
}

function fieldsOf(table) {
  const fields = connector.getFields();
  const types = connector.FieldType;
  const dimensions = {
    date: types.YEAR_MONTH_DAY,
    datetime: types.YEAR_MONTH_DAY_SECOND,
    boolean: types.BOOLEAN,
    string: types.TEXT,
  };
  for (const { name, type, description } of table.schema.fields) {
    const dimension = dimensions[type];
    const field = dimension
      ? fields.newDimension().setType(dimension)
      : fields
          .newMetric()
          .setType(types.NUMBER)
          .setAggregation(SUMMABLE.test(name) ? connector.AggregationType.SUM : connector.AggregationType.AVG);
    field.setId(name).setName(name).setDescription(description);
  }
  return fields;
}

/** Header and rows of the dates that a chart shows; of more dates than the server gives, the newest. */
function readTable({ configParams: config, dateRange }, table) {
  const url = baseUrlOf(config) + '/bi/' + table.path;
  const symbols = (config.symbols || '').replace(/\s/g, '');
  const query = symbols ? ['symbols=' + encodeURIComponent(symbols)] : [];
  if (!dateRange || !/^(date|open_time)$/.test(table.schema.primaryKey[0])) {
    return Utilities.parseCsv(read(addressOf(url, query)));
  }
  // Looker's last date is in the range; the server's end is not.
  const end = Date.parse(dateRange.endDate) + DAY_MILLIS;
  const start = Math.max(Date.parse(dateRange.startDate), end - MAX_DATES * DAY_MILLIS);
  return readDates(url, query, start, end);
}

/** What is too large for one answer is asked for in halves. */
function readDates(url, query, start, end) {
  const address = addressOf(url, query.concat('start=' + dateOf(start), 'end=' + dateOf(end)));
  const answer = fetchText(address);
  const dates = (end - start) / DAY_MILLIS;
  if (dates < 2 || !isTooLarge(answer)) return Utilities.parseCsv(textOf(answer));
  const middle = start + Math.floor(dates / 2) * DAY_MILLIS;
  const first = readDates(url, query, start, middle);
  const [, ...rest] = readDates(url, query, middle, end);
  if (first.length + rest.length > MAX_ROWS) {
    fail('More than ' + MAX_ROWS + ' rows, which Looker Studio does not take: choose fewer symbols or fewer dates.');
  }
  return first.concat(rest);
}

function isTooLarge({ status, text }) {
  if (status !== 400) return false;
  const { errors = [] } = JSON.parse(text);
  return errors.some(({ field }) => field === 'symbols');
}

function addressOf(url, query) {
  return query.length > 0 ? url + '?' + query.join('&') : url;
}

function dateOf(millis) {
  return new Date(millis).toISOString().slice(0, 10);
}

function baseUrlOf(config) {
  const baseUrl = ((config && config.baseUrl) || '').trim().replace(/\/+$/, '');
  if (!/^https?:\/\//.test(baseUrl)) fail('The address of the server must begin with https://');
  return baseUrl;
}

function cellOf(type, text) {
  if (text === '') return null;
  if (type === 'number' || type === 'integer') return Number(text);
  if (type === 'boolean') return text === 'true';
  if (type === 'date') return text.replace(/-/g, '');
  if (type === 'datetime') return text.replace(/\D/g, '').slice(0, 14);
  return text;
}

function read(url) {
  return textOf(fetchText(url));
}

function fetchText(url) {
  try {
    const response = UrlFetchApp.fetch(url, { muteHttpExceptions: true });
    return { status: response.getResponseCode(), text: response.getContentText('UTF-8') };
  } catch (error) {
    // No connection, no such name, or more than 50 MB.
    return fail('The server does not answer: ' + error.message);
  }
}

function textOf({ status, text }) {
  if (status === 200) return text;
  let detail = 'HTTP ' + status;
  try {
    detail = JSON.parse(text).detail || detail;
  } catch {
    // Not problem details: the status says what there is to say.
  }
  return fail(detail);
}

function fail(text) {
  connector.newUserError().setText(text).setDebugText(text).throwException();
}
