// A dialog that is open for as long as it is drawn.
import { html, useEffect, useId, useRef } from "../vendor/preact.js";

export function Dialog({ title, onCancel, children }) {
  const dialog = useRef(null);
  const name = useId();
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current.showModal();
    // A dialog that is taken away instead of closed gives the focus back to nobody.
    return () => opener?.focus();
  }, []);
  return html`<dialog ref=${dialog} aria-labelledby=${name} onCancel=${onCancel}>
    <h2 id=${name}>${title}</h2>
    ${children}
  </dialog>`;
}
