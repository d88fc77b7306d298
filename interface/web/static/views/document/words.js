// What the view of document says.
const en = { title: "Document" };
const pt = { title: "Documento" };
export const words = { en, pt };
