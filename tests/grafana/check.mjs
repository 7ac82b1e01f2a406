// Holds dashboards to the types of Grafana's own schema, and provisioning files to what Grafana reads of them.
//
//     node check.mjs FILE.json|FILE.yaml …     one line on standard output for each thing that is wrong
//
// The schema is published as TypeScript types alone, and an assignment would not do: the compiler takes no JSON text for a
// member of an enum, and stops at `unknown` where the options of a panel begin. So values are compared with the types that
// the compiler has resolved, member by member, a panel's options and field settings with those of its kind.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';

const modules = process.env.BADGATEWAY_NODE_MODULES;
const require = createRequire(join(modules, 'here.js'));
const ts = require('typescript');
const yaml = require('yaml');

const composable = join(dirname(require.resolve('@grafana/schema/package.json')), 'dist/types/raw/composable');
const panels = {
  barchart: 'barchart', bargauge: 'bargauge', gauge: 'gauge', heatmap: 'heatmap', piechart: 'piechart', stat: 'stat',
  'state-timeline': 'statetimeline', 'status-history': 'statushistory', table: 'table', text: 'text', timeseries: 'timeseries',
};

// One source that names every type that is asked for.
const source = [
  "import * as schema from '@grafana/schema';",
  'export type Dashboard = schema.Dashboard;',
  'export type Panel = schema.Panel;',
  'export type RowPanel = schema.RowPanel;',
  'export type FieldConfig = schema.FieldConfig;',
  ...Object.entries(panels).flatMap(([kind, folder]) => {
    const name = kind.replace('-', '_');
    return [
      `import * as ${name} from '${composable}/${folder}/panelcfg/x/types.gen';`,
      `export type ${name}_Options = ${name}.Options;`,
      ...(/export interface FieldConfig/.test(readFileSync(`${composable}/${folder}/panelcfg/x/types.gen.d.ts`, 'utf8'))
        ? [`export type ${name}_Custom = ${name}.FieldConfig;`]
        : []),
    ];
  }),
].join('\n');
const root = join(modules, '../grafana-types.ts');
const options = {
  strict: true, noEmit: true, skipLibCheck: true, types: [],
  moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext,
};
const host = ts.createCompilerHost(options);
const read = host.getSourceFile;
host.getSourceFile = (name, ...more) => (name === root ? ts.createSourceFile(name, source, ts.ScriptTarget.ESNext) : read(name, ...more));
const exists = host.fileExists;
host.fileExists = (name) => name === root || exists(name);
const program = ts.createProgram([root], options, host);
const checker = program.getTypeChecker();
const mistakes = ts.getPreEmitDiagnostics(program, program.getSourceFile(root));
if (mistakes.length > 0) {
  throw new Error(ts.formatDiagnostics(mistakes, { getCurrentDirectory: () => '', getCanonicalFileName: (name) => name, getNewLine: () => '\n' }));
}
const types = new Map(
  checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(root)))
    .map((symbol) => [symbol.name, checker.getDeclaredTypeOfSymbol(symbol)]),
);

let found = 0;
let file = '';
function wrong(path, what) {
  found += 1;
  console.log(`${file}: ${path || 'the whole'}: ${what}`);
}

