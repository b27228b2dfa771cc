import type { ExpandedRoute } from './expand.ts';
import { keyOf } from './issue.ts';
import type { RouteMatch } from './model.ts';

/** A warning for each route that no request reaches, because a route before it takes everything that it could. */
export function deadRouteWarnings(routes: readonly ExpandedRoute[]): string[] {
  return routes.flatMap(({ name, match, targetPath }, index) => {
    const earlier = routes.slice(0, index).find((route) => covers(route.match, match));
    if (!earlier) return [];
    const takesAll = earlier.match.path === null && earlier.match.host === null;
    const what = takesAll ? 'everything' : 'all that it could take';
    return `${placeOf(targetPath)}: '${name}' is never reached, because '${earlier.name}' before it takes ${what}`;
  });
}

/** Whether every request that `narrow` matches is matched by `wide`, too. */
export function covers(wide: RouteMatch, narrow: RouteMatch): boolean {
  return coversPath(wide.path, narrow.path) && coversHost(wide.host, narrow.host);
}

/** A route in the list stands for itself; the one that the target of a listener makes has no place but the target. */
function placeOf(targetPath: ExpandedRoute['targetPath']): string {
  const route = targetPath.slice(0, -1);
  return keyOf(typeof route.at(-1) === 'number' && route.at(-2) === 'routes' ? route : targetPath);
}

function coversPath(wide: string | null, narrow: string | null): boolean {
  if (wide === null || wide === '/*') return true;
  if (narrow === null || !wide.endsWith('/*')) return wide === narrow;
  const base = narrow.endsWith('/*') ? narrow.slice(0, -2) : narrow;
  return base === wide.slice(0, -2) || base.startsWith(wide.slice(0, -1));
}

function coversHost(wide: string | null, narrow: string | null): boolean {
  if (wide === null) return true;
  if (narrow === null || !wide.startsWith('*.')) return wide === narrow;
  // '*.a.b' lies within '*.b' and 'a.b' within '*.b', but 'b' does not.
  return narrow === wide || narrow.replace(/^\*\./, '').endsWith(wide.slice(1));
}
