// What the view of operations says.
const en = { title: "Operations" };
const pt = { title: "Operação" };
export const words = { en, pt };
