// Scrolls a pane to something in it, and that alone: the window stays where it is.

const FRAMES = 8;

/**
 * Scroll `pane` so that `element` stands `room` pixels below its top. For some frames, as what is drawn only in sight
 * gets its real height when it is scrolled to. Returns how to stop.
 */
export function bringIntoSight(element, pane, room) {
  let left = FRAMES;
  let frame = 0;
  const scroll = () => {
    pane.scrollTop += element.getBoundingClientRect().top - pane.getBoundingClientRect().top - room;
    frame = left-- > 0 ? requestAnimationFrame(scroll) : 0;
  };
  scroll();
  return () => cancelAnimationFrame(frame);
}
