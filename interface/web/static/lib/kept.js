// What this tab remembers over a reload.
import { useEffect, useState } from "../vendor/preact.js";

/** As `useState`, kept in this tab under a name; values are what JSON can write. */
export function useKept(name, first) {
  const place = `esteira.${name}`;
  const [value, setValue] = useState(() => JSON.parse(sessionStorage.getItem(place)) ?? first);
  useEffect(() => sessionStorage.setItem(place, JSON.stringify(value)), [place, value]);
  return [value, setValue];
}
