/**
 * Looker Studio community connector. Tables, columns and types come from /bi/datasets.json of the server, so a new column
 * appears by itself. Looker's date range is sent along: only the dates that a chart shows are read.
 */

const connector = DataStudioApp.createCommunityConnector();

/** Columns whose values may be added up; of all others Looker shows the average. */
const SUMMABLE = /^(volume|quote_volume|trade_count|\w+_minutes)$/;
const DATASETS_CACHE_SECONDS = 600;

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
  const [header, ...rows] = Utilities.parseCsv(read(tableUrl(request, table)));
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

/** Looker's last date is in the range; the server's end is not. */
function tableUrl({ configParams: config, dateRange }, table) {
  const query = [];
  const symbols = (config.symbols || '').replace(/\s/g, '');
  if (symbols) query.push('symbols=' + encodeURIComponent(symbols));
  if (dateRange && /^(date|open_time)$/.test(table.schema.primaryKey[0])) {
    const end = new Date(Date.parse(dateRange.endDate) + 86400000).toISOString().slice(0, 10);
    query.push('start=' + dateRange.startDate, 'end=' + end);
  }
  return baseUrlOf(config) + '/bi/' + table.path + (query.length > 0 ? '?' + query.join('&') : '');
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
  const response = UrlFetchApp.fetch(url, { muteHttpExceptions: true });
  const text = response.getContentText('UTF-8');
  if (response.getResponseCode() === 200) return text;
  let detail = 'HTTP ' + response.getResponseCode();
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
