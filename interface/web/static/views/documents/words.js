// What the view of documents says.
import { en } from "./words_en.js";
import { pt } from "./words_pt.js";

export const words = { en, pt };