/** What is wrong with `value` as a `type`, as a list of places and words. */
function misfits(value, type, path) {
  if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
  if (type.isUnion()) {
    const tries = type.types.map((member) => misfits(value, member, path));
    if (tries.some((misfit) => misfit.length === 0)) return [];
    // Of one kind of object, what is wrong within it; of several, none is nearest.
    const objects = type.types.filter((member) => member.flags & ts.TypeFlags.Object);
    const near = typeof value === 'object' && objects.length === 1;
    return near ? misfits(value, objects[0], path) : [[path, `${JSON.stringify(value)} is not ${checker.typeToString(type)}`]];
  }
  const fits = (condition) => (condition ? [] : [[path, `${JSON.stringify(value)} is not ${checker.typeToString(type)}`]]);
  if (type.isLiteral()) return fits(value === type.value);
  if (type.flags & ts.TypeFlags.BooleanLiteral) return fits(String(value) === checker.typeToString(type));
  if (type.flags & ts.TypeFlags.StringLike) return fits(typeof value === 'string');
  if (type.flags & ts.TypeFlags.NumberLike) return fits(typeof value === 'number');
  if (type.flags & ts.TypeFlags.BooleanLike) return fits(typeof value === 'boolean');
  if (type.flags & ts.TypeFlags.Null) return fits(value === null);
  if (type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return fits(value === undefined);
  if (checker.isArrayType(type)) {
    if (!Array.isArray(value)) return fits(false);
    const [element] = checker.getTypeArguments(type);
    return value.flatMap((item, index) => misfits(item, element, `${path}[${index}]`));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fits(false);
  const any = checker.getIndexTypeOfType(type, ts.IndexKind.String);
  const members = new Map(checker.getPropertiesOfType(type).map((member) => [member.name, member]));
  const missing = [...members.values()].filter((member) => !(member.flags & ts.SymbolFlags.Optional) && !(member.name in value));
  return [
    ...missing.map((member) => [path, `${member.name} is missing`]),
    ...Object.entries(value).flatMap(([key, item]) => {
      const place = path ? `${path}.${key}` : key;
      const member = members.get(key);
      if (member) return misfits(item, checker.getTypeOfSymbol(member), place);
      return any ? misfits(item, any, place) : [[place, 'Grafana knows nothing of that name here']];
    }),
  ];
}

function holds(value, name, path, { partly = false } = {}) {
  const type = types.get(name);
  if (!type) return wrong(path, `no type ${name} in Grafana's schema`);
  for (const [place, what] of misfits(value, type, path)) {
    if (!(partly && what.endsWith(' is missing'))) wrong(place, what);
  }
}

/** The member of a type that a path of names leads to: what an override may set. */
function member(type, names) {
  return names.reduce((inner, name) => {
    const options = inner && (inner.isUnion() ? inner.types : [inner]);
    const symbol = options?.map((option) => checker.getPropertyOfType(option, name)).find(Boolean);
    return symbol && checker.getTypeOfSymbol(symbol);
  }, type);
}

function panel(panel, path) {
  const { options, fieldConfig, targets, ...rest } = panel;
  holds(rest, 'Panel', path);
  const kind = panel.type.replace('-', '_');
  if (!(panel.type in panels)) return wrong(path, `no panel of Grafana's own is a ${panel.type}`);
  // Grafana fills in what is left out.
  holds(options ?? {}, `${kind}_Options`, `${path}.options`, { partly: true });
  const { defaults = {}, overrides = [] } = fieldConfig ?? {};
  const { custom, ...common } = defaults;
  holds(common, 'FieldConfig', `${path}.fieldConfig.defaults`);
  if (custom) holds(custom, `${kind}_Custom`, `${path}.fieldConfig.defaults.custom`, { partly: true });
  for (const [index, override] of overrides.entries()) {
    const place = `${path}.fieldConfig.overrides[${index}]`;
    if (!/^by(Name|Regexp|Type|FrameRefID|Names)$/.test(override.matcher?.id)) wrong(place, `no matcher ${override.matcher?.id}`);
    for (const property of override.properties) {
      const names = property.id.split('.');
      const own = names[0] === 'custom';
      const type = own ? member(types.get(`${kind}_Custom`), names.slice(1)) : member(types.get('FieldConfig'), names);
      if (!type) wrong(place, `${property.id} is no setting of a field in ${panel.type}`);
      else misfits(property.value, type, `${place}.${property.id}`).forEach(([where, what]) => wrong(where, what));
    }
  }
  for (const [index, target] of (targets ?? []).entries()) query(target, `${path}.targets[${index}]`);
  if (!targets?.length && panel.type !== 'text') wrong(path, 'asks for nothing');
  const letters = (targets ?? []).map((target) => target.refId);
  if (new Set(letters).size !== letters.length) wrong(path, `two queries of one name: ${letters}`);
  for (const needed of ['title', 'description']) if (!panel[needed]) wrong(path, `has no ${needed}`);
}

// Queries are the data sources' own, and no part of the schema. DuckDB's: src/datasource.ts and src/types.ts of
// motherduckdb/grafana-duckdb-datasource. Prometheus': packages/grafana-prometheus/src/types.ts of Grafana.
const queries = {
  'motherduck-duckdb-datasource': {
    rawSql: (sql) => typeof sql === 'string',
    format: (format) => format === 0 || format === 1, // time series, table
    editorMode: (mode) => mode === 'code',
  },
  prometheus: {
    expr: (expression) => typeof expression === 'string',
    format: (format) => [undefined, 'time_series', 'table', 'heatmap'].includes(format),
    editorMode: (mode) => [undefined, 'code', 'builder'].includes(mode),
    legendFormat: (legend) => [undefined, 'string'].includes(legend && typeof legend),
    interval: (interval) => interval === undefined || /^(\d+(ms|[smhdwMy])|\$\w+|)$/.test(interval),
    instant: (instant) => [undefined, true, false].includes(instant),
    range: (range) => [undefined, true, false].includes(range),
    exemplar: (exemplar) => [undefined, true, false].includes(exemplar),
  },
};

function query(target, path) {
  const { datasource, refId, hide, ...rest } = target;
  if (typeof refId !== 'string') wrong(path, 'has no refId');
  if (typeof hide !== 'undefined') wrong(path, 'is hidden');
  const known = queries[datasource?.type];
  if (!known) return wrong(path, `is for a data source of type ${datasource?.type}`);
  for (const [name, fits] of Object.entries(known)) if (!fits(rest[name])) wrong(`${path}.${name}`, `${JSON.stringify(rest[name])} does not fit`);
  for (const name of Object.keys(rest)) if (!(name in known)) wrong(`${path}.${name}`, 'the data source knows nothing of that name');
}

function dashboard(json) {
  const { panels: list, annotations, templating, ...rest } = json;
  holds(rest, 'Dashboard', '');
  for (const needed of ['uid', 'title', 'description']) if (!json[needed]) wrong('', `has no ${needed}`);
  // Files that are provisioned: the database gives numbers, and inputs are never asked for.
  if (json.id !== null) wrong('id', 'is not null');
  for (const name of Object.keys(json)) if (name.startsWith('__')) wrong(name, 'file provisioning ignores it');

  const variables = templating.list;
  holds({ list: variables.map(({ definition, ...variable }) => variable) }, 'Templating', 'templating');
  const names = new Set(variables.map((variable) => variable.name));
  if (names.size !== variables.length) wrong('templating', 'two variables of one name');
  const source = variables.find((variable) => variable.type === 'datasource');

  holds({ list: annotations.list.map(({ target, ...annotation }) => annotation) }, 'Annotations', 'annotations');
  for (const [index, { target, builtIn }] of annotations.list.entries()) if (!builtIn) query(target, `annotations.list[${index}].target`);

  list.forEach((item, index) => {
    const path = `panels[${index}]${item.title ? ` "${item.title}"` : ''}`;
    if (item.type === 'row') holds(item, 'RowPanel', path);
    else panel(item, path);
  });
  const all = list.flatMap((item) => [item, ...(item.panels ?? [])]);
  const ids = all.map((item) => item.id);
  if (new Set(ids).size !== ids.length || !ids.every((id) => Number.isInteger(id) && id > 0)) wrong('panels', `ids are not unique: ${ids}`);
  all.forEach((one, index) => {
    const a = one.gridPos;
    if (a.x < 0 || a.y < 0 || a.w < 1 || a.h < 1 || a.x + a.w > 24) wrong(one.title, 'is outside of the grid');
    for (const other of all.slice(index + 1)) {
      const b = other.gridPos;
      if (a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h) wrong(one.title, `lies on ${other.title}`);
    }
  });

  // Who imports the dashboard chooses the data source, once.
  for (const [path, value] of walk(json)) {
    if (path.endsWith('datasource.uid') && value !== `\${${source?.name}}` && value !== '-- Grafana --') wrong(path, `${value} is written down`);
    if (typeof value !== 'string') continue;
    for (const [, plain, braced] of value.matchAll(/\$(\w+)|\$\{(\w+)/g)) {
      const name = plain ?? braced;
      if (name && !names.has(name) && !name.startsWith('__')) wrong(path, `there is no variable ${name}`);
    }
  }
}

function* walk(value, path = '') {
  yield [path, value];
  if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) yield* walk(item, path ? `${path}.${key}` : key);
  }
}

// What Grafana reads of provisioning files: https://grafana.com/docs/grafana/latest/administration/provisioning/
const provisioning = {
  datasources: new Set([
    'name', 'type', 'uid', 'access', 'url', 'user', 'database', 'basicAuth', 'basicAuthUser', 'withCredentials', 'isDefault', 'jsonData',
    'secureJsonData', 'version', 'editable', 'orgId',
  ]),
  providers: new Set(['name', 'orgId', 'folder', 'folderUid', 'type', 'disableDeletion', 'updateIntervalSeconds', 'allowUiUpdates', 'options']),
};

function provision(data) {
  if (data.apiVersion !== 1) wrong('apiVersion', 'is not 1');
  for (const [part, entries] of Object.entries(data)) {
    if (part === 'apiVersion') continue;
    const known = provisioning[part];
    if (!known) {
      wrong(part, 'Grafana knows nothing of that name');
      continue;
    }
    for (const [index, entry] of entries.entries()) {
      for (const name of Object.keys(entry)) if (!known.has(name)) wrong(`${part}[${index}].${name}`, 'Grafana knows nothing of that name');
      for (const name of ['name', 'type', ...(part === 'datasources' ? ['uid', 'access'] : [])]) {
        if (typeof entry[name] !== 'string') wrong(`${part}[${index}]`, `has no ${name}`);
      }
    }
  }
}

// The two that the schema's Dashboard holds without a name of their own.
types.set('Templating', checker.getNonNullableType(member(types.get('Dashboard'), ['templating'])));
types.set('Annotations', checker.getNonNullableType(member(types.get('Dashboard'), ['annotations'])));

for (const path of process.argv.slice(2)) {
  file = basename(path);
  const text = readFileSync(path, 'utf8');
  if (path.endsWith('.json')) dashboard(JSON.parse(text));
  else provision(yaml.parse(text, { strict: true }));
}
process.exit(found > 0 ? 1 : 0);
