// English and Portuguese: which one is shown, and numbers, sizes and times as it writes them.
import { createContext, useContext } from "../vendor/preact.js";

export const LANGUAGES = { en: "English", pt: "Português" };
const KEPT = "esteira.language";
const FORMATS = { en: "en-GB", pt: "pt-BR" };

export const Language = createContext("en");

/** Return the language that was chosen here, else the browser's if there are words in it. */
export function firstLanguage() {
  const kept = localStorage.getItem(KEPT);
  const wanted = [kept, ...navigator.languages.map((language) => language.slice(0, 2))];
  return wanted.find((language) => language in LANGUAGES) ?? "en";
}

export function keepLanguage(language) {
  localStorage.setItem(KEPT, language);
  document.documentElement.lang = FORMATS[language];
}

/** Return the words of a view in the language that is shown: `words` has a set for each. */
export function useWords(words) {
  return words[useContext(Language)];
}

/** Return how to write a count with its noun, for the words of a language. */
export function counted(language) {
  return (count, one, many) => `${count.toLocaleString(FORMATS[language])} ${count === 1 ? one : many}`;
}

/** Return how to write numbers, sizes, durations and times in the language that is shown. */
export function useFormats() {
  const language = FORMATS[useContext(Language)];
  return {
    number: (value) => value.toLocaleString(language),
    bytes: (value) => bytes(value, language),
    time: (instant) => new Date(instant).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" }),
    date: (instant) => new Date(instant).toLocaleDateString(language, { dateStyle: "medium" }),
    ago: (instant) => ago(instant, language),
    duration,
  };
}

const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

function bytes(value, language) {
  const step = Math.min(SIZES.length - 1, value < 1000 ? 0 : Math.floor(Math.log10(value) / 3));
  const shown = value / 1000 ** step;
  const maximumFractionDigits = step && shown < 10 ? 1 : 0;
  const format = { style: "unit", unit: SIZES[step], unitDisplay: step ? "short" : "long", maximumFractionDigits };
  return new Intl.NumberFormat(language, format).format(shown);
}

/** Return seconds as `8 s`, `4 min` or `2 h 5 min`: the same in both languages. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

function ago(instant, language) {
  const seconds = Math.max(0, (Date.now() - new Date(instant)) / 1000);
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-Math.floor(seconds / size), unit);
}
