// What the view of search says.
const en = { title: "Search" };
const pt = { title: "Busca" };
export const words = { en, pt };
