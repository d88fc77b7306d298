// What the view of documents says.
const en = { title: "Documents" };
const pt = { title: "Documentos" };
export const words = { en, pt };
