// Template variables, as Grafana resolves and substitutes them.

import { labelValues, queryLabels, Period } from './prometheus';
import { DashboardVariable } from './dashboard';

export interface Variable {
  name: string;
  label: string;
  hidden: boolean;
  values: string[];
  /** Whether "All" is chosen; then `allValue`, if there is one, stands for the values. */
  all: boolean;
  allValue?: string;
  /** Whether its values are put into a query as a regular expression. */
  regex: boolean;
}

export type Scope = ReadonlyMap<string, Variable>;

const REFERENCE = /\$\{(\w+)(?::(\w+))?\}|\[\[(\w+?)(?::(\w+))?\]\]|\$(\w+)/g;

export function single(name: string, value: string): Variable {
  return { name, label: name, hidden: true, values: [value], all: false, regex: false };
}

/** What a panel of this width asks for: steps and windows in the scope of its queries. */
export function withIntervals(scope: Scope, stepMs: number, scrapeMs: number, period: Period): Scope {
  const rateMs = Math.max(stepMs + scrapeMs, 4 * scrapeMs);
  const rangeMs = period.to - period.from;
  const added = [
    single('__interval', `${stepMs}ms`),
    single('__interval_ms', String(stepMs)),
    single('__rate_interval', `${rateMs}ms`),
    single('__range', `${Math.round(rangeMs / 1000)}s`),
    single('__range_s', String(Math.round(rangeMs / 1000))),
    single('__range_ms', String(rangeMs)),
  ];
  return new Map([...scope, ...added.map((variable) => [variable.name, variable] as const)]);
}

export function inQuery(text: string, scope: Scope): string {
  return substitute(text, scope, queryText);
}

export function inTitle(text: string, scope: Scope): string {
  return substitute(text, scope, shown);
}

export function shown(variable: Variable): string {
  return variable.all ? 'All' : variable.values.join(' + ');
}

/** Every variable in order, so that one may use those before it; `chosen` overrides by name. */
export async function resolve(
  variables: DashboardVariable[],
  chosen: URLSearchParams,
  period: Period
): Promise<Scope> {
  const scope = new Map<string, Variable>();
  for (const variable of variables) {
    scope.set(variable.name, await resolveOne(variable, chosen.getAll(`var-${variable.name}`), scope, period));
  }
  return scope;
}

function substitute(text: string, scope: Scope, format: (variable: Variable) => string): string {
  return text.replace(REFERENCE, (whole, braced, how, bracketed, bracketedHow, plain) => {
    const variable = scope.get(braced ?? bracketed ?? plain);
    if (!variable) {
      return whole;
    }
    return (how ?? bracketedHow) === 'raw' ? variable.values.join(',') : format(variable);
  });
}

function queryText(variable: Variable): string {
  if (variable.all && variable.allValue) {
    return variable.allValue;
  }
  if (!variable.regex) {
    return variable.values.join(',');
  }
  const escaped = variable.values.map((value) => value.replace(/[\\^$*+?.()|[\]{}]/g, '\\\\$&'));
  return escaped.length === 1 ? escaped[0] : `(${escaped.join('|')})`;
}

async function resolveOne(
  variable: DashboardVariable,
  chosen: string[],
  scope: Scope,
  period: Period
): Promise<Variable> {
  const options = await optionsOf(variable, scope, period);
  const preset = [variable.current?.value ?? []].flat();
  const wanted = chosen.length ? chosen : preset;
  const all = Boolean(variable.includeAll) && (!wanted.length || wanted[0] === '$__all' || wanted[0] === 'All');
  const values = all ? options : wanted.filter((value) => value !== '' && value !== '$__all');
  return {
    name: variable.name,
    label: variable.label || variable.name,
    hidden: variable.hide === 2,
    values: values.length ? values : options.slice(0, 1),
    all,
    allValue: variable.allValue,
    regex: Boolean(variable.multi || variable.includeAll),
  };
}

async function optionsOf(variable: DashboardVariable, scope: Scope, period: Period): Promise<string[]> {
  if (variable.type === 'datasource') {
    return ['Prometheus'];
  }
  const text = typeof variable.query === 'string' ? variable.query : (variable.query?.query ?? '');
  if (variable.type !== 'query') {
    return text.split(',').map((value) => value.trim());
  }
  const query = inQuery(text, scope);
  const ofLabel = /^label_values\((?:(.+),\s*)?(\w+)\)$/s.exec(query.trim());
  const found = ofLabel ? await labelValues(ofLabel[2], ofLabel[1], period) : await queryLabels(query, period);
  return filtered(found, variable.regex).sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
}

function filtered(values: string[], regex?: string): string[] {
  if (!regex) {
    return values;
  }
  const pattern = new RegExp(regex.replace(/^\/|\/\w*$/g, ''));
  return [...new Set(values.flatMap((value) => pattern.exec(value)?.slice(0, 2).pop() ?? []))];
}
