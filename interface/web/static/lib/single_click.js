// Clicks as they were meant: by the second one of a double click another button may stand in the place of the first.

/** Return a listener of clicks that leaves out the second one of a double click. */
export function onSingleClick(act) {
  return (event) => event.detail > 1 || act(event);
}
