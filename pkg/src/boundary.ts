// What the modules ask of JavaScript: a value as JSON text, a text as a value, a denial to throw.
//
// Texts cross the boundary, not objects: one text is written here and read there in the time that a
// handful of properties would take to be looked up from there.
import { errorOf } from './error-of.js';
import type { Denial } from './types/engine.js';

/** Nobody's request is as deep: what is contains itself. */
const DEPTH_MAX = 100;

/**
 * A plain object as JSON text; what may be such a text already and is one stays it. A field that is
 * undefined is not there, as in JSON. What JSON has no form for is refused, not left out; a number
 * that is not whole, or too large to be exact, is written as one that every reader refuses.
 */
export function jsonOf(value: unknown, mayBeText: boolean): string {
  if (mayBeText && typeof value === 'string') return value;
  try {
    return written(value, DEPTH_MAX);
  } catch (error) {
    if (!(error instanceof Unwritable)) throw error;
    throw refusal(value);
  }
}

/** Denials that were thrown, as the JSON that they were given as. */
const denials = new WeakMap<Error, string>();

/** A denial, given as JSON, as an error that has its fields. */
export function denialOf(json: string): Error {
  const denial = JSON.parse(json) as Denial;
  const error = Object.assign(errorOf(denial.code, '', denial.message), denial);
  denials.set(error, json);
  return error;
}

/** The canonical JSON of a denial that was thrown; nothing for other errors. */
export function jsonOfDenial(error: unknown): string | undefined {
  return denials.get(error as Error);
}

/** What one of our own JSON texts says. */
export function valueOf(json: string): unknown {
  return JSON.parse(json) as unknown;
}

class Unwritable extends Error {}

function written(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return Number.isSafeInteger(value) ? String(value) : '0.5';
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'null';
    case 'object':
      return value === null ? 'null' : container(value, depth - 1);
    default:
      throw new Unwritable();
  }
}

function container(value: object, depth: number): string {
  if (depth < 0) throw new Unwritable();
  let text = '';
  if (Array.isArray(value)) {
    for (const element of value as unknown[]) {
      text += `${text === '' ? '' : ','}${written(element, depth)}`;
    }
    return `[${text}]`;
  }
  for (const name of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[name];
    if (field === undefined) continue;
    text += `${text === '' ? '' : ','}${quoted(name)}:${written(field, depth)}`;
  }
  return `{${text}}`;
}

/** Half of a pair stays half a pair, which the way into the module replaces. */
function quoted(text: string): string {
  return /["\\]|[^ -\uffff]/.test(text)
    ? `"${text.replace(/["\\]|[^ -\uffff]/g, escaped)}"`
    : `"${text}"`;
}

function escaped(character: string): string {
  return JSON.stringify(character).slice(1, -1);
}

function refusal(value: unknown): Error {
  const fault = faultIn(value, '', DEPTH_MAX);
  return errorOf(
    'request_invalid',
    fault?.path ?? '',
    fault?.message ?? 'it changes while it is read',
  );
}

/** The first thing that cannot be written, and where, as the readers name places. */
function faultIn(
  value: unknown,
  path: string,
  depth: number,
): { path: string; message: string } | null {
  if (['bigint', 'function', 'symbol'].includes(typeof value)) {
    return { path, message: `invalid type: a ${typeof value}, expected a value that JSON has` };
  }
  if (typeof value !== 'object' || value === null) return null;
  if (depth === 0) {
    return { path: '', message: `it contains itself, or nests more than ${DEPTH_MAX} deep` };
  }
  for (const [name, inner] of Object.entries(value)) {
    const step = Array.isArray(value) ? `[${name}]` : (path && `.${name}`) || name;
    const fault = faultIn(inner, path + step, depth - 1);
    if (fault) return fault;
  }
  return null;
}
